#include "config_room.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every option's simple value is the reading's slot, and that is where the reading begins. */
static struct gl_reading *reading_of(cfg_t *parser)
{
	return (struct gl_reading *)(void *)parser->opts[0].simple_value.ptr;
}

static void *field_of(const struct gl_reading *reading, size_t option)
{
	return (char *)reading->base + reading->options[option].at;
}

static unsigned line_of(const struct gl_reading *reading, const cfg_t *parser)
{
	return reading->lines_before + (unsigned)parser->line;
}

/* libconfuse's validators see neither a list that was emptied nor when one begins anew. */
static void begin_list(struct gl_reading *reading, size_t option, cfg_opt_t *seen)
{
	if ((seen->flags & CFGF_RESET) != 0)
		gl_strings_clear(field_of(reading, option));
	seen->flags &= ~CFGF_RESET;
}

static int take_value(cfg_t *parser, cfg_opt_t *seen, const char *value, void *result)
{
	struct gl_reading *reading = reading_of(parser);
	size_t option = (size_t)(seen - parser->opts);

	*(void **)result = NULL;
	if (reading->options[option].form == GL_FORM_LIST)
		begin_list(reading, option, seen);
	reading->value_line = line_of(reading, parser);
	gl_reading_take(reading, option, value);
	return reading->out_of_memory ? -1 : 0;
}

__attribute__((format(printf, 2, 0))) static void take_error(
    cfg_t *parser, const char *format, va_list arguments)
{
	struct gl_reading *reading = reading_of(parser);
	char text[160];

	vsnprintf(text, sizeof text, format, arguments);
	reading->heard = true;
	if (strchr(text, GL_CONFIG_POISON) == NULL)
		gl_reading_mistake(reading, line_of(reading, parser), text);
}

static cfg_t *open_parser(struct gl_reading *reading)
{
	cfg_opt_t options[GL_OPTIONS_MAX + 1] = { { .name = NULL } };

	for (size_t i = 0; reading->options[i].name != NULL; i++) {
		bool list = reading->options[i].form == GL_FORM_LIST;

		options[i] = (cfg_opt_t){
			.name = reading->options[i].name,
			.type = CFGT_PTR,
			.flags = CFGF_NODEFAULT | (list ? CFGF_LIST : CFGF_NONE),
			.simple_value = { .ptr = &reading->slot },
			.parsecb = take_value,
		};
	}

	cfg_t *parser = cfg_init(options, CFGF_NONE);

	if (parser != NULL)
		cfg_set_error_function(parser, take_error);
	return parser;
}

/* One walk through the text, up to its end or to the first mistake of grammar. */
static bool walk(struct gl_reading *reading, cfg_t *parser)
{
	FILE *file = fmemopen(reading->text, reading->len, "r");

	if (file == NULL) {
		reading->out_of_memory = true;
		return false;
	}
	reading->heard = false;

	int rc = cfg_parse_fp(parser, file);

	fclose(file);
	if (rc != CFG_SUCCESS && !reading->heard && !reading->out_of_memory)
		gl_reading_mistake(reading, line_of(reading, parser), "this is no option");
	return rc == CFG_SUCCESS;
}

static void close_lists(struct gl_reading *reading, cfg_t *parser)
{
	for (size_t i = 0; reading->options[i].name != NULL; i++) {
		cfg_opt_t *seen = cfg_getnopt(parser, (unsigned)i);

		if (reading->options[i].form != GL_FORM_LIST || (seen->flags & CFGF_MODIFIED) == 0)
			continue;
		begin_list(reading, i, seen);
		((struct gl_strings *)field_of(reading, i))->line = reading->line[i];
	}
}

void gl_reading_parse(struct gl_reading *reading)
{
	const struct gl_reading *whole = reading->whole != NULL ? reading->whole : reading;
	cfg_t *parser = open_parser(reading);

	if (parser == NULL) {
		reading->out_of_memory = true;
		return;
	}
	while (!walk(reading, parser) && !reading->out_of_memory &&
	       whole->mistake_count < GL_MISTAKES_MAX &&
	       gl_reading_resume(reading, (unsigned)parser->line))
		continue;
	close_lists(reading, parser);
	cfg_free(parser);
}
