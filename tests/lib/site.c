#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "greylist/store.h"
#include "tmpdir.h"

void site_configure(const struct site *site, const char *options)
{
	char text[4096];
	int len = snprintf(text, sizeof text,
	    "database = \"%s\"\nlog_target = \"%s/log\"\nhostname = \"mx.example.test\"\n"
	    "client_lists = {\"%s/clients\"}\nrecipient_lists = {\"%s/recipients\"}\n"
	    "sender_lists = {\"%s/senders\"} suffix_lists = {\"%s/suffixes\"}\nsync = none\n%s\n",
	    site->database, site->root, site->root, site->root, site->root, site->root, options);
	tmpdir_write(site->root, "greylist.conf", text, (size_t)len);
}

void site_list(const struct site *site, const char *name, const char *text)
{
	tmpdir_write(site->root, name, text, strlen(text));
}

int site_setup(void **state)
{
	struct site *site = calloc(1, sizeof *site);
	if (site == NULL)
		return -1;
	site->root = tmpdir_make();
	snprintf(site->config, sizeof site->config, "%s/greylist.conf", site->root);
	snprintf(site->database, sizeof site->database, "%s/state", site->root);
	if (mkdir(site->database, 0750) != 0)
		return -1;
	site_configure(site, "");
	site_list(site, "clients", "");
	site_list(site, "recipients", "");
	site_list(site, "senders", "");
	site_list(site, "suffixes", "");
	*state = site;
	return 0;
}

int site_teardown(void **state)
{
	struct site *site = *state;
	tmpdir_remove(site->root);
	free(site);
	return 0;
}

bool site_logged(const struct site *site, const char *text)
{
	static char log[1 << 20];
	FILE *file = fopen(tmpdir_path(site->root, "log"), "r");
	if (file == NULL)
		return false;
	/* The end of a long log: what a test looks for is recent. */
	if (fseek(file, -(long)(sizeof log - 1), SEEK_END) != 0)
		rewind(file);
	size_t len = fread(log, 1, sizeof log - 1, file);
	fclose(file);
	log[len] = '\0';
	return strstr(log, text) != NULL;
}

void site_clear_log(const struct site *site)
{
	tmpdir_write(site->root, "log", "", 0);
}

struct search {
	const char *text;
	bool found;
};

static bool look(void *context, struct gl_span key, struct gl_span value)
{
	struct search *search = context;
	(void)key;
	if (memmem(value.at, value.len, search->text, strlen(search->text)) != NULL)
		search->found = true;
	return !search->found;
}

bool site_stored(const struct site *site, const char *text)
{
	struct gl_store *store;
	struct gl_complaint why;
	struct gl_store_options options = {
		.directory = site->database, .map_limit = (uint64_t)64 << 20, .readonly = true
	};
	struct gl_cursor cursor = { .table = GL_TABLE_TRIPLET };
	struct search search = { .text = text };
	if (gl_store_open(&store, &options, &why) != GL_OK) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	while (!cursor.done && !search.found)
		if (gl_store_scan(store, &cursor, 100, look, &search) != GL_OK)
			abort();
	gl_store_close(store);
	return search.found;
}
