#include "greylist/pool.h"

enum {
	NAME_LONGEST = 255, /* RFC 1035 2.3.4 */
	OCTETS = 4,
	OCTETS_MIN = 3,
	RUN_MIN = 7,  /* digits of four octets run together; shorter is any number */
	NIBBLES = 32, /* hexadecimal digits of an IPv6 address */
	NIBBLES_MIN = 12,
	GROUP = 4 /* of them between two colons */
};

/*
 * Words of lines to customers. A mail server has none of them in front of
 * its registrable domain, whatever its owner is called.
 */
static const char *const line_words[] = {
	/* addresses that are given out for a time */
	"dyn dynamic dynamicip dynip dynamique dinamic dinamico dinamica dynamisch dynpool dyndsl "
	"dhcp dhcps dhcpd ppp pppoe pppoa pptp ipoe",
	/* the telephone: dialling in, and DSL of every kind */
	"dial dialup dialin dip modem modems isdn dsl adsl vdsl xdsl sdsl hdsl dslam adslpool "
	"dslpool",
	/* television's cable; high speed data or Internet, as cable companies call it */
	"cable cablemodem catv hfc docsis kabel hsd hsi",
	/* fibre to the home, the building, the kerb or wherever */
	"ftth fttb fttc fttp fttx gpon",
	/* whoever has a line at home */
	"broadband residential cpe homeuser",
	/* radio */
	"wireless wifi wlan wimax gprs umts hspa lte",
	/* many lines behind one address of the provider's */
	"cgn cgnat natpool",
	NULL,
};

/* Words of customers that mail systems have too: a pool of senders, a service for clients. */
static const char *const customer_words[] = {
	"cust customer customers client clients cliente clientes subscriber subs user users",
	"pool pools nat res home mobile mob fiber fibre fibra",
	NULL,
};

static const char *const mail_words[] = {
	"mail mails mailer mailout email mx mxout smtp smtps smtpout esmtp mta mout",
	"out outbound outgoing relay relays bounce bounces newsletter",
	NULL,
};

/* Below a country: where companies, networks, schools and offices register. */
static const char *const second_words[] = {
	"ac ad co com ed edu go gob gouv gov gr ltd mil ne net nom or org plc sch",
	NULL,
};

static bool is_word(struct gl_span word, const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		struct gl_span rest = gl_span_of(*lines);

		while (rest.len > 0) {
			size_t len = gl_span_find(rest, ' ');

			if (gl_span_equal_fold(word, gl_span_head(rest, len)))
				return true;
			rest = gl_span_skip(rest, len + 1);
		}
	}
	return false;
}

static bool is_letter(char byte)
{
	return gl_is_alnum(byte) && !gl_is_digit(byte);
}

/* The name without its last label, which becomes `last`. */
static struct gl_span cut_last(struct gl_span name, struct gl_span *last)
{
	size_t dot = gl_span_find_last(name, '.');

	*last = dot == name.len ? name : gl_span_skip(name, dot + 1);
	return gl_span_head(name, dot == name.len ? 0 : dot);
}

/* The labels that whoever runs the machines chose. */
static struct gl_span host_part(struct gl_span name)
{
	struct gl_span top, second, third;
	struct gl_span rest = cut_last(name, &top);

	rest = cut_last(rest, &second);
	if (top.len == 2 && is_word(second, second_words))
		rest = cut_last(rest, &third);
	return rest;
}

static bool has_word(struct gl_span text, const char *const *words)
{
	while (text.len > 0) {
		size_t len = 0;

		while (len < text.len && is_letter(text.at[len]))
			len++;
		if (is_word(gl_span_head(text, len), words))
			return true;
		text = gl_span_skip(text, len + 1);
	}
	return false;
}

static bool looks_dynamic(struct gl_span name)
{
	struct gl_span host = host_part(name);

	if (has_word(host, line_words))
		return true;
	return has_word(host, customer_words) && !has_word(host, mail_words);
}

/* The part, in lower case, has a byte at least. */
static bool contains(struct gl_span text, struct gl_span part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (gl_lower(text.at[i]) == part.at[0] &&
		    gl_span_equal_fold(gl_span_head(gl_span_skip(text, i), part.len), part))
			return true;
	return false;
}

static size_t digits_at(struct gl_span text)
{
	size_t len = 0;

	while (len < text.len && gl_is_digit(text.at[len]))
		len++;
	return len;
}

/* Octets in the order of the name; one byte that is no digit stands between two. */
static bool begins_with_octets(struct gl_span text, const uint8_t *octets)
{
	for (size_t i = 0; i < OCTETS_MIN; i++) {
		size_t len = digits_at(text);
		uint64_t number;

		if (gl_span_number(gl_span_head(text, len), 255, &number) != GL_OK ||
		    number != octets[i])
			return false;
		text = gl_span_skip(text, len + 1);
	}
	return true;
}

static void out_padded(struct gl_out *out, uint8_t octet)
{
	gl_out_byte(out, (char)('0' + octet / 100));
	gl_out_byte(out, (char)('0' + octet / 10 % 10));
	gl_out_byte(out, (char)('0' + octet % 10));
}

static bool has_padded(struct gl_span name, const uint8_t *octets)
{
	char digits[OCTETS_MIN * 3];
	struct gl_out out = gl_out_into(digits, sizeof digits);

	for (size_t i = 0; i < OCTETS_MIN; i++)
		out_padded(&out, octets[i]);
	return contains(name, gl_out_done(&out));
}

/* All four without anything between them, and no digit around. */
static bool has_run(struct gl_span name, const uint8_t *octets)
{
	char digits[OCTETS * 3];
	struct gl_out out = gl_out_into(digits, sizeof digits);

	for (size_t i = 0; i < OCTETS; i++)
		gl_out_decimal(&out, octets[i]);
	while (name.len > 0) {
		size_t len = digits_at(name);

		if (len >= RUN_MIN && gl_span_equal(gl_span_head(name, len), gl_out_done(&out)))
			return true;
		name = gl_span_skip(name, len + 1);
	}
	return false;
}

static bool has_octets(struct gl_span name, const uint8_t *octets)
{
	for (size_t i = 0; i < name.len; i++) {
		struct gl_span text = gl_span_skip(name, i);

		if ((i == 0 || !gl_is_digit(name.at[i - 1])) && begins_with_octets(text, octets))
			return true;
	}
	return has_padded(name, octets);
}

static bool is_hex(char byte)
{
	char lower = gl_lower(byte);

	return gl_is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

/* What may stand between digits that belong together. */
static bool is_between(char byte)
{
	return byte == '-' || byte == '.' || byte == '_' || byte == ':';
}

static void out_squeezed(struct gl_out *out, struct gl_span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_between(name.at[i]))
			gl_out_byte(out, name.at[i]);
}

static bool has_hex(struct gl_span name, const uint8_t *octets)
{
	char squeezed[NAME_LONGEST];
	char digits[2 * OCTETS];
	struct gl_out text = gl_out_into(squeezed, sizeof squeezed);
	struct gl_out out = gl_out_into(digits, sizeof digits);

	out_squeezed(&text, name);
	gl_out_hex(&out, (struct gl_span){ (const char *)octets, OCTETS });
	return contains(gl_out_done(&text), gl_out_done(&out));
}

static bool has_v4(struct gl_span name, const uint8_t *octets)
{
	uint8_t turned[OCTETS];

	for (size_t i = 0; i < OCTETS; i++)
		turned[i] = octets[OCTETS - 1 - i];
	return has_octets(name, octets) || has_octets(name, octets + 1) ||
	       has_octets(name, turned) || has_octets(name, turned + 1) || has_run(name, octets) ||
	       has_run(name, turned) || has_hex(name, octets) || has_hex(name, turned);
}

/* Each group of up to four digits padded to four, an empty one between two '-' included. */
static void out_groups(struct gl_out *out, struct gl_span name)
{
	while (name.len > 0) {
		size_t len = 0;

		while (len < name.len && is_hex(name.at[len]))
			len++;
		bool ends = len == name.len || is_between(name.at[len]);

		for (size_t i = len; i < GROUP && ends; i++)
			gl_out_byte(out, '0');
		gl_out_span(out, gl_span_head(name, len));
		if (!ends)
			gl_out_byte(out, name.at[len]);
		name = gl_span_skip(name, len + 1);
	}
}

/* Whether enough digits of the address stand together in the text. */
static bool shares_digits(struct gl_span text, struct gl_span digits)
{
	for (size_t i = 0; i + NIBBLES_MIN <= digits.len; i++)
		if (contains(text, gl_span_head(gl_span_skip(digits, i), NIBBLES_MIN)))
			return true;
	return false;
}

static bool has_nibbles(struct gl_span text, const struct gl_address *client)
{
	char digits[NIBBLES];
	char turned[NIBBLES];
	struct gl_out out = gl_out_into(digits, sizeof digits);

	gl_out_hex(&out, (struct gl_span){ (const char *)client->bytes, sizeof client->bytes });
	for (size_t i = 0; i < NIBBLES; i++)
		turned[i] = digits[NIBBLES - 1 - i];
	return shares_digits(text, gl_out_done(&out)) ||
	       shares_digits(text, (struct gl_span){ turned, sizeof turned });
}

/* RFC 3056 section 2: 2002, then the IPv4 address; elsewhere it is in the last 32 bits. */
static bool has_embedded(struct gl_span name, const uint8_t *bytes)
{
	if (bytes[0] == 0x20 && bytes[1] == 0x02 && has_v4(name, bytes + 2))
		return true;
	return bytes[12] != 0 && has_v4(name, bytes + 12);
}

static bool has_v6(struct gl_span name, const struct gl_address *client)
{
	char squeezed[NAME_LONGEST];
	char groups[GROUP * NAME_LONGEST];
	struct gl_out plain = gl_out_into(squeezed, sizeof squeezed);
	struct gl_out padded = gl_out_into(groups, sizeof groups);

	out_squeezed(&plain, name);
	out_groups(&padded, name);
	return has_nibbles(gl_out_done(&plain), client) ||
	       has_nibbles(gl_out_done(&padded), client) || has_embedded(name, client->bytes);
}

enum gl_name_kind gl_name_looks(struct gl_span name, const struct gl_address *client)
{
	if (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len > NAME_LONGEST ||
	    gl_span_equal_fold(name, gl_span_of("unknown")))
		return GL_NAME_UNKNOWN;
	if (client != NULL &&
	    (client->family == GL_V4 ? has_v4(name, client->bytes) : has_v6(name, client)))
		return GL_NAME_ADDRESS;
	return looks_dynamic(name) ? GL_NAME_DYNAMIC : GL_NAME_PLAIN;
}
