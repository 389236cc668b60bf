/*
 * Senders: never longer, the same again, the same in either case, in
 * lower case, and the domain as it was.
 */
#include "greylist/sender.h"
#include "target.h"

static struct gl_span normalise(char *buffer, struct gl_span sender)
{
	struct gl_out out = gl_out_into(buffer, sender.len);

	gl_out_sender(&out, sender);
	REQUIRE(!out.full);
	return gl_out_done(&out);
}

static void check_domain(struct gl_span from, struct gl_span to)
{
	struct gl_span was = gl_span_skip(from, gl_span_find(from, '@'));
	struct gl_span is = gl_span_skip(to, gl_span_find(to, '@'));

	REQUIRE(gl_span_equal_fold(was, is));
	if (was.len == 0)
		REQUIRE(gl_span_equal_fold(from, to));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char once_bytes[1 << 20];
	static char other_bytes[1 << 20];
	struct gl_span sender = { (const char *)data, size };

	if (size > sizeof once_bytes)
		return 0;
	struct gl_span once = normalise(once_bytes, sender);

	REQUIRE(gl_span_equal(normalise(other_bytes, once), once));
	check_domain(sender, once);
	for (size_t i = 0; i < once.len; i++)
		REQUIRE(gl_lower(once.at[i]) == once.at[i]);
	char *lowered = malloc(size == 0 ? 1 : size);

	REQUIRE(lowered != NULL);
	for (size_t i = 0; i < size; i++)
		lowered[i] = gl_lower(sender.at[i]);
	struct gl_span in_lower = { lowered, size };

	REQUIRE(gl_span_equal(normalise(other_bytes, in_lower), once));
	free(lowered);
	return 0;
}
