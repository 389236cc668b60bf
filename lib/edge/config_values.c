#include "config_room.h"

struct unit {
	char letter;
	int64_t size;
};

static const struct unit time_units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	{ 'w', 604800 }, { 0, 0 } };

static const struct unit size_units[] = { { 'K', INT64_C(1) << 10 }, { 'M', INT64_C(1) << 20 },
	{ 'G', INT64_C(1) << 30 }, { 'T', INT64_C(1) << 40 }, { 0, 0 } };

/* A number and at most one unit; without one the number counts as it is. */
static enum gl_status measure(const struct unit *unit, struct gl_span text, int64_t *amount)
{
	int64_t size = 1;
	uint64_t number = 0;

	if (text.len > 0 && !gl_is_digit(text.at[text.len - 1])) {
		while (unit->letter != 0 && unit->letter != text.at[text.len - 1])
			unit++;
		if (unit->letter == 0)
			return GL_MALFORMED;
		size = unit->size;
		text.len--;
	}

	enum gl_status status = gl_span_number(text, (uint64_t)(INT64_MAX / size), &number);

	if (status == GL_OK)
		*amount = (int64_t)number * size;
	return status;
}

enum gl_status gl_time_parse(int64_t *seconds, struct gl_span text)
{
	return measure(time_units, text, seconds);
}

void gl_out_time(struct gl_out *out, int64_t seconds)
{
	const struct unit *unit = &time_units[3];

	while (unit > time_units && (seconds == 0 || seconds % unit->size != 0))
		unit--;
	gl_out_decimal(out, seconds / unit->size);
	gl_out_byte(out, unit->letter);
}

/* Reads a value and holds it against the option's own range. */
static enum gl_status ranged(
    const struct unit *units, const struct gl_option *option, const char *value, int64_t *amount)
{
	int64_t read = 0;
	int64_t least = 0;
	int64_t most = 0;

	if (measure(units, gl_span_of(option->least), &least) != GL_OK ||
	    measure(units, gl_span_of(option->most), &most) != GL_OK)
		return GL_FAILED;

	enum gl_status status = measure(units, gl_span_of(value), &read);

	if (status == GL_OK && read >= least && read <= most) {
		*amount = read;
		return GL_OK;
	}
	return status == GL_MALFORMED ? GL_MALFORMED : GL_TOO_LONG;
}

/* The range says it all for a number that is out of it. */
static enum gl_status refuse(enum gl_status status, const char *grammar, const char **because)
{
	if (status == GL_MALFORMED)
		*because = grammar;
	return status == GL_TOO_LONG ? GL_MALFORMED : status;
}

enum gl_status gl_value_time(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	return refuse(ranged(time_units, option, value, field),
	    "a time is a number with s, m, h, d or w behind it", because);
}

enum gl_status gl_value_size(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	int64_t amount = 0;
	enum gl_status status = ranged(size_units, option, value, &amount);

	if (status == GL_OK)
		*(uint64_t *)field = (uint64_t)amount;
	return refuse(status, "a size is a number with K, M, G or T behind it", because);
}

static const struct unit no_units[] = { { 0, 0 } };

enum gl_status gl_value_number(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	int64_t amount = 0;
	enum gl_status status = ranged(no_units, option, value, &amount);

	if (status == GL_OK)
		*(uint32_t *)field = (uint32_t)amount;
	return refuse(status, "digits only", because);
}

enum gl_status gl_value_byte(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	uint32_t number = 0;
	enum gl_status status = gl_value_number(&number, option, value, because);

	if (status == GL_OK)
		*(uint8_t *)field = (uint8_t)number;
	return status;
}

/* The word's place in a list that ends in NULL. */
static enum gl_status choose(const char *const *words, const char *value, unsigned *choice)
{
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (gl_span_equal(gl_span_of(words[i]), gl_span_of(value))) {
			*choice = i;
			return GL_OK;
		}
	}
	return GL_MALFORMED;
}

enum gl_status gl_value_mode(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	enum gl_mode mode = 0;

	(void)option;
	(void)because;
	while (gl_mode_text(mode) != NULL) {
		if (gl_span_equal(gl_span_of(gl_mode_text(mode)), gl_span_of(value))) {
			*(enum gl_mode *)field = mode;
			return GL_OK;
		}
		mode++;
	}
	return GL_MALFORMED;
}

enum gl_status gl_value_on_error(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	static const char *const words[] = { "pass", "defer", NULL };
	unsigned choice;
	enum gl_status status = choose(words, value, &choice);

	(void)option;
	(void)because;
	if (status == GL_OK)
		*(enum gl_on_error *)field = (enum gl_on_error)choice;
	return status;
}

enum gl_status gl_value_sync(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	static const char *const words[] = { "full", "meta", "none", NULL };
	unsigned choice;
	enum gl_status status = choose(words, value, &choice);

	(void)option;
	(void)because;
	if (status == GL_OK)
		*(enum gl_sync *)field = (enum gl_sync)choice;
	return status;
}

enum gl_status gl_value_per(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	static const char *const words[] = { "address", "network", NULL };
	unsigned choice;
	enum gl_status status = choose(words, value, &choice);

	(void)option;
	(void)because;
	if (status == GL_OK)
		*(enum gl_per *)field = (enum gl_per)choice;
	return status;
}

enum gl_status gl_value_switch(
    void *field, const struct gl_option *option, const char *value, const char **because)
{
	static const char *const words[] = { "false", "true", NULL };
	unsigned choice;
	enum gl_status status = choose(words, value, &choice);

	(void)option;
	(void)because;
	if (status == GL_OK)
		*(bool *)field = (bool)choice;
	return status;
}
