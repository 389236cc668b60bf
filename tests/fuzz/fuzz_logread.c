/*
 * Lines of the mail log: what is read lies inside of the line or is no
 * longer than it, makes a request, and is the same behind whatever a
 * syslog daemon puts in front.
 */
#include "logread.h"

#include <string.h>

#include "target.h"

static const char prefix[] = "Jan  1 00:00:00 mx greylist-policy[4711]: ";

static void check_value(
    const struct gl_logged *value, const struct gl_logged *again, struct gl_span line)
{
	REQUIRE(value->present == again->present && value->inexact == again->inexact);
	REQUIRE(value->text.len <= line.len);
	REQUIRE(gl_span_equal(value->text, again->text));
}

static void check_same(
    const struct gl_logread *read, const struct gl_logread *again, struct gl_span line)
{
	check_value(&read->name, &again->name, line);
	check_value(&read->address, &again->address, line);
	check_value(&read->sender, &again->sender, line);
	check_value(&read->recipient, &again->recipient, line);
	REQUIRE(read->ambiguous == again->ambiguous);
	REQUIRE(read->authenticated == again->authenticated);
	REQUIRE(gl_span_equal(read->refusal, again->refusal));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gl_logread read, again;
	static struct gl_request request;
	struct gl_span line = { (const char *)data, size };
	char *longer = malloc(sizeof prefix + size);

	REQUIRE(longer != NULL);
	struct gl_out out = gl_out_into(longer, sizeof prefix + size);
	gl_out_text(&out, prefix);
	gl_out_span(&out, line);
	enum gl_status status = gl_logread_line(&read, line);
	REQUIRE(status == GL_OK || status == GL_NOT_FOUND);
	REQUIRE(gl_logread_line(&again, gl_out_done(&out)) == status);
	if (status == GL_OK) {
		check_same(&read, &again, line);
		status = gl_logread_request(&read, &request, false);
		REQUIRE(status == GL_OK || status == GL_MALFORMED || status == GL_TOO_LONG);
	}
	free(longer);
	return 0;
}
