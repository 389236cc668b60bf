#include "config_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a delegation file was when it was read. */
struct gl_delegation {
	struct gl_config_stamp stamp;
	int trouble; /* the errno of looking at it */
};

bool gl_delegations_new(struct gl_config *config)
{
	config->delegations = calloc(config->sections.count, sizeof *config->delegations);
	return config->delegations != NULL;
}

static void look(struct gl_delegation *seen, const char *path)
{
	struct stat info;

	*seen = (struct gl_delegation){ .trouble = 0 };
	if (lstat(path, &info) == 0)
		seen->stamp = gl_stamp_of(&info);
	else
		seen->trouble = errno;
}

/* What it sets; the mistakes are in the reading. */
static enum gl_status read_file(struct gl_reading *reading, struct gl_settings *settings)
{
	enum gl_status status = gl_reading_load_delegate(reading);

	if (status == GL_OK && reading->len > 0) {
		gl_reading_scan(reading);
		if (!reading->blank)
			gl_reading_parse(reading);
		gl_settings_settle(settings, reading);
	}
	return status == GL_FAILED || reading->out_of_memory ? GL_FAILED : GL_OK;
}

/* Where they make a delay not shorter than its window, neither of the two counts. */
static void check_clash(
    struct gl_config *config, struct gl_section *section, struct gl_reading *reading)
{
	char text[512];
	unsigned line;

	if (!gl_terms_clash(config, section, reading, text, &line))
		return;
	section->theirs.set &= ~(1U << GL_TERM_DELAY | 1U << GL_TERM_RETRY_WINDOW);
	gl_reading_mistake(reading, line, text);
}

enum gl_status gl_config_delegate(
    struct gl_config *config, size_t n, gl_mistake_fn *mistake, void *context)
{
	struct gl_section *section = &config->sections.at[n];
	struct gl_section scratch = { .line = 0 };
	struct gl_option options[GL_SECTION_OPTIONS_MAX];
	struct gl_reading reading = { .options = options, .base = &scratch };
	struct gl_delegation now;

	if (section->delegate == NULL)
		return GL_OK;
	look(&now, section->delegate);
	if (section->read && now.trouble == config->delegations[n].trouble &&
	    gl_config_same(&now.stamp, &config->delegations[n].stamp))
		return GL_OK;

	gl_section_options(options, true);
	reading.path = section->delegate;
	enum gl_status status = read_file(&reading, &scratch.own);
	free(section->theirs.text);
	section->theirs = scratch.own;
	section->read = true;
	config->delegations[n] = now;
	if (status == GL_OK) {
		check_clash(config, section, &reading);
	} else {
		section->theirs.set = 0;
		config->delegations[n] = (struct gl_delegation){ .trouble = ENOMEM };
	}
	gl_reading_tell(&reading, mistake, context);
	free(reading.text);
	return status;
}

enum gl_status gl_config_delegates_of(
    struct gl_config *config, struct gl_span recipient, gl_mistake_fn *mistake, void *context)
{
	const struct gl_sections *sections = &config->sections;
	enum gl_status status = GL_OK;

	for (size_t i = 0; status == GL_OK && i < sections->count; i++)
		if (sections->at[i].delegate != NULL &&
		    gl_section_receives(&sections->at[i], sections, recipient))
			status = gl_config_delegate(config, i, mistake, context);
	return status;
}

enum gl_status gl_config_delegates_unread(
    struct gl_config *config, size_t most, uint64_t turn, gl_mistake_fn *mistake, void *context)
{
	size_t count = config->sections.count;
	enum gl_status status = GL_OK;

	for (size_t i = 0; status == GL_OK && i < count && most > 0; i++) {
		size_t n = (size_t)((turn + i) % count);

		if (config->sections.at[n].read)
			continue;
		status = gl_config_delegate(config, n, mistake, context);
		most--;
	}
	return status;
}
