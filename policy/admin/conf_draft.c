#include "conf_draft.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void gl_conf_draft_init(struct gl_conf_draft *draft, FILE *to)
{
	draft->to = to;
	draft->value = gl_out_into(draft->value_bytes, sizeof draft->value_bytes);
	draft->text = gl_out_into(draft->bytes, sizeof draft->bytes);
}

/* Without the name of a file that the reader has never seen. */
static void note_mistake(void *context, const char *mistake)
{
	struct gl_complaint *why = context;
	const char *colon = strstr(mistake, ": ");
	snprintf(why->text, sizeof why->text, "%s", colon != NULL ? colon + 2 : mistake);
}

static bool loads(struct gl_conf_draft *draft)
{
	char path[64];
	struct gl_config config = { 0 };
	int fd = memfd_create("greylist.conf", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	bool good = write(fd, draft->text.at, draft->text.len) == (ssize_t)draft->text.len &&
		    gl_config_load(&config, path, note_mistake, &draft->mistake, NULL) == GL_OK;
	gl_config_clear(&config);
	close(fd);
	return good;
}

static bool is_one_line(struct gl_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < ' ')
			return false;
	return true;
}

bool gl_conf_draft_add(struct gl_conf_draft *draft, const char *name)
{
	size_t before = draft->text.len;
	struct gl_span value = gl_out_done(&draft->value);
	snprintf(draft->mistake.text, sizeof draft->mistake.text,
	    "%s cannot have such a value in greylist.conf", name);
	gl_out_text(&draft->text, name);
	gl_out_text(&draft->text, " = ");
	gl_out_span(&draft->text, value);
	gl_out_byte(&draft->text, '\n');
	bool good = !draft->value.full && !draft->text.full && is_one_line(value) && loads(draft);
	if (good)
		fwrite(draft->text.at + before, 1, draft->text.len - before, draft->to);
	else
		draft->text = (struct gl_out){ draft->bytes, sizeof draft->bytes, before, false };
	draft->value = gl_out_into(draft->value_bytes, sizeof draft->value_bytes);
	return good;
}

void gl_conf_out_quoted(struct gl_out *out, struct gl_span text)
{
	gl_out_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			gl_out_byte(out, '\\');
		gl_out_byte(out, text.at[i]);
	}
	gl_out_byte(out, '"');
}

void gl_conf_out_time(struct gl_out *out, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t unit = 0;
	while (seconds % units[unit].seconds != 0)
		unit++;
	gl_out_byte(out, '"');
	gl_out_decimal(out, (int64_t)(seconds / units[unit].seconds));
	gl_out_byte(out, units[unit].letter);
	gl_out_byte(out, '"');
}
