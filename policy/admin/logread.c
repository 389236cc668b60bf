#include "logread.h"

#include <string.h>

#include "greylist/address.h"
#include "greylist/decision.h"

enum {
	CUT_AT = 512,     /* what our line shows of a value */
	ADDRESS_LOOK = 64 /* the longest address with the mark behind it is shorter */
};

/* Where a mark stands in a text; outside of double quotes, or anywhere where there is none. */
struct places {
	size_t first, last, count;
};

static bool begins(struct gl_span text, const char *mark)
{
	struct gl_span begin = gl_span_of(mark);
	return gl_span_equal(gl_span_head(text, begin.len), begin);
}

static struct places look(struct gl_span text, const char *mark, bool heed_quotes)
{
	struct places places = { text.len, text.len, 0 };
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		if (heed_quotes && quoted && text.at[i] == '\\')
			i++;
		else if (heed_quotes && text.at[i] == '"')
			quoted = !quoted;
		else if (!quoted && begins(gl_span_skip(text, i), mark)) {
			places.first = places.count == 0 ? i : places.first;
			places.last = i;
			places.count++;
		}
	}
	return places;
}

static struct places find(struct gl_span text, const char *mark)
{
	struct places places = look(text, mark, true);
	return places.count > 0 ? places : look(text, mark, false);
}

static bool take(struct gl_span *rest, const char *mark)
{
	if (!begins(*rest, mark))
		return false;
	*rest = gl_span_skip(*rest, strlen(mark));
	return true;
}

static struct gl_logged logged(struct gl_span text, bool cut)
{
	return (struct gl_logged){
		.present = true, .inexact = cut || gl_span_find(text, '?') < text.len, .text = text
	};
}

/* A value of our line, whose '%' stand double, as it was. */
static struct gl_logged value(struct gl_out *out, struct gl_span text)
{
	size_t begin = out->len;
	for (size_t i = 0; i < text.len; i++) {
		gl_out_byte(out, text.at[i]);
		if (text.at[i] == '%' && i + 1 < text.len && text.at[i + 1] == '%')
			i++;
	}
	struct gl_span exact = gl_span_skip(gl_out_done(out), begin);
	return logged(exact, exact.len >= CUT_AT);
}

/* The end of an address that begins here: at the next mark that may follow it. */
static size_t address_end(struct gl_span text)
{
	size_t sender = look(text, ", sender=", false).first;
	size_t recipient = look(text, ", recipient=", false).first;
	return sender < recipient ? sender : recipient;
}

/* The end of the name: in front of the first client_address that is one, or the first at all. */
static size_t name_end(struct gl_span text)
{
	static const char mark[] = ", client_address=";
	size_t first = look(text, mark, false).first;
	for (size_t at = first; at < text.len; at++) {
		struct gl_span rest = gl_span_skip(text, at);
		struct gl_address address;
		if (!take(&rest, mark))
			continue;
		rest = gl_span_head(rest, ADDRESS_LOOK);
		rest = gl_span_head(rest, address_end(rest));
		if (gl_address_parse(&address, rest) == GL_OK)
			return at;
	}
	return first < text.len ? first : address_end(text);
}

static void read_client(struct gl_logread *read, struct gl_out *out, struct gl_span *rest)
{
	if (take(rest, ", client_name=")) {
		size_t end = name_end(*rest);
		read->name = value(out, gl_span_head(*rest, end));
		*rest = gl_span_skip(*rest, end);
	}
	if (take(rest, ", client_address=")) {
		size_t end = address_end(*rest);
		read->address = value(out, gl_span_head(*rest, end));
		*rest = gl_span_skip(*rest, end);
	}
}

/*
 * A recipient has to exist and a sender has not: so the last mark is the
 * likeliest. An empty recipient has none.
 */
static void read_envelope(struct gl_logread *read, struct gl_out *out, struct gl_span *rest)
{
	if (take(rest, ", sender=")) {
		struct gl_span marked = gl_span_head(*rest, rest->len - (rest->len > 0));
		struct places places = find(marked, ", recipient=");
		size_t end = places.count > 0 ? places.last : rest->len;
		read->ambiguous = places.count > 1;
		read->sender = value(out, gl_span_head(*rest, end));
		*rest = gl_span_skip(*rest, end);
	}
	if (take(rest, ", recipient=")) {
		read->recipient = value(out, *rest);
		*rest = gl_span_skip(*rest, rest->len);
	}
}

static bool take_action(struct gl_span *rest)
{
	return take(rest, "action=pass, reason=") || take(rest, "action=greylist, reason=") ||
	       take(rest, "action=would-greylist, reason=");
}

static void read_missing_as_empty(struct gl_logread *read)
{
	read->name.present = true;
	read->address.present = true;
	read->sender.present = true;
	read->recipient.present = true;
}

static bool is_reason(struct gl_span text, enum gl_reason reason)
{
	return gl_span_equal(text, gl_span_of(gl_reason_text(reason)));
}

static enum gl_status read_ours(struct gl_logread *read, struct gl_span rest)
{
	struct gl_out out = gl_out_into(read->bytes, sizeof read->bytes);
	if (!take_action(&rest))
		return GL_NOT_FOUND;
	struct gl_span reason = gl_span_head(rest, look(rest, ", ", false).first);
	rest = gl_span_skip(rest, reason.len);
	if (take(&rest, ", delay="))
		rest = gl_span_skip(rest, look(rest, ", ", false).first);
	read_client(read, &out, &rest);
	read_envelope(read, &out, &rest);
	bool whole = rest.len == 0 && !out.full && look(read->address.text, ", ", false).count == 0;
	if (!whole || !(read->address.present || read->recipient.present))
		return GL_NOT_FOUND;
	if (!is_reason(reason, GL_REASON_INCOMPLETE))
		read_missing_as_empty(read);
	read->authenticated = is_reason(reason, GL_REASON_AUTHENTICATED);
	read->certified = is_reason(reason, GL_REASON_CERTIFICATE);
	read->at_rcpt = is_reason(reason, GL_REASON_NULL_SENDER);
	return GL_OK;
}

/* NAME[ADDRESS] and perhaps :PORT, up to the colon behind it. */
static bool read_peer(struct gl_logread *read, struct gl_span *rest)
{
	size_t open = gl_span_find(*rest, '[');
	read->name = logged(gl_span_head(*rest, open), false);
	*rest = gl_span_skip(*rest, open + 1);
	size_t close = gl_span_find(*rest, ']');
	read->address = logged(gl_span_head(*rest, close), false);
	*rest = gl_span_skip(*rest, close + 1);
	if (take(rest, ":") && rest->len > 0 && rest->at[0] == ' ')
		return open > 0;
	while (rest->len > 0 && gl_is_digit(rest->at[0]))
		*rest = gl_span_skip(*rest, 1);
	return take(rest, ":") && open > 0;
}

/* The text in front of the next such mark. */
static struct gl_span until(struct gl_logread *read, struct gl_span *rest, const char *mark)
{
	struct places places = find(*rest, mark);
	struct gl_span text = gl_span_head(*rest, places.first);
	read->ambiguous = read->ambiguous || places.count > 1;
	*rest = gl_span_skip(*rest, places.first);
	return text;
}

/* "554 5.7.1" of an answer that is for good. */
static struct gl_span refusal(struct gl_span answer)
{
	size_t len = 0;
	while (len < answer.len && gl_is_digit(answer.at[len]))
		len++;
	if (len != 3 || answer.at[0] != '5')
		return gl_span_of(NULL);
	size_t end = len;
	for (size_t i = len; i < answer.len; i++) {
		if (gl_is_digit(answer.at[i]))
			end = i + 1;
		else if (answer.at[i] != '.' && i != len)
			break;
	}
	return gl_span_head(answer, end);
}

static enum gl_status read_reject(struct gl_logread *read, struct gl_span rest)
{
	read->at_rcpt = take(&rest, "RCPT from ");
	read->at_data = !read->at_rcpt && take(&rest, "DATA from ");
	if (!read->at_rcpt && !read->at_data)
		return GL_NOT_FOUND;
	if (!read_peer(read, &rest) || !take(&rest, " "))
		return GL_NOT_FOUND;
	read->refusal = refusal(until(read, &rest, "; from=<"));
	if (!take(&rest, "; from=<"))
		return GL_NOT_FOUND;
	read->sender = logged(until(read, &rest, "> to=<"), false);
	if (!take(&rest, "> to=<"))
		return GL_NOT_FOUND;
	read->recipient = logged(until(read, &rest, "> proto="), false);
	return take(&rest, "> proto=") ? GL_OK : GL_NOT_FOUND;
}

/* In front of a message stands nothing of a stranger's: a date, a host, a program, a queue id. */
static bool is_prefix(struct gl_span text)
{
	bool ends = text.len == 0 ||
		    (text.len >= 2 && text.at[text.len - 2] == ':' && text.at[text.len - 1] == ' ');
	return ends && gl_span_find(text, '=') == text.len && gl_span_find(text, '<') == text.len;
}

enum gl_status gl_logread_line(struct gl_logread *read, struct gl_span line)
{
	static const char reject[] = "reject: ";
	while (line.len > 0 && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
		line.len--;
	memset(read, 0, offsetof(struct gl_logread, bytes));
	size_t ours = look(line, "action=", false).first;
	size_t theirs = look(line, reject, false).first;
	size_t first = ours < theirs ? ours : theirs;
	if (first == line.len || !is_prefix(gl_span_head(line, first)))
		return GL_NOT_FOUND;
	struct gl_span message = gl_span_skip(line, first);
	if (ours < theirs)
		return read_ours(read, message);
	return read_reject(read, gl_span_skip(message, sizeof reject - 1));
}

enum gl_status gl_logread_request(
    const struct gl_logread *read, struct gl_request *request, bool bounces_at_data)
{
	struct gl_span user = gl_span_of(read->authenticated ? "authenticated" : "");
	struct gl_span subject = gl_span_of(read->certified ? "certified" : "");
	bool bounce = read->sender.present && read->sender.text.len == 0;
	bool at_data = read->at_data || (bounces_at_data && bounce && !read->at_rcpt);
	const struct {
		enum gl_attribute attribute;
		struct gl_logged value;
	} values[] = {
		{ GL_ATTR_REQUEST, logged(gl_span_of("smtpd_access_policy"), false) },
		{ GL_ATTR_PROTOCOL_STATE, logged(gl_span_of(at_data ? "DATA" : "RCPT"), false) },
		{ GL_ATTR_CLIENT_NAME, read->name },
		{ GL_ATTR_CLIENT_ADDRESS, read->address },
		{ GL_ATTR_SENDER, read->sender },
		{ GL_ATTR_RECIPIENT, read->recipient },
		{ GL_ATTR_SASL_USERNAME, logged(user, false) },
		{ GL_ATTR_CCERT_SUBJECT, logged(subject, false) },
	};
	gl_request_init(request);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		enum gl_status status = GL_OK;
		if (values[i].value.present)
			status = gl_request_set(request, values[i].attribute, values[i].value.text);
		if (status != GL_OK)
			return status;
	}
	return GL_OK;
}
