#include "greylist/postgrey.h"

#include <string.h>

#include "greylist/record.h"

const char *gl_postgrey_fault_text(enum gl_postgrey_fault fault)
{
	static const char *const texts[GL_POSTGREY_FAULTS] = {
		[GL_POSTGREY_GOOD] = "good",
		[GL_POSTGREY_HASHED] = "privacy hashes, for which this greylist would need nettle",
		[GL_POSTGREY_MAPPED] = "IPv4 clients in IPv6 form, all under one key",
		[GL_POSTGREY_ADDRESS] = "no client address",
		[GL_POSTGREY_ENVELOPE] = "no sender and recipient",
		[GL_POSTGREY_NUMBERS] = "not the numbers that Postgrey writes",
		[GL_POSTGREY_LENGTH] = "too long",
		[GL_POSTGREY_WIDER] = "a wider network than ipv4_prefix or ipv6_prefix",
		[GL_POSTGREY_EXPIRED] = "expired",
	};
	return fault < GL_POSTGREY_FAULTS ? texts[fault] : "unknown";
}

static enum gl_postgrey_fault read_address(struct gl_postgrey_entry *entry, struct gl_span text)
{
	static const uint8_t zeros[16];
	bool long_form = gl_span_find(text, ':') < text.len;
	if (gl_address_parse(&entry->address, text) != GL_OK)
		return GL_POSTGREY_ADDRESS;
	entry->folded = long_form && entry->address.family == GL_V4;
	if (long_form && memcmp(entry->address.bytes, zeros, sizeof zeros) == 0)
		return GL_POSTGREY_MAPPED;
	return GL_POSTGREY_GOOD;
}

static bool read_number(struct gl_span *from, uint64_t most, uint64_t *number)
{
	size_t end = gl_span_find(*from, ',');
	enum gl_status status = gl_span_number(gl_span_head(*from, end), most, number);
	*from = gl_span_skip(*from, end < from->len ? end + 1 : end);
	return status == GL_OK;
}

static enum gl_postgrey_fault read_numbers(struct gl_postgrey_entry *entry, struct gl_span value)
{
	uint64_t one;
	uint64_t two;
	uint64_t most = entry->is_client ? UINT32_MAX : (uint64_t)GL_TIME_MAX;
	if (!read_number(&value, most, &one) || !read_number(&value, (uint64_t)GL_TIME_MAX, &two))
		return GL_POSTGREY_NUMBERS;
	entry->first = entry->is_client ? 0 : (int64_t)one;
	entry->count = entry->is_client ? (uint32_t)one : 0;
	entry->last = (int64_t)two;
	return GL_POSTGREY_GOOD;
}

/* A time since 1973 is no count: a client counts once an hour. */
static enum gl_postgrey_fault read_hashed(struct gl_postgrey_entry *entry, struct gl_span value)
{
	enum { COUNT_MAX = 100000000 };
	struct gl_span first = gl_span_head(value, gl_span_find(value, ','));
	uint64_t number;
	bool is_client = gl_span_number(first, COUNT_MAX, &number) == GL_OK;
	struct gl_postgrey_entry hashed = { .hashed = true, .is_client = is_client };
	memcpy(hashed.digest, entry->digest, sizeof hashed.digest);
	*entry = hashed;
	return read_numbers(entry, value);
}

/* Where the '/' between sender and recipient is: an address may hold one too. */
static size_t separator(struct gl_span text)
{
	if (text.len > 0 && text.at[0] == '/')
		return 0;
	size_t at = gl_span_find(text, '@');
	size_t behind = at + gl_span_find(gl_span_skip(text, at), '/');
	return behind < text.len ? behind : gl_span_find(text, '/');
}

static enum gl_postgrey_fault read_envelope(struct gl_postgrey_entry *entry, struct gl_span text)
{
	size_t at = separator(text);
	entry->sender = gl_span_head(text, at);
	entry->recipient = gl_span_skip(text, at + 1);
	bool good = entry->recipient.len > 0 && gl_span_find(text, '\0') == text.len;
	return good ? GL_POSTGREY_GOOD : GL_POSTGREY_ENVELOPE;
}

static struct gl_span take_whole(struct gl_postgrey_entry *entry, struct gl_span text)
{
	bool v6 = entry->address.family == GL_V6 || entry->folded;
	struct gl_span mark = gl_span_of(v6 ? "128/" : "32/");
	entry->whole = gl_span_equal(gl_span_head(text, mark.len), mark);
	return entry->whole ? gl_span_skip(text, mark.len) : text;
}

enum gl_postgrey_fault gl_postgrey_entry_read(
    struct gl_postgrey_entry *entry, const struct gl_postgrey_pair *pair)
{
	size_t slash = gl_span_find(pair->key, '/');
	if (pair->too_long)
		return GL_POSTGREY_LENGTH;
	if (gl_sha1_parse(entry->digest, pair->key) == GL_OK)
		return read_hashed(entry, pair->value);
	*entry = (struct gl_postgrey_entry){ .is_client = slash == pair->key.len };
	enum gl_postgrey_fault fault = read_address(entry, gl_span_head(pair->key, slash));
	if (fault == GL_POSTGREY_GOOD && !entry->is_client)
		fault = read_envelope(entry, take_whole(entry, gl_span_skip(pair->key, slash + 1)));
	if (fault == GL_POSTGREY_GOOD)
		fault = read_numbers(entry, pair->value);
	return fault;
}

/* How many leading bits it takes to hold every bit that is set. */
static uint8_t bits_used(const struct gl_address *address)
{
	uint8_t used = 0;
	for (uint8_t bit = 0; bit < gl_family_bits(address->family); bit++)
		if ((address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
			used = (uint8_t)(bit + 1);
	return used;
}

static uint8_t cut_of(const struct gl_postgrey_entry *entry, struct gl_postgrey_cut cut)
{
	enum { MAPPED_BITS = 96 }; /* RFC 4291 2.5.5.2: in front of the IPv4 address */
	if (entry->whole)
		return gl_family_bits(entry->address.family);
	if (entry->folded)
		return cut.v6 > MAPPED_BITS ? (uint8_t)(cut.v6 - MAPPED_BITS) : 0;
	return entry->address.family == GL_V4 ? cut.v4 : cut.v6;
}

enum gl_postgrey_fault gl_postgrey_network(struct gl_network *network,
    const struct gl_postgrey_entry *entry, struct gl_postgrey_cut cut, uint8_t prefix)
{
	uint8_t given = cut_of(entry, cut);
	uint8_t used = bits_used(&entry->address);
	if ((given > used ? given : used) < prefix)
		return GL_POSTGREY_WIDER;
	*network = gl_network_of(&entry->address, prefix);
	return GL_POSTGREY_GOOD;
}
