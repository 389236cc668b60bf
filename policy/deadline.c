#include "deadline.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "greylist/reply.h"

/* The one static of the program: a signal handler has no other way to know anything. */
static struct {
	int fd;
	size_t len;
	char reply[GL_REPLY_MAX];
	struct gl_log_shot shot;
} last_words;

static void speak_and_go(int signal)
{
	(void)signal;
	ssize_t sent = write(last_words.fd, last_words.reply, last_words.len);
	(void)sent;
	gl_log_fire(&last_words.shot);
	_exit(0);
}

void gl_deadline_init(void)
{
	struct sigaction action = { .sa_handler = speak_and_go };
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	sigset_t alarms;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
}

void gl_deadline_arm(int64_t seconds, int fd, struct gl_span reply, const struct gl_log_shot *shot)
{
	gl_deadline_disarm();
	last_words.fd = fd;
	last_words.len = reply.len < sizeof last_words.reply ? reply.len : 0;
	memcpy(last_words.reply, reply.at, last_words.len);
	last_words.shot = *shot;
	struct itimerval limit = { .it_value = { .tv_sec = seconds } };
	setitimer(ITIMER_REAL, &limit, NULL);
}

void gl_deadline_disarm(void)
{
	struct itimerval none = { .it_value = { .tv_sec = 0 } };
	setitimer(ITIMER_REAL, &none, NULL);
}
