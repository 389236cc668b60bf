#include "mailline.h"

#include <stddef.h>
#include <string.h>

enum { QUEUE_ID_MIN = 5 /* five digits of the microseconds are in each */ };

static bool take(struct gl_span *rest, const char *mark)
{
	struct gl_span begin = gl_span_of(mark);
	if (!gl_span_equal(gl_span_head(*rest, begin.len), begin))
		return false;
	*rest = gl_span_skip(*rest, begin.len);
	return true;
}

/* Where the mark stands first, and how often it is there at all. */
static size_t find(struct gl_span text, const char *mark, size_t *count)
{
	size_t first = text.len;
	*count = 0;
	for (size_t i = 0; i < text.len; i++) {
		struct gl_span rest = gl_span_skip(text, i);
		if (!take(&rest, mark))
			continue;
		first = *count == 0 ? i : first;
		(*count)++;
	}
	return first;
}

static bool has(struct gl_span text, const char *mark)
{
	size_t count;
	find(text, mark, &count);
	return count > 0;
}

/* Up to the next blank, which is taken too. */
static struct gl_span take_word(struct gl_span *rest)
{
	size_t len = gl_span_find(*rest, ' ');
	struct gl_span word = gl_span_head(*rest, len);
	*rest = gl_span_skip(*rest, len + 1);
	return word;
}

/* The program of a tag such as "postfix/submission/smtpd[4711]:"; empty: a tag of nobody known. */
static struct gl_span program_of(struct gl_span tag)
{
	if (tag.len == 0 || tag.at[tag.len - 1] != ':')
		return gl_span_of(NULL);
	tag.len--;
	tag = gl_span_head(tag, gl_span_find(tag, '['));
	size_t slash = gl_span_find_last(tag, '/');
	return gl_span_skip(tag, slash + 1);
}

static bool is_one_of(struct gl_span word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (gl_span_equal(word, gl_span_of(*words)))
			return true;
	return false;
}

/* "4XyZ0123: " and not "NOQUEUE: ", which stands for none. */
static bool take_queue_id(struct gl_span *rest, struct gl_span *queue_id)
{
	size_t len = gl_span_find(gl_span_head(*rest, GL_QUEUE_ID_MAX + 1), ':');
	*queue_id = gl_span_head(*rest, len);
	for (size_t i = 0; i < queue_id->len; i++)
		if (!gl_is_alnum(queue_id->at[i]))
			return false;
	if (len < QUEUE_ID_MIN || len > GL_QUEUE_ID_MAX)
		return false;
	*rest = gl_span_skip(*rest, len);
	return take(rest, ": ") && !gl_span_equal(*queue_id, gl_span_of("NOQUEUE"));
}

/* "NAME[ADDRESS]", perhaps with ":PORT" behind it (smtpd_client_port_logging). */
static bool take_peer(struct gl_span *rest, struct gl_span *name, struct gl_span *address)
{
	size_t open = gl_span_find(*rest, '[');
	*name = gl_span_head(*rest, open);
	*rest = gl_span_skip(*rest, open + 1);
	size_t close = gl_span_find(*rest, ']');
	*address = gl_span_head(*rest, close);
	bool closed = close < rest->len;
	*rest = gl_span_skip(*rest, close + 1);
	if (take(rest, ":"))
		while (rest->len > 0 && gl_is_digit(rest->at[0]))
			*rest = gl_span_skip(*rest, 1);
	return closed && name->len > 0 && !has(*name, " ");
}

static enum gl_status read_client(struct gl_mailline *read, struct gl_span rest)
{
	read->kind = GL_MAILLINE_CLIENT;
	if (!take(&rest, "client=") || !take_peer(&rest, &read->name, &read->address) ||
	    (rest.len > 0 && rest.at[0] != ','))
		return GL_NOT_FOUND;
	read->authenticated = has(rest, ", sasl_");
	if (take(&rest, ", orig_client=") &&
	    !take_peer(&rest, &read->orig_name, &read->orig_address))
		read->orig_name = read->orig_address = gl_span_of(NULL);
	return GL_OK;
}

/* "a b"@example.com, as info_log_address_format = external has it, is a b@example.com inside. */
static struct gl_span unquoted(struct gl_mailline *read, struct gl_span mailbox)
{
	struct gl_out out = gl_out_into(read->bytes, sizeof read->bytes);
	size_t i = 1;
	if (mailbox.len < 2 || mailbox.at[0] != '"')
		return mailbox;
	for (; i < mailbox.len && mailbox.at[i] != '"'; i++) {
		if (mailbox.at[i] == '\\' && i + 1 < mailbox.len)
			i++;
		gl_out_byte(&out, mailbox.at[i]);
	}
	struct gl_span domain = gl_span_skip(mailbox, i + 1);
	if (i >= mailbox.len || (domain.len > 0 && domain.at[0] != '@'))
		return mailbox;
	gl_out_span(&out, domain);
	return out.full ? mailbox : gl_out_done(&out);
}

/* What stands behind the sender holds nothing of a stranger's: "123, nrcpt=1 (queue active)". */
static bool ends_from(struct gl_span rest)
{
	size_t digits = 0;
	while (digits < rest.len && gl_is_digit(rest.at[digits]))
		digits++;
	rest = gl_span_skip(rest, digits);
	if (digits == 0 || !take(&rest, ", nrcpt="))
		return false;
	while (rest.len > 0 && gl_is_digit(rest.at[0]))
		rest = gl_span_skip(rest, 1);
	return take(&rest, " (queue active)") && rest.len == 0;
}

static enum gl_status read_queue(struct gl_mailline *read, struct gl_span rest)
{
	static const char mark[] = ">, size=";
	if (gl_span_equal(rest, gl_span_of("removed"))) {
		read->kind = GL_MAILLINE_REMOVED;
		return GL_OK;
	}
	read->kind = GL_MAILLINE_FROM;
	if (!take(&rest, "from=<"))
		return GL_NOT_FOUND;
	for (size_t i = rest.len; i > 0; i--) {
		struct gl_span tail = gl_span_skip(rest, i - 1);
		if (!take(&tail, mark))
			continue;
		read->mailbox = unquoted(read, gl_span_head(rest, i - 1));
		return ends_from(tail) ? GL_OK : GL_NOT_FOUND;
	}
	return GL_NOT_FOUND;
}

static enum gl_status read_delivery(struct gl_mailline *read, struct gl_span rest)
{
	static const char relay[] = ">, relay=", orig[] = ">, orig_to=<", status[] = ", status=";
	size_t relays, origs, count;
	read->kind = GL_MAILLINE_SENT;
	if (!take(&rest, "to=<"))
		return GL_NOT_FOUND;
	size_t end = find(rest, relay, &relays);
	struct gl_span mailbox = gl_span_head(rest, end);
	struct gl_span tail = gl_span_skip(rest, end);
	size_t original = find(mailbox, orig, &origs);
	tail = gl_span_skip(tail, find(tail, status, &count));
	if (!take(&tail, ", status=sent") || (tail.len > 0 && tail.at[0] != ' '))
		return GL_NOT_FOUND;
	if (relays != 1 || origs > 1)
		return GL_MALFORMED;
	if (origs == 1)
		mailbox = gl_span_skip(mailbox, original + sizeof orig - 1);
	read->mailbox = unquoted(read, mailbox);
	return GL_OK;
}

enum gl_status gl_mailline_read(struct gl_mailline *read, struct gl_span line)
{
	static const char *const servers[] = { "smtpd", NULL };
	static const char *const queues[] = { "qmgr", "nqmgr", "oqmgr", NULL };
	static const char *const agents[] = { "smtp", "lmtp", "local", "virtual", "pipe", "discard",
		NULL };
	memset(read, 0, offsetof(struct gl_mailline, bytes));
	while (line.len > 0 && (line.at[line.len - 1] == '\r' || line.at[line.len - 1] == ' '))
		line.len--;
	read->host = take_word(&line);
	struct gl_span program = program_of(take_word(&line));
	if (program.len == 0 || !take_queue_id(&line, &read->queue_id))
		return GL_NOT_FOUND;
	if (is_one_of(program, servers))
		return read_client(read, line);
	if (is_one_of(program, queues))
		return read_queue(read, line);
	return is_one_of(program, agents) ? read_delivery(read, line) : GL_NOT_FOUND;
}
