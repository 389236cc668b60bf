#include "greylist/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FILE_MAX = 64 * 1024 * 1024, /* bytes of one list: a device file must not fill the memory */
	READ_ROOM = 65536,
	BLOCK = 65536,    /* bytes that keys and values are cut from */
	MISTAKES_MAX = 50 /* reported one by one, for each input; the others are counted */
};

struct block {
	struct block *next;
	size_t used;
	char bytes[BLOCK];
};

/* An entry with its place in the order of the inputs: the first of equals counts. */
struct draft {
	struct gl_ruleset_item item;
	size_t order;
};

struct compiler {
	struct gl_ruleset *rules;
	struct draft *drafts;
	size_t count;
	size_t room;
	size_t bad; /* lines of this input that are no entries */
	bool told;  /* why the compilation fails */
	const struct gl_rules_hooks *hooks;
};

/* A file's text, read whole; to be freed. */
struct text {
	char *bytes;
	size_t len;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void report(
    const struct compiler *compiler, const char *format, ...)
{
	struct gl_complaint text;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text.text, sizeof text.text, format, arguments);
	va_end(arguments);
	compiler->hooks->mistake(compiler->hooks->context, text.text);
}

static void report_line(
    const struct compiler *compiler, const struct gl_rule_source *source, const char *why)
{
	enum { SHOWN = 64 };
	char entry[SHOWN + 1];
	struct gl_out out = gl_out_into(entry, sizeof entry);

	gl_out_printable(&out, gl_span_head(source->text, SHOWN));
	report(compiler, "%.*s:%lu: \"%s%s\": %s", (int)source->file.len, source->file.at,
	    (unsigned long)source->line, gl_out_string(&out), source->text.len > SHOWN ? "..." : "",
	    why);
}

/* Stays where it is until gl_rules_free. NULL: out of memory. */
static char *take(struct gl_ruleset *rules, size_t len)
{
	struct block *block = rules->memory;

	if (block == NULL || BLOCK - block->used < len) {
		block = malloc(sizeof *block);
		if (block == NULL)
			return NULL;
		block->next = rules->memory;
		block->used = 0;
		rules->memory = block;
	}
	block->used += len;
	return block->bytes + block->used - len;
}

static enum gl_status keep(struct gl_ruleset *rules, struct gl_span *kept, struct gl_span bytes)
{
	char *at = take(rules, bytes.len);

	if (at == NULL)
		return GL_FAILED;
	memcpy(at, bytes.at, bytes.len);
	*kept = (struct gl_span){ at, bytes.len };
	return GL_OK;
}

static enum gl_status add_item(struct compiler *compiler, struct gl_span key, struct gl_span value)
{
	if (compiler->count == compiler->room) {
		size_t room = compiler->room == 0 ? 256 : compiler->room * 2;
		struct draft *grown = reallocarray(
		    compiler->drafts, room, sizeof *compiler->drafts);

		if (grown == NULL)
			return GL_FAILED;
		compiler->drafts = grown;
		compiler->room = room;
	}
	struct draft *draft = &compiler->drafts[compiler->count];

	draft->order = compiler->count++;
	if (keep(compiler->rules, &draft->item.key, key) != GL_OK)
		return GL_FAILED;
	return keep(compiler->rules, &draft->item.value, value);
}

static enum gl_status add_rule(
    struct compiler *compiler, const struct gl_rule *rule, const struct gl_rule_source *source)
{
	char room[4 + PATH_MAX + 1 + GL_REGEX_TEXT_MAX + 1 + GL_REGEX_CODE_MAX];
	struct gl_out value = gl_out_into(room, sizeof room);
	const struct gl_rule_source brief = { .line = source->line };
	struct gl_key key;

	gl_rule_key(&key, rule);
	gl_rule_value_encode(&value, rule->list < GL_EXEMPT_LISTS ? source : &brief);
	gl_rules_head_add(&compiler->rules->head, rule);
	return add_item(compiler, gl_key_span(&key), gl_out_done(&value));
}

/* Reports a line that is no entry, or not quite one, and goes on. */
static enum gl_status remark(
    struct compiler *compiler, const struct gl_rule_source *source, const char *why)
{
	if (compiler->bad++ < MISTAKES_MAX || compiler->hooks->all)
		report_line(compiler, source, why);
	return GL_OK;
}

static enum gl_status add_regex(
    struct compiler *compiler, struct gl_rule *rule, struct gl_rule_source *source)
{
	char code[GL_REGEX_CODE_MAX];
	struct gl_out out = gl_out_into(code, sizeof code);
	struct gl_complaint why = { "" };

	rule->number = compiler->rules->head.use[rule->list].regexes;
	if (rule->number == GL_REGEXES_MAX)
		return remark(compiler, source,
		    "the list has 256 regular expressions already, and each costs every request");
	enum gl_status status = compiler->hooks->regex(&out, rule->text, &why);

	if (status == GL_FAILED)
		return status;
	if (status == GL_UNSUPPORTED)
		remark(compiler, source,
		    "regular expressions are not built in (GREYLIST_WITH_PCRE2): it matches "
		    "nobody");
	else if (status != GL_OK)
		return remark(compiler, source, why.text);
	source->code = gl_out_done(&out);
	return add_rule(compiler, rule, source);
}

/* source->text is the line as it was read. */
static enum gl_status add_line(
    struct compiler *compiler, enum gl_list list, struct gl_rule_source source)
{
	struct gl_rule rule;
	const char *why;
	enum gl_status status = gl_rule_parse(&rule, list, source.text, &why);

	source.text = gl_rule_entry(list, source.text);
	if (status == GL_NOT_FOUND)
		return GL_OK;
	if (why != NULL)
		remark(compiler, &source, why);
	if (status != GL_OK)
		return GL_OK;
	return rule.kind == GL_RULE_REGEX ? add_regex(compiler, &rule, &source)
					  : add_rule(compiler, &rule, &source);
}

static enum gl_status add_text(
    struct compiler *compiler, const struct gl_rules_input *input, struct gl_span text)
{
	struct gl_rule_source source = { .file = gl_span_head(gl_span_of(input->path), PATH_MAX) };
	enum gl_status status = GL_OK;

	while (text.len > 0 && status == GL_OK) {
		source.line++;
		source.text = gl_span_head(text, gl_span_find(text, '\n'));
		text = gl_span_skip(text, source.text.len + 1);
		status = add_line(compiler, input->list, source);
	}
	return status;
}

static enum gl_status add_words(struct compiler *compiler, const struct gl_rules_input *input)
{
	struct gl_rule_source source = {
		.file = gl_span_head(gl_span_of(input->path), PATH_MAX),
		.line = input->line,
	};
	enum gl_status status = GL_OK;

	for (size_t i = 0; i < input->word_count && status == GL_OK; i++) {
		source.text = gl_span_of(input->words[i]);
		status = add_line(compiler, input->list, source);
	}
	return status;
}

static enum gl_status from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return GL_NOT_FOUND;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EIO:
	case EFBIG:
		return GL_FAILED;
	default:
		return GL_NO_ACCESS;
	}
}

/* 0, or what errno says. */
static int read_all(struct text *text, int fd)
{
	for (;;) {
		if (text->len == text->room) {
			size_t room = text->room == 0 ? READ_ROOM : text->room * 2;
			char *grown = room > FILE_MAX ? NULL : realloc(text->bytes, room);

			if (grown == NULL)
				return room > FILE_MAX ? EFBIG : ENOMEM;
			text->bytes = grown;
			text->room = room;
		}
		ssize_t got = read(fd, text->bytes + text->len, text->room - text->len);

		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return errno;
		text->len += got > 0 ? (size_t)got : 0;
	}
}

/* Of the public suffixes each machine has what it has: a package's file, or only ours. */
static bool may_be_missing(const struct gl_rules_input *input)
{
	struct gl_span path = gl_span_of(input->path);
	struct gl_span ending = gl_span_of(".local");

	if (input->list == GL_LIST_SUFFIXES)
		return true;
	return path.len >= ending.len &&
	       gl_span_equal(gl_span_skip(path, path.len - ending.len), ending);
}

/* Not blocking: a FIFO without a writer must not hold up mail. */
static enum gl_status add_file(struct compiler *compiler, const struct gl_rules_input *input)
{
	struct text text = { 0 };
	int fd = open(input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error = fd < 0 ? errno : read_all(&text, fd);
	enum gl_status status = error == 0 ? GL_OK : from_errno(error);

	if (status == GL_OK)
		status = add_text(compiler, input, (struct gl_span){ text.bytes, text.len });
	else if (status == GL_NOT_FOUND && !may_be_missing(input))
		report(compiler, "%s: there is no such file: make it, or take it out of the option",
		    input->path);
	else if (status != GL_NOT_FOUND)
		report(compiler, "%s: cannot be read: %s", input->path, strerror(error));
	compiler->told = error != 0 && status != GL_NOT_FOUND;
	if (fd >= 0)
		close(fd);
	free(text.bytes);
	return status == GL_NOT_FOUND ? GL_OK : status;
}

static enum gl_status add_input(struct compiler *compiler, const struct gl_rules_input *input)
{
	compiler->bad = 0;
	enum gl_status status = input->words != NULL ? add_words(compiler, input)
						     : add_file(compiler, input);

	if (compiler->bad > MISTAKES_MAX && !compiler->hooks->all)
		report(compiler, "%s: %zu more lines have mistakes", input->path,
		    compiler->bad - MISTAKES_MAX);
	return status;
}

static enum gl_status add_head(struct compiler *compiler)
{
	uint8_t head[GL_RULES_HEAD_SIZE];
	struct gl_key key;

	gl_rules_head_key(&key);
	gl_rules_head_encode(head, &compiler->rules->head);
	return add_item(
	    compiler, gl_key_span(&key), (struct gl_span){ (const char *)head, sizeof head });
}

static int compare(const void *left, const void *right)
{
	const struct draft *a = left;
	const struct draft *b = right;
	int order = gl_span_compare(a->item.key, b->item.key);

	return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static enum gl_status sort(struct compiler *compiler)
{
	struct gl_ruleset *rules = compiler->rules;

	rules->items = calloc(compiler->count, sizeof *rules->items);
	if (rules->items == NULL)
		return GL_FAILED;
	qsort(compiler->drafts, compiler->count, sizeof *compiler->drafts, compare);
	for (size_t i = 0; i < compiler->count; i++) {
		const struct gl_ruleset_item *item = &compiler->drafts[i].item;

		if (i == 0 || !gl_span_equal(item->key, rules->items[rules->count - 1].key))
			rules->items[rules->count++] = *item;
	}
	return GL_OK;
}

enum gl_status gl_rules_compile(struct gl_ruleset **rules, const struct gl_rules_input *inputs,
    size_t count, const struct gl_rules_hooks *hooks)
{
	struct compiler compiler = { .hooks = hooks };
	enum gl_status status = GL_OK;

	*rules = NULL;
	compiler.rules = calloc(1, sizeof *compiler.rules);
	if (compiler.rules == NULL) {
		status = GL_FAILED;
		goto out;
	}
	/* before the files are read: an edit in between shows as another stamp */
	gl_rules_stamp(compiler.rules->head.stamp, inputs, count);
	for (size_t i = 0; i < count && status == GL_OK; i++)
		status = add_input(&compiler, &inputs[i]);
	if (status == GL_OK)
		status = add_head(&compiler);
	if (status == GL_OK)
		status = sort(&compiler);
	if (status != GL_OK)
		goto out;
	*rules = compiler.rules;
	compiler.rules = NULL;
out:
	if (status == GL_FAILED && !compiler.told)
		report(&compiler, "the lists cannot be compiled: out of memory");
	free(compiler.drafts);
	gl_rules_free(compiler.rules);
	return status;
}

void gl_rules_free(struct gl_ruleset *rules)
{
	if (rules == NULL)
		return;
	for (struct block *block = rules->memory; block != NULL;) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
	free(rules->items);
	free(rules);
}
