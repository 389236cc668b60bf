#include "config_room.h"

#include <stdlib.h>
#include <string.h>

void gl_config_terms(struct gl_terms *terms, const struct gl_config *config)
{
	*terms = (struct gl_terms){ .mode = config->mode,
		.timing = config->timing,
		.identity = config->identity,
		.text = config->text };
}

void gl_config_terms_for(struct gl_terms *terms, const struct gl_config *config,
    const struct gl_terms_question *question)
{
	gl_config_terms(terms, config);
	gl_terms_narrow(terms, &config->sections, question);
}

struct gl_timing gl_config_timing_of(const struct gl_config *config, const struct gl_record *record)
{
	return gl_terms_of_record(&config->timing, &config->sections, record);
}

/* A place where a delay or a retry_window may be set: outside, in a section, in its own file. */
struct stand {
	const struct gl_section *section; /* NULL: outside of all */
	bool theirs;
	bool delay, window; /* set here */
	struct gl_timing timing;
	unsigned delay_line, window_line; /* 0: the default */
};

static size_t stands(const struct gl_config *config)
{
	return 1 + 2 * config->sections.count;
}

static struct stand stand_at(
    const struct gl_config *config, const struct gl_reading *reading, size_t n)
{
	struct stand stand = { .delay = true, .window = true, .timing = config->timing };

	if (n == 0) {
		if (reading != NULL && reading->config != NULL) {
			size_t delay = gl_option_find(gl_options, gl_span_of("delay"));
			size_t window = gl_option_find(gl_options, gl_span_of("retry_window"));

			stand.delay_line = reading->line[delay];
			stand.window_line = reading->line[window];
		}
		return stand;
	}

	const struct gl_section *section = &config->sections.at[(n - 1) / 2];
	bool theirs = n % 2 == 0;
	const struct gl_settings *settings = theirs ? &section->theirs : &section->own;

	return (struct stand){ .section = section,
		.theirs = theirs,
		.delay = (settings->set >> GL_TERM_DELAY & 1) != 0,
		.window = (settings->set >> GL_TERM_RETRY_WINDOW & 1) != 0,
		.timing = settings->timing,
		.delay_line = settings->line[GL_TERM_DELAY],
		.window_line = settings->line[GL_TERM_RETRY_WINDOW] };
}

/* Nearly always: the longest delay is shorter than the shortest window. */
static bool cannot_clash(const struct gl_config *config)
{
	int64_t delay = config->timing.delay;
	int64_t window = config->timing.retry_window;

	for (size_t n = 1; n < stands(config); n++) {
		struct stand stand = stand_at(config, NULL, n);

		if (stand.delay && stand.timing.delay > delay)
			delay = stand.timing.delay;
		if (stand.window && stand.timing.retry_window < window)
			window = stand.timing.retry_window;
	}
	return delay < window;
}

/* An address that this section speaks of, and no section of another address with it. */
static void out_witness(struct gl_out *out, const struct gl_section *section)
{
	if (section->user.len > 0)
		gl_out_span(out, section->user);
	else
		gl_out_byte(out, '\1');
	gl_out_byte(out, '@');
	gl_out_span(out, section->domain);
}

static bool is_from(const struct gl_origin *origin, const struct stand *stand, unsigned line)
{
	if (origin->section != stand->section || stand->section == NULL)
		return origin->section == stand->section;
	return origin->line == line && (origin->file == stand->section->delegate) == stand->theirs;
}

/*
 * Whether a message of which both sections speak gets its delay and its
 * window from these two. If any does, then already one of which no others
 * speak but those above them: of `a`, and of `b` where that is of another kind.
 */
static bool arises(const struct gl_config *config, const struct stand *delay,
    const struct stand *window, const struct gl_section *a, const struct gl_section *b)
{
	enum { ADDRESS_MAX = 520 };
	const struct gl_section *both[] = { a, b };
	char text[GL_SECTION_KINDS][ADDRESS_MAX];
	struct gl_out out[GL_SECTION_KINDS];
	struct gl_span context = gl_span_of(NULL);
	struct gl_terms terms;

	for (size_t kind = 0; kind < GL_SECTION_KINDS; kind++)
		out[kind] = gl_out_into(text[kind], ADDRESS_MAX);
	for (size_t i = 0; i < 2; i++) {
		if (both[i] == NULL)
			continue;
		if (both[i]->kind == GL_SECTION_CONTEXT)
			context = both[i]->domain;
		else if (out[both[i]->kind].len == 0)
			out_witness(&out[both[i]->kind], both[i]);
	}

	struct gl_terms_question question = {
		.recipient = gl_out_done(&out[GL_SECTION_RECIPIENT]),
		.sender = gl_out_done(&out[GL_SECTION_SENDER]),
		.context = context,
	};

	gl_config_terms_for(&terms, config, &question);
	return is_from(&terms.from[GL_TERM_DELAY], delay, delay->delay_line) &&
	       is_from(&terms.from[GL_TERM_RETRY_WINDOW], window, window->window_line);
}

static void out_stand(struct gl_out *out, const struct stand *stand, int64_t time, unsigned line)
{
	gl_out_time(out, time);
	if (stand->section != NULL) {
		gl_out_text(out, stand->theirs ? " by the file of " : " of ");
		gl_out_text(out, stand->section->heading);
	}
	if (line > 0) {
		gl_out_text(out, " in line ");
		gl_out_decimal(out, line);
	} else if (stand->section == NULL) {
		gl_out_text(out, " outside of all sections");
	}
}

static void say_clash(const struct stand *delay, const struct stand *window,
    const struct gl_section *of, char text[512], unsigned *line)
{
	struct gl_out out = gl_out_into(text, 512);
	bool delay_counts = delay->theirs == (of != NULL);
	bool window_counts = window->theirs == (of != NULL);

	*line = delay_counts ? delay->delay_line : 0;
	if (window_counts && window->window_line > *line)
		*line = window->window_line;
	gl_out_text(&out, "delay must be shorter than retry_window (");
	out_stand(&out, window, window->timing.retry_window, window->window_line);
	gl_out_text(&out, "), not ");
	out_stand(&out, delay, delay->timing.delay, delay->delay_line);
	gl_out_text(&out, ": one message can get both");
	gl_out_string(&out);
}

static bool concerns(
    const struct stand *delay, const struct stand *window, const struct gl_section *of)
{
	return of == NULL || (delay->theirs && delay->section == of) ||
	       (window->theirs && window->section == of);
}

bool gl_terms_clash(const struct gl_config *config, const struct gl_section *of,
    const struct gl_reading *reading, char text[512], unsigned *line)
{
	if (cannot_clash(config))
		return false;
	for (size_t d = 0; d < stands(config); d++) {
		struct stand delay = stand_at(config, reading, d);

		for (size_t w = 0; delay.delay && w < stands(config); w++) {
			struct stand window = stand_at(config, reading, w);

			if (!window.window || delay.timing.delay < window.timing.retry_window ||
			    !concerns(&delay, &window, of))
				continue;
			if (arises(config, &delay, &window, delay.section, window.section) ||
			    arises(config, &delay, &window, window.section, delay.section)) {
				say_clash(&delay, &window, of, text, line);
				return true;
			}
		}
	}
	return false;
}

enum gl_status gl_sections_finish(struct gl_reading *reading)
{
	struct gl_config *config = reading->config;
	struct gl_sections *sections = &config->sections;
	char text[512];
	unsigned line;

	sections->delimiter = config->recipient_delimiter;
	if (sections->count == 0)
		return GL_OK;
	sections->file = strdup(reading->path);
	if (sections->file == NULL || !gl_delegations_new(config))
		return GL_FAILED;
	if (gl_terms_clash(config, NULL, reading, text, &line))
		gl_reading_mistake(reading, line, text);
	return GL_OK;
}
