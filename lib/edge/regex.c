#include "greylist/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(number)    #number
#define TEXT_OF(number) TEXT(number)

enum {
	STEPS_MAX = 50000,
	DEPTH_MAX = 10000,
	HEAP_MAX = 4096, /* KiB */
	OPTIONS = PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C
};

static enum gl_status parse(
    pcre2_code **parsed, struct gl_span expression, struct gl_complaint *why)
{
	PCRE2_UCHAR message[256] = "";
	int error;
	PCRE2_SIZE at;

	*parsed = pcre2_compile(
	    (PCRE2_SPTR)expression.at, expression.len, OPTIONS, &error, &at, NULL);
	if (*parsed != NULL)
		return GL_OK;
	if (error == PCRE2_ERROR_HEAP_FAILED || error == PCRE2_ERROR_NOMEMORY)
		return GL_FAILED;
	pcre2_get_error_message(error, message, sizeof message);
	snprintf(why->text, sizeof why->text, "no regular expression: %s, behind its byte %zu",
	    (const char *)message, at);
	return GL_MALFORMED;
}

/* PCRE2 unpacks whatever it is given: the digest keeps damaged code away from it. */
static void sign(uint8_t digest[GL_DIGEST_SIZE], struct gl_span packed)
{
	static const struct gl_secret constant = { "regex code check" };

	gl_digest(digest, packed, &constant);
}

static enum gl_status pack(struct gl_out *code, const pcre2_code *parsed)
{
	uint8_t digest[GL_DIGEST_SIZE];
	uint8_t *bytes;
	PCRE2_SIZE size;

	if (pcre2_serialize_encode(&parsed, 1, &bytes, &size, NULL) < 0)
		return GL_FAILED;
	struct gl_span packed = { (const char *)bytes, size };

	if (size <= GL_REGEX_CODE_MAX - GL_DIGEST_SIZE) {
		sign(digest, packed);
		gl_out_span(code, (struct gl_span){ (const char *)digest, sizeof digest });
		gl_out_span(code, packed);
	}
	pcre2_serialize_free(bytes);
	return size <= GL_REGEX_CODE_MAX - GL_DIGEST_SIZE && !code->full ? GL_OK : GL_TOO_LONG;
}

enum gl_status gl_regex_compile(
    struct gl_out *code, struct gl_span expression, struct gl_complaint *why)
{
	pcre2_code *parsed;
	enum gl_status status = parse(&parsed, expression, why);

	if (status != GL_OK)
		return status;
	status = pack(code, parsed);
	if (status == GL_TOO_LONG)
		snprintf(why->text, sizeof why->text,
		    "the regular expression is too large: write it as two");
	pcre2_code_free(parsed);
	return status;
}

/* NULL: made by another PCRE2, or damaged. */
static pcre2_code *unpack(struct gl_span code)
{
	struct gl_span packed = gl_span_skip(code, GL_DIGEST_SIZE);
	uint8_t digest[GL_DIGEST_SIZE];
	pcre2_code *parsed = NULL;

	if (packed.len == 0)
		return NULL;
	sign(digest, packed);
	if (memcmp(digest, code.at, sizeof digest) != 0)
		return NULL;
	/* PCRE2 reads numbers out of it in place, so they have to be aligned. */
	uint8_t *aligned = malloc(packed.len);

	if (aligned == NULL)
		return NULL;
	memcpy(aligned, packed.at, packed.len);
	if (pcre2_serialize_decode(&parsed, 1, aligned, NULL) != 1)
		parsed = NULL;
	free(aligned);
	return parsed;
}

static enum gl_status from_match(int code)
{
	if (code >= 0)
		return GL_OK;
	switch (code) {
	case PCRE2_ERROR_NOMATCH:
		return GL_NOT_FOUND;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
		return GL_TOO_LONG;
	default:
		return GL_FAILED;
	}
}

static enum gl_status match(const pcre2_code *parsed, struct gl_span subject)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	pcre2_match_data *found = pcre2_match_data_create(1, NULL);
	enum gl_status status = GL_FAILED;

	if (limits == NULL || found == NULL)
		goto out;
	pcre2_set_match_limit(limits, STEPS_MAX);
	pcre2_set_depth_limit(limits, DEPTH_MAX);
	pcre2_set_heap_limit(limits, HEAP_MAX);
	status = from_match(pcre2_match(
	    parsed, (PCRE2_SPTR)subject.at, subject.len, 0, PCRE2_NO_UTF_CHECK, found, limits));
out:
	pcre2_match_data_free(found);
	pcre2_match_context_free(limits);
	return status;
}

enum gl_status gl_regex_search(
    struct gl_span code, struct gl_span expression, struct gl_span subject)
{
	struct gl_complaint unwanted;
	enum gl_status status = GL_OK;

	if (subject.len > GL_REGEX_SUBJECT_MAX)
		return GL_TOO_LONG;
	if (subject.at == NULL)
		subject = gl_span_of("");
	pcre2_code *parsed = unpack(code);

	if (parsed == NULL)
		status = parse(&parsed, expression, &unwanted);
	if (status == GL_OK)
		status = match(parsed, subject);
	pcre2_code_free(parsed);
	return status;
}

const char *gl_regex_engine(void)
{
	return "pcre2 " TEXT_OF(PCRE2_MAJOR) "." TEXT_OF(PCRE2_MINOR);
}
