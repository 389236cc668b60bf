#include "config_room.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_TEXT = 1024 };

/* Behind all mistakes of the same line, so that the order of finding holds within it. */
static void insert(struct gl_reading *reading, struct gl_mistake *mistake)
{
	struct gl_mistake **at = &reading->mistakes;

	while (*at != NULL && (*at)->line <= mistake->line)
		at = &(*at)->next;
	mistake->next = *at;
	*at = mistake;
}

void gl_reading_mistake(struct gl_reading *reading, unsigned line, const char *text)
{
	char whole[LINE_MAX_TEXT];
	struct gl_out out = gl_out_into(whole, sizeof whole);

	if (reading->whole != NULL) {
		gl_reading_mistake(reading->whole, line, text);
		return;
	}
	if (++reading->mistake_count > GL_MISTAKES_MAX)
		return;
	gl_out_printable(&out, gl_span_of(reading->path));
	if (line > 0) {
		gl_out_byte(&out, ':');
		gl_out_decimal(&out, line);
	}
	gl_out_text(&out, ": ");
	if (reading->mistake_count == GL_MISTAKES_MAX)
		text = "there are more mistakes than are shown";
	gl_out_printable(&out, gl_span_of(text));
	gl_out_string(&out);

	struct gl_mistake *mistake = malloc(sizeof *mistake + out.len + 1);

	if (mistake == NULL) {
		reading->out_of_memory = true;
		return;
	}
	mistake->line = line == 0 || reading->mistake_count == GL_MISTAKES_MAX ? UINT32_MAX : line;
	memcpy(mistake->text, whole, out.len + 1);
	insert(reading, mistake);
}

/* An empty value, or one with blanks, is put in quotes to be seen whole. */
static void out_value(struct gl_out *out, struct gl_span value)
{
	enum { SHOWN = 64 };
	bool quote = value.len == 0 || gl_span_find(value, ' ') < value.len;

	if (quote)
		gl_out_byte(out, '"');
	gl_out_printable(out, gl_span_head(value, SHOWN));
	if (value.len > SHOWN)
		gl_out_text(out, "...");
	if (quote)
		gl_out_byte(out, '"');
}

static void note_value(
    struct gl_reading *reading, size_t option, struct gl_span value, const char *because)
{
	const struct gl_option *wrong = &reading->options[option];
	char text[512];
	struct gl_out out = gl_out_into(text, sizeof text);

	gl_out_text(&out, wrong->name);
	gl_out_text(&out, " must be ");
	if (wrong->least != NULL) {
		gl_out_text(&out, "from ");
		gl_out_text(&out, wrong->least);
		gl_out_text(&out, " to ");
		gl_out_text(&out, wrong->most);
	} else {
		gl_out_text(&out, wrong->must);
	}
	gl_out_text(&out, ", not ");
	out_value(&out, value);
	if (because != NULL) {
		gl_out_text(&out, ": ");
		gl_out_text(&out, because);
	}
	gl_reading_mistake(reading, reading->value_line, gl_out_string(&out));
}

void gl_reading_take(struct gl_reading *reading, size_t option, const char *value)
{
	const char *because = NULL;
	const struct gl_option *taken = &reading->options[option];
	void *field = (char *)reading->base + taken->at;
	enum gl_status status = GL_OK;

	if (strchr(value, GL_CONFIG_POISON) != NULL)
		reading->wrong[option] = true;
	else
		status = taken->set(field, taken, value, &because);

	if (status == GL_FAILED) {
		reading->out_of_memory = true;
	} else if (status != GL_OK) {
		reading->wrong[option] = true;
		note_value(reading, option, gl_span_of(value), because);
	} else {
		reading->taken[option] = true;
	}
}

/* A retry cannot pass where the window ends before the delay does. */
static void check_timing(struct gl_reading *reading)
{
	const struct gl_timing *timing = &reading->config->timing;
	size_t delay = gl_option_find(gl_options, gl_span_of("delay"));
	size_t window = gl_option_find(gl_options, gl_span_of("retry_window"));
	char text[128];
	struct gl_out out = gl_out_into(text, sizeof text);

	if (timing->delay < timing->retry_window)
		return;

	bool told = reading->wrong[delay] || reading->wrong[window];

	reading->wrong[delay] = true;
	reading->wrong[window] = true;
	if (told)
		return;
	gl_out_text(&out, "delay must be shorter than retry_window (");
	gl_out_time(&out, timing->retry_window);
	gl_out_text(&out, "), not ");
	gl_out_time(&out, timing->delay);

	unsigned line = reading->line[delay];

	if (line < reading->line[window])
		line = reading->line[window];
	gl_reading_mistake(reading, line, gl_out_string(&out));
}

/* Reads, parses and checks; whatever is wrong is noted. */
static enum gl_status read_all(struct gl_reading *reading, struct gl_config_stamp *stamp)
{
	enum gl_status status = gl_reading_load(reading, stamp);

	if (status != GL_OK)
		return reading->out_of_memory ? GL_FAILED : status;
	gl_reading_scan(reading);
	if (!reading->blank)
		gl_reading_parse(reading);
	check_timing(reading);
	for (size_t i = 0; status == GL_OK && gl_options[i].name != NULL; i++)
		if (reading->wrong[i])
			status = gl_option_reset(reading->config, i);
	if (status == GL_OK)
		status = gl_sections_finish(reading);
	if (status == GL_FAILED || reading->out_of_memory)
		return GL_FAILED;
	return reading->mistakes == NULL ? GL_OK : GL_BAD_CONFIG;
}

void gl_reading_tell(struct gl_reading *reading, gl_mistake_fn *mistake, void *context)
{
	while (reading->mistakes != NULL) {
		struct gl_mistake *next = reading->mistakes->next;

		if (mistake != NULL)
			mistake(context, reading->mistakes->text);
		free(reading->mistakes);
		reading->mistakes = next;
	}
}

enum gl_status gl_config_load(struct gl_config *config, const char *path, gl_mistake_fn *mistake,
    void *context, struct gl_config_stamp *stamp)
{
	struct gl_config_stamp unwanted;
	struct gl_reading reading = {
		.config = config, .options = gl_options, .base = config, .path = path
	};
	enum gl_status status = gl_config_defaults(config);

	if (stamp == NULL)
		stamp = &unwanted;
	if (status == GL_OK)
		status = read_all(&reading, stamp);
	if (status != GL_OK && status != GL_BAD_CONFIG)
		*stamp = (struct gl_config_stamp){ .inode = 0 };
	gl_reading_tell(&reading, mistake, context);
	free(reading.text);
	return status;
}
