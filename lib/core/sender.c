#include "greylist/sender.h"

enum {
	UUID_LEN = 36,     /* RFC 9562 section 4 */
	HEX_RUN_MIN = 12,  /* shorter ones are words and names too often */
	BATV_TAG_MIN = 10, /* draft-levine-smtp-batv 4: key, three digits of the day, six of hash */
	SRS_SCHEME_LEN = 4 /* SRS0, SRS1 */
};

static bool begins_with(struct gl_span span, const char *prefix)
{
	struct gl_span wanted = gl_span_of(prefix);

	return gl_span_equal_fold(gl_span_head(span, wanted.len), wanted);
}

/* PREFIX tag SEPARATOR rest -> rest; nothing is left out where there is no tag or no rest. */
static struct gl_span cut_tag(struct gl_span local, const char *prefix, const char *separator)
{
	if (!begins_with(local, prefix))
		return local;
	struct gl_span rest = gl_span_skip(local, gl_span_of(prefix).len);
	size_t tag = gl_span_find(rest, separator[0]);

	rest = gl_span_skip(rest, tag);
	if (tag == 0 || !begins_with(rest, separator) || rest.len == gl_span_of(separator).len)
		return local;
	return gl_span_skip(rest, gl_span_of(separator).len);
}

/* The tags of SparkPost and Barracuda, which are BATV's by other names. */
static struct gl_span cut_tags(struct gl_span local)
{
	size_t before;

	do {
		before = local.len;
		local = cut_tag(cut_tag(local, "msprvs1=", "="), "btv1==", "==");
	} while (local.len < before);
	return local;
}

static struct gl_span cut_extension(struct gl_span local)
{
	return gl_span_head(local, gl_span_find(local, '+'));
}

static bool is_batv_tag(struct gl_span part)
{
	if (part.len < BATV_TAG_MIN)
		return false;
	for (size_t i = 0; i < BATV_TAG_MIN; i++)
		if (!gl_is_alnum(part.at[i]))
			return false;
	return true;
}

/* Trailing '=' do not count as parts, as in Postgrey. */
static struct gl_span cut_batv(struct gl_span local)
{
	if (!begins_with(local, "prvs="))
		return local;
	struct gl_span parts = gl_span_skip(local, 5);

	while (parts.len > 0 && parts.at[parts.len - 1] == '=')
		parts.len--;
	size_t middle = gl_span_find(parts, '=');

	if (middle == parts.len || middle != gl_span_find_last(parts, '='))
		return local;
	struct gl_span first = gl_span_head(parts, middle);
	struct gl_span second = gl_span_skip(parts, middle + 1);

	return is_batv_tag(second) && !is_batv_tag(first) ? first : second;
}

static bool is_hex(char byte)
{
	char lower = gl_lower(byte);

	return gl_is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* The span begins at a letter or digit behind something else. */
static bool begins_with_uuid(struct gl_span span)
{
	if (span.len < UUID_LEN || (span.len > UUID_LEN && gl_is_alnum(span.at[UUID_LEN])))
		return false;
	for (size_t i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? span.at[i] != '-' : !is_hex(span.at[i]))
			return false;
	}
	return true;
}

static struct gl_span head_alnum(struct gl_span span)
{
	size_t len = 0;

	while (len < span.len && gl_is_alnum(span.at[len]))
		len++;
	return gl_span_head(span, len);
}

/* What is masked: numbers, as Postgrey does, or UUIDs and long hexadecimal runs as well. */
enum mask { MASK_NUMBERS, MASK_ALL };

/* A run of letters and digits, and whether it is joined to a neighbour by '_'. */
static bool is_changing(struct gl_span run, bool joined, enum mask mask)
{
	size_t digits = 0;
	size_t hex = 0;

	for (size_t i = 0; i < run.len; i++) {
		digits += gl_is_digit(run.at[i]);
		hex += is_hex(run.at[i]);
	}
	if (digits == run.len && !joined)
		return true;
	return mask == MASK_ALL && run.len >= HEX_RUN_MIN && hex == run.len && digits > 0;
}

/* Writes the span with what changes from message to message replaced by '#'. */
static void out_masked(struct gl_out *out, struct gl_span span, enum mask mask)
{
	char before = '\0';

	while (span.len > 0) {
		struct gl_span run = head_alnum(span);
		char after = run.len < span.len ? span.at[run.len] : '\0';

		if (run.len == 0) {
			run = gl_span_head(span, 1);
			gl_out_span(out, run);
		} else if (mask == MASK_ALL && begins_with_uuid(span)) {
			run = gl_span_head(span, UUID_LEN);
			gl_out_byte(out, '#');
		} else if (is_changing(run, before == '_' || after == '_', mask)) {
			gl_out_byte(out, '#');
		} else {
			gl_out_lower(out, run);
		}
		before = run.at[run.len - 1];
		span = gl_span_skip(span, run.len);
	}
}

/* SRS0=HHH=TT=rest, or SRS1=HHH=host=, a separator of the same kind, and HHH=TT=rest. */
struct srs {
	struct gl_span scheme; /* with its separator */
	bool chained;          /* SRS1 */
	struct gl_span host;   /* SRS1: with its '=' and the separator behind it */
	struct gl_span rest;   /* what SRS does not change */
};

/* Takes a separator off the front. */
static bool take_separator(struct gl_span *from)
{
	bool found = from->len > 0 &&
		     (from->at[0] == '=' || from->at[0] == '+' || from->at[0] == '-');

	*from = gl_span_skip(*from, found);
	return found;
}

/* Takes a field and the '=' behind it off the front; an empty field is none. */
static bool take_field(struct gl_span *from)
{
	size_t len = gl_span_find(*from, '=');
	bool found = len > 0 && len < from->len;

	*from = gl_span_skip(*from, found ? len + 1 : 0);
	return found;
}

static bool srs_read(struct srs *srs, struct gl_span local)
{
	struct gl_span rest = gl_span_skip(local, SRS_SCHEME_LEN);

	srs->chained = begins_with(local, "srs1");
	if (!srs->chained && !begins_with(local, "srs0"))
		return false;
	srs->scheme = gl_span_head(local, SRS_SCHEME_LEN + 1);
	if (!take_separator(&rest))
		return false;
	if (srs->chained) {
		if (!take_field(&rest))
			return false;
		srs->host = rest;
		if (!take_field(&rest) || !take_separator(&rest))
			return false;
		srs->host.len -= rest.len;
	}
	if (!take_field(&rest) || !take_field(&rest))
		return false;
	srs->rest = rest;
	return true;
}

static void out_srs(struct gl_out *out, const struct srs *srs)
{
	gl_out_lower(out, srs->scheme);
	if (srs->chained) {
		gl_out_text(out, "#=");
		out_masked(out, srs->host, MASK_ALL);
	}
	gl_out_text(out, "#=#=");
	out_masked(out, cut_extension(srs->rest), MASK_ALL);
}

void gl_out_sender(struct gl_out *out, struct gl_span sender)
{
	size_t at = gl_span_find(sender, '@');
	struct gl_span local = cut_tags(gl_span_head(sender, at));
	struct srs srs = { .chained = false };

	if (at == sender.len)
		gl_out_lower(out, sender);
	else if (srs_read(&srs, local))
		out_srs(out, &srs);
	else
		/* the extension may have hidden that there is just one tag: look again */
		out_masked(out, cut_batv(cut_extension(cut_batv(local))), MASK_ALL);
	if (at < sender.len)
		gl_out_lower(out, gl_span_skip(sender, at));
}

void gl_out_sender_postgrey(struct gl_out *out, struct gl_span sender)
{
	size_t at = gl_span_find(sender, '@');

	if (at == sender.len)
		gl_out_lower(out, sender);
	else
		out_masked(out, cut_extension(cut_batv(gl_span_head(sender, at))), MASK_NUMBERS);
	if (at < sender.len)
		gl_out_lower(out, gl_span_skip(sender, at));
}
