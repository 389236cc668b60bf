#include "greylist/postgrey.h"

enum state { BETWEEN, HEADER, DATA };

void gl_postgrey_dump_init(struct gl_postgrey_dump *dump)
{
	dump->state = BETWEEN;
	dump->dumps = 0;
	dump->has_key = false;
	dump->too_long = false;
}

static enum gl_status refuse(const char **why, const char *text)
{
	*why = text;
	return GL_MALFORMED;
}

static bool begins_with(struct gl_span span, const char *text)
{
	struct gl_span wanted = gl_span_of(text);
	return gl_span_equal(gl_span_head(span, wanted.len), wanted);
}

/* -1: no hexadecimal digit */
static int digit_of(char byte)
{
	if (gl_is_digit(byte))
		return byte - '0';
	char lower = gl_lower(byte);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Takes two digits off the front. */
static bool take_hex(struct gl_out *out, struct gl_span *from)
{
	int high = from->len < 2 ? -1 : digit_of(from->at[0]);
	int low = from->len < 2 ? -1 : digit_of(from->at[1]);
	if (high < 0 || low < 0)
		return false;
	gl_out_byte(out, (char)((unsigned)high << 4 | (unsigned)low));
	*from = gl_span_skip(*from, 2);
	return true;
}

static bool decode_print(struct gl_out *out, struct gl_span from)
{
	while (from.len > 0) {
		char byte = from.at[0];
		from = gl_span_skip(from, 1);
		if (byte != '\\') {
			gl_out_byte(out, byte);
		} else if (from.len > 0 && from.at[0] == '\\') {
			gl_out_byte(out, byte);
			from = gl_span_skip(from, 1);
		} else if (!take_hex(out, &from)) {
			return false;
		}
	}
	return true;
}

static bool decode_bytes(struct gl_out *out, struct gl_span from)
{
	while (from.len > 0)
		if (!take_hex(out, &from))
			return false;
	return true;
}

static enum gl_status take_header(
    struct gl_postgrey_dump *dump, struct gl_span line, const char **why)
{
	if (gl_span_equal(line, gl_span_of("HEADER=END"))) {
		dump->state = DATA;
		dump->has_key = false;
	} else if (begins_with(line, "format=")) {
		dump->print = gl_span_equal(line, gl_span_of("format=print"));
		if (!dump->print && !gl_span_equal(line, gl_span_of("format=bytevalue")))
			return refuse(why, "a format that is neither print nor bytevalue");
	} else if (begins_with(line, "keys=0")) {
		return refuse(why, "a dump without keys");
	} else if (gl_span_find(line, '=') == line.len) {
		return refuse(why, "a line in the header without \"=\"");
	}
	return GL_MORE;
}

static enum gl_status take_data(struct gl_postgrey_dump *dump, struct gl_span line,
    struct gl_postgrey_pair *pair, const char **why)
{
	if (gl_span_equal(line, gl_span_of("DATA=END"))) {
		if (dump->has_key)
			return refuse(why, "a key without a value");
		dump->state = BETWEEN;
		dump->dumps++;
		return GL_MORE;
	}
	if (!begins_with(line, " "))
		return refuse(why, "a line of data that does not begin with a blank");
	char *place = dump->has_key ? dump->value : dump->key;
	struct gl_out out = gl_out_into(place, GL_POSTGREY_ITEM_MAX);
	line = gl_span_skip(line, 1);
	if (!(dump->print ? decode_print(&out, line) : decode_bytes(&out, line)))
		return refuse(why, "an escape without two hexadecimal digits");
	dump->has_key = !dump->has_key;
	if (dump->has_key) {
		dump->key_len = out.len;
		dump->too_long = out.full;
		return GL_MORE;
	}
	*pair = (struct gl_postgrey_pair){ .key = { dump->key, dump->key_len },
		.value = { dump->value, out.len },
		.too_long = dump->too_long || out.full };
	return GL_OK;
}

enum gl_status gl_postgrey_dump_line(struct gl_postgrey_dump *dump, struct gl_span line,
    struct gl_postgrey_pair *pair, const char **why)
{
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	switch ((enum state)dump->state) {
	case HEADER:
		return take_header(dump, line, why);
	case DATA:
		return take_data(dump, line, pair, why);
	case BETWEEN:
		break;
	}
	if (!begins_with(line, "VERSION="))
		return refuse(why, "not the text that db5.3_dump writes; of the databases "
				   "themselves give the directory");
	dump->state = HEADER;
	dump->print = false;
	return GL_MORE;
}

enum gl_status gl_postgrey_dump_end(const struct gl_postgrey_dump *dump, const char **why)
{
	if (dump->state != BETWEEN)
		return refuse(why, "the dump is cut short: there is no DATA=END");
	return dump->dumps > 0 ? GL_OK : refuse(why, "there is no dump in it");
}

static void out_item(struct gl_out *out, struct gl_span item)
{
	static const char digits[] = "0123456789abcdef";
	gl_out_byte(out, ' ');
	for (size_t i = 0; i < item.len; i++) {
		unsigned char byte = (unsigned char)item.at[i];
		if (byte == '\\') {
			gl_out_text(out, "\\\\");
		} else if (byte >= ' ' && byte <= '~') {
			gl_out_byte(out, (char)byte);
		} else {
			gl_out_byte(out, '\\');
			gl_out_byte(out, digits[byte >> 4]);
			gl_out_byte(out, digits[byte & 15]);
		}
	}
	gl_out_byte(out, '\n');
}

void gl_postgrey_out_head(struct gl_out *out)
{
	gl_out_text(out, "VERSION=3\nformat=print\ntype=btree\nHEADER=END\n");
}

void gl_postgrey_out_pair(struct gl_out *out, struct gl_span key, struct gl_span value)
{
	out_item(out, key);
	out_item(out, value);
}

void gl_postgrey_out_tail(struct gl_out *out)
{
	gl_out_text(out, "DATA=END\n");
}
