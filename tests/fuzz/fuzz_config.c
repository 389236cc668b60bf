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

static enum gl_status load(const char *path, struct heard *heard)
{
	struct gl_config config;
	enum gl_status status;

	*heard = (struct heard){ .path = path };
	status = gl_config_load(&config, path, hear, heard, NULL);
	REQUIRE(status == (heard->mistakes == 0 ? GL_OK : GL_BAD_CONFIG));
	check_values(&config);
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
