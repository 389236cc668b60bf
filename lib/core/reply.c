#include "greylist/reply.h"

enum { DOMAIN_MAX = 255, NUMBER_MAX = 20 };

static void finish(struct gl_out *out)
{
	gl_out_text(out, "\n\n");
}

void gl_reply_dunno(struct gl_out *out)
{
	gl_out_text(out, "action=DUNNO");
	finish(out);
}

void gl_reply_trouble(struct gl_out *out)
{
	gl_out_text(out, "action=DEFER_IF_PERMIT 4.3.0 Temporary service problem");
	finish(out);
}

/* What stands for a %letter. */
struct blank {
	char letter;
	struct gl_span value;
};

static const struct blank *blank_of(const struct blank *blanks, char letter)
{
	for (; blanks->letter != '\0'; blanks++)
		if (blanks->letter == letter)
			return blanks;
	return NULL;
}

/* `blanks` ends with the letter '\0'. */
static void fill_in(struct gl_out *out, struct gl_span format, const struct blank *blanks)
{
	while (format.len > 0) {
		size_t plain = gl_span_find(format, '%');

		gl_out_printable(out, gl_span_head(format, plain));
		format = gl_span_skip(format, plain);
		if (format.len == 0)
			break;
		const struct blank *blank = format.len > 1 ? blank_of(blanks, format.at[1]) : NULL;

		gl_out_printable(out, blank == NULL ? gl_span_head(format, 1) : blank->value);
		format = gl_span_skip(format, blank == NULL ? 1 : 2);
	}
}

static bool is_domain(struct gl_span text)
{
	if (text.len == 0 || text.len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!gl_is_alnum(text.at[i]) && text.at[i] != '.' && text.at[i] != '-')
			return false;
	return true;
}

static struct gl_span recipient_domain(struct gl_span recipient)
{
	struct gl_span domain = gl_span_skip(recipient, gl_span_find_last(recipient, '@') + 1);

	return is_domain(domain) ? domain : gl_span_of("unknown");
}

static void out_deferral(
    struct gl_out *out, const struct gl_deferral *deferral, struct gl_span domain)
{
	char digits[NUMBER_MAX];
	struct gl_out seconds = gl_out_into(digits, sizeof digits);
	struct gl_span text = gl_span_of(deferral->text);

	gl_out_decimal(&seconds, deferral->wait);
	const struct blank blanks[] = {
		{ 's', gl_out_done(&seconds) },
		{ 'r', domain },
		{ '%', gl_span_of("%") },
		{ '\0', gl_span_of(NULL) },
	};

	gl_out_text(out, "action=");
	gl_out_printable(out, gl_span_of(deferral->action));
	gl_out_text(out, text.len > 0 && gl_is_digit(text.at[0]) ? " " : " 4.2.0 ");
	fill_in(out, text, blanks);
	finish(out);
}

void gl_reply_defer(struct gl_out *out, const struct gl_deferral *deferral)
{
	const struct gl_out before = *out;

	out_deferral(out, deferral, recipient_domain(deferral->recipient));
	if (out->full) {
		*out = before;
		out_deferral(out, deferral, gl_span_of("unknown"));
	}
}

void gl_reply_prepend(struct gl_out *out, const struct gl_header *header)
{
	const struct gl_out before = *out;
	char digits[NUMBER_MAX];
	struct gl_out seconds = gl_out_into(digits, sizeof digits);

	gl_out_decimal(&seconds, header->delayed);
	const struct blank blanks[] = {
		{ 't', gl_out_done(&seconds) },
		{ 'v', gl_span_of(header->version) },
		{ 'h', gl_span_of(header->hostname) },
		{ 'd', gl_span_of(header->date) },
		{ '%', gl_span_of("%") },
		{ '\0', gl_span_of(NULL) },
	};

	gl_out_text(out, "action=PREPEND ");
	fill_in(out, gl_span_of(header->format), blanks);
	finish(out);
	if (out->full) {
		*out = before;
		gl_reply_dunno(out);
	}
}

const char *gl_action_text(enum gl_action action)
{
	static const char *const texts[GL_ACTIONS] = {
		[GL_ACTION_PASS] = "pass",
		[GL_ACTION_GREYLIST] = "greylist",
		[GL_ACTION_WOULD_GREYLIST] = "would-greylist",
	};

	return texts[action];
}
