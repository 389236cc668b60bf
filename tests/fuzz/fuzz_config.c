/*
 * Configurations: the same mistakes each time, each on one line that
 * begins with the file's name; none exactly where the status is good;
 * every string is there whatever the status; and nothing is printed,
 * which the helper's descriptors 1 and 2 would send to Postfix.
 */
#include "greylist/config.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

struct heard {
	const char *path;
	size_t mistakes;
	size_t bytes;
	uint32_t sum;
};

static void hear(void *context, const char *mistake)
{
	struct heard *heard = context;
	size_t path = strlen(heard->path);

	REQUIRE(strncmp(mistake, heard->path, path) == 0 && mistake[path] == ':');
	for (; *mistake != '\0'; mistake++) {
		REQUIRE((unsigned char)*mistake >= ' ');
		heard->sum = heard->sum * 31 + (unsigned char)*mistake;
		heard->bytes++;
	}
	heard->mistakes++;
}

static void check_values(const struct gl_config *config)
{
	const char *strings[] = { config->database, config->hostname, config->action, config->text,
		config->header, config->log_ident, config->log_facility, config->log_target };

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		REQUIRE(strings[i] != NULL && strchr(strings[i], '\n') == NULL);
	REQUIRE(config->timing.delay >= 1 && config->timing.delay < config->timing.retry_window);
	REQUIRE(config->ipv4_prefix >= 8 && config->ipv4_prefix <= 32);
	REQUIRE(config->ipv6_prefix >= 16 && config->ipv6_prefix <= 128);
	REQUIRE(config->client_lists.count <= GL_CONFIG_FILES_MAX);
	REQUIRE(config->relays.count <= GL_CONFIG_RELAYS_MAX);
	REQUIRE(config->never_auto_whitelist.count <= GL_CONFIG_RELAYS_MAX);
}

static struct gl_span witness(char text[600], const struct gl_section *section)
{
	struct gl_out out = gl_out_into(text, 600);

	gl_out_span(&out, section->user.len > 0 ? section->user : gl_span_of("x"));
	gl_out_byte(&out, '@');
	gl_out_span(&out, section->domain);
	return gl_out_done(&out);
}

/* Whatever the sections say, no message gets a window that ends before its delay does. */
static void check_terms(const struct gl_config *config, const struct gl_section *section,
    const struct gl_section *other)
{
	char texts[2][600];
	struct gl_terms terms;
	struct gl_terms_question question = { .recipient = witness(texts[0], section),
		.sender = witness(texts[1], other),
		.context = section->domain };

	gl_config_terms_for(&terms, config, &question);
	REQUIRE(terms.timing.delay < terms.timing.retry_window);
	question.recipient.len = 0;
	gl_config_terms_for(&terms, config, &question);
	REQUIRE(terms.timing.delay < terms.timing.retry_window);
	question.context = other->domain;
	question.sender.len = 0;
	gl_config_terms_for(&terms, config, &question);
	REQUIRE(terms.timing.delay < terms.timing.retry_window);
}

static void check_sections(const struct gl_config *config)
{
	enum { FEW = 32 };
	const struct gl_sections *sections = &config->sections;

	REQUIRE(sections->count <= GL_SECTIONS_MAX);
	for (size_t i = 0; i < sections->count && i < FEW; i++) {
		REQUIRE(sections->at[i].heading != NULL && sections->at[i].line > 0);
		REQUIRE(sections->at[i].domain.len > 0);
		REQUIRE(sections->at[i].read == (sections->at[i].delegate == NULL));
		for (size_t k = 0; k < sections->count && k < FEW; k++)
			check_terms(config, &sections->at[i], &sections->at[k]);
	}
}

static enum gl_status load(const char *path, struct heard *heard)
{
	struct gl_config config;
	enum gl_status status;

	*heard = (struct heard){ .path = path };
	status = gl_config_load(&config, path, hear, heard, NULL);
	REQUIRE(status == (heard->mistakes == 0 ? GL_OK : GL_BAD_CONFIG));
	check_values(&config);
	if (status == GL_OK)
		check_sections(&config);
	gl_config_clear(&config);
	return status;
}

/* A sanitizer's report goes the same way; ASAN_OPTIONS=log_path=FILE brings it back. */
static void load_twice_in_silence(const char *path)
{
	struct heard first;
	struct heard second;
	int printed = memfd_create("printed", MFD_CLOEXEC);
	int out = dup(STDOUT_FILENO);
	int err = dup(STDERR_FILENO);

	fflush(stdout);
	REQUIRE(printed >= 0 && dup2(printed, STDOUT_FILENO) >= 0);
	REQUIRE(dup2(printed, STDERR_FILENO) >= 0);
	enum gl_status status = load(path, &first);
	REQUIRE(load(path, &second) == status);
	fflush(stdout);
	fflush(stderr);
	REQUIRE(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
	REQUIRE(lseek(printed, 0, SEEK_END) == 0);
	REQUIRE(first.mistakes == second.mistakes && first.bytes == second.bytes);
	REQUIRE(first.sum == second.sum);
	close(out);
	close(err);
	close(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	load_twice_in_silence(path);
	close(fd);
	return 0;
}
