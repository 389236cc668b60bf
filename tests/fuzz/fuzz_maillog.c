/*
 * Bytes as a mail log, from the descriptor to deliveries: what is worth
 * remembering has a client, a time that is not of the future and
 * addresses that lie within limits; every line that a delivery was read
 * from is of a mail that was there; and the numbers add up. The first
 * byte says how little room the queue has.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "greylist/maillog.h"
#include "learning.h"
#include "target.h"

enum { NOW = 1767225600 };

static void check_delivery(const struct gl_learning *learning)
{
	const struct gl_delivery *delivery = &learning->delivery;
	REQUIRE(delivery->client->family == GL_V4 || delivery->client->family == GL_V6);
	REQUIRE(delivery->time >= learning->since && delivery->time <= NOW);
	REQUIRE(delivery->mail > 0);
	REQUIRE(delivery->sender.len <= GL_ARRIVAL_SENDER_MAX);
	REQUIRE(delivery->recipient.len > 0);
	REQUIRE(delivery->recipient.len <= GL_MAILLOG_LINE_MAX);
	REQUIRE(memchr(delivery->recipient.at, '\n', delivery->recipient.len) == NULL);
}

static int log_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("maillog", MFD_CLOEXEC);
	REQUIRE(fd >= 0);
	REQUIRE(write(fd, data, size) == (ssize_t)size);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gl_learning learning;
	uint64_t worth = 0;
	if (size == 0)
		return 0;
	int fd = log_of(data + 1, size - 1);
	struct gl_maillog *log = gl_maillog_open(fd, -1);
	memset(&learning, 0, sizeof learning);
	learning.now = learning.latest = NOW;
	learning.arrivals = gl_arrivals_new((size_t)data[0] % 8 + 1);
	REQUIRE(log != NULL && learning.arrivals != NULL);
	for (;;) {
		struct gl_span line;
		enum gl_status status = gl_maillog_next(log, &line);
		if (status != GL_OK && status != GL_TOO_LONG)
			break;
		if (status == GL_TOO_LONG)
			continue;
		REQUIRE(line.len <= GL_MAILLOG_LINE_MAX);
		if (gl_learning_line(&learning, line) != GL_OK)
			continue;
		check_delivery(&learning);
		worth++;
	}
	REQUIRE(worth + gl_learning_left_out(&learning) == learning.deliveries);
	REQUIRE(gl_maillog_bytes(log) <= size - 1);
	gl_arrivals_free(learning.arrivals);
	gl_maillog_close(log);
	close(fd);
	return 0;
}
