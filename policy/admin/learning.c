#include "learning.h"

#include <string.h>

#include "logstamp.h"

enum { DAY = 86400 };

const char *gl_left_text(enum gl_left left)
{
	static const char *const texts[GL_LEFTS] = {
		[GL_LEFT_OWN] = "from this host, our own networks or relays",
		[GL_LEFT_AUTHENTICATED] = "from users who logged in",
		[GL_LEFT_NO_ADDRESS] = "from clients without an address",
		[GL_LEFT_ELSEWHERE] = "of mail that no client brought, as far as these logs go",
		[GL_LEFT_NO_SENDER] = "of mail whose sender is not in these logs",
		[GL_LEFT_UNCLEAR] = "in lines that can be read in more than one way",
		[GL_LEFT_LENGTH] = "with addresses that are too long",
		[GL_LEFT_NO_TIME] = "on days that no calendar has",
		[GL_LEFT_FUTURE] = "of the future",
		[GL_LEFT_SINCE] = "before --since",
	};
	return left < GL_LEFTS ? texts[left] : "unknown";
}

uint64_t gl_learning_left_out(const struct gl_learning *learning)
{
	uint64_t sum = 0;
	for (size_t left = 0; left < GL_LEFTS; left++)
		sum += learning->left[left];
	return sum;
}

void gl_learning_leave_out(struct gl_learning *learning, enum gl_left left)
{
	learning->left[left]++;
}

static enum gl_status leave_out(struct gl_learning *learning, enum gl_left left)
{
	gl_learning_leave_out(learning, left);
	return GL_NOT_FOUND;
}

static enum gl_bringer judge_client(struct gl_learning *learning, struct gl_arrival *arrival,
    struct gl_span name, struct gl_span address)
{
	if (gl_address_parse(&arrival->client, address) != GL_OK)
		return GL_BRINGER_NO_ADDRESS;
	arrival->name_len = name.len <= sizeof arrival->name ? (uint8_t)name.len : 0;
	memcpy(arrival->name, name.at, arrival->name_len);
	if (learning->own != NULL &&
	    gl_own_is(learning->own, &arrival->client, name, &arrival->uncounted))
		return GL_BRINGER_OWN;
	return GL_BRINGER_OUTSIDE;
}

/*
 * A proxy in front of the queue is our own client, and names whom it speaks for. One behind it
 * says the first queue id instead, and there the first hop has told everything.
 */
static enum gl_bringer bringer_of(struct gl_learning *learning, struct gl_arrival *arrival)
{
	const struct gl_mailline *line = &learning->line;
	if (line->authenticated)
		return GL_BRINGER_AUTHENTICATED;
	enum gl_bringer bringer = judge_client(learning, arrival, line->name, line->address);
	if (bringer == GL_BRINGER_OWN && line->orig_address.len > 0)
		bringer = judge_client(learning, arrival, line->orig_name, line->orig_address);
	return bringer;
}

static void take_client(struct gl_learning *learning, const struct gl_logstamp *stamp)
{
	struct gl_arrival *arrival = gl_arrivals_begin(learning->arrivals, &learning->line);
	arrival->time = gl_logstamp_time(stamp, learning->latest);
	arrival->bringer = bringer_of(learning, arrival);
	if (arrival->bringer == GL_BRINGER_OUTSIDE && arrival->time < 0)
		arrival->bringer = GL_BRINGER_NO_TIME;
}

/* Each time that the mail is tried again it is said anew. */
static void take_sender(struct gl_learning *learning)
{
	struct gl_span sender = learning->line.mailbox;
	struct gl_arrival *arrival = gl_arrivals_find(learning->arrivals, &learning->line);
	if (arrival == NULL || arrival->has_sender)
		return;
	arrival->has_sender = true;
	arrival->sender_too_long = sender.len > sizeof arrival->sender;
	if (arrival->sender_too_long)
		return;
	arrival->sender_len = (uint16_t)sender.len;
	if (sender.len > 0)
		memcpy(arrival->sender, sender.at, sender.len);
}

/* Of mail that came from outside. */
static enum gl_status consider(struct gl_learning *learning, const struct gl_arrival *arrival)
{
	if (!arrival->has_sender)
		return leave_out(learning, GL_LEFT_NO_SENDER);
	if (arrival->sender_too_long || learning->line.mailbox.len == 0)
		return leave_out(learning, GL_LEFT_LENGTH);
	if (arrival->time > learning->now + DAY)
		return leave_out(learning, GL_LEFT_FUTURE);
	if (arrival->time < learning->since)
		return leave_out(learning, GL_LEFT_SINCE);
	learning->delivery = (struct gl_delivery){
		.mail = arrival->serial,
		/* Clocks differ a little. */
		.time = arrival->time < learning->now ? arrival->time : learning->now,
		.client = &arrival->client,
		.name = { arrival->name, arrival->name_len },
		.uncounted = arrival->uncounted,
		.sender = { arrival->sender, arrival->sender_len },
		.recipient = learning->line.mailbox,
	};
	return GL_OK;
}

static enum gl_status take_delivery(struct gl_learning *learning, bool unclear)
{
	const struct gl_arrival *arrival = gl_arrivals_find(learning->arrivals, &learning->line);
	learning->deliveries++;
	if (arrival == NULL)
		return leave_out(learning, GL_LEFT_ELSEWHERE);
	switch (arrival->bringer) {
	case GL_BRINGER_OWN:
		return leave_out(learning, GL_LEFT_OWN);
	case GL_BRINGER_AUTHENTICATED:
		return leave_out(learning, GL_LEFT_AUTHENTICATED);
	case GL_BRINGER_NO_ADDRESS:
		return leave_out(learning, GL_LEFT_NO_ADDRESS);
	case GL_BRINGER_NO_TIME:
		return leave_out(learning, GL_LEFT_NO_TIME);
	case GL_BRINGER_OUTSIDE:
		break;
	}
	return unclear ? leave_out(learning, GL_LEFT_UNCLEAR) : consider(learning, arrival);
}

enum gl_status gl_learning_line(struct gl_learning *learning, struct gl_span line)
{
	struct gl_logstamp stamp;
	if (gl_logstamp_take(&stamp, &line) != GL_OK)
		return GL_NOT_FOUND;
	enum gl_status status = gl_mailline_read(&learning->line, line);
	if (status == GL_MALFORMED)
		return take_delivery(learning, true);
	if (status != GL_OK)
		return GL_NOT_FOUND;
	switch (learning->line.kind) {
	case GL_MAILLINE_CLIENT:
		take_client(learning, &stamp);
		break;
	case GL_MAILLINE_FROM:
		take_sender(learning);
		break;
	case GL_MAILLINE_SENT:
		return take_delivery(learning, false);
	case GL_MAILLINE_REMOVED:
		gl_arrivals_end(learning->arrivals, &learning->line);
		break;
	}
	return GL_NOT_FOUND;
}
