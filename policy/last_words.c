#include "last_words.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "greylist/reply.h"

enum { STACK_SIZE = 32768 };

/* The last three are an assertion's, on one machine or another. */
static const int fatal[] = { SIGBUS, SIGSEGV, SIGILL, SIGTRAP, SIGABRT };

/* The one static of the program: a signal handler has no other way to know anything. */
static struct {
	int fd;
	size_t len;  /* 0: there is nothing to say */
	bool loaded; /* the shot, once a request was in hand */
	char reply[GL_REPLY_MAX];
	struct gl_log_shot shot;
	struct gl_store_map map;
	_Alignas(16) char stack[STACK_SIZE]; /* whose own ran over needs another */
} last_words;

static void answer(void)
{
	ssize_t sent = write(last_words.fd, last_words.reply, last_words.len);
	(void)sent;
}

static void at_the_limit(int signal)
{
	(void)signal;
	answer();
	gl_log_fire(&last_words.shot);
	_exit(0);
}

static const char after_all[] =
    "warning: killed by a signal when all requests were answered; the table may be damaged";

static const char *what_killed(int signal)
{
	switch (signal) {
	case SIGBUS:
		return "warning: SIGBUS while the table was read: its file was cut off or its disk "
		       "fails; answered per on_error";
	case SIGSEGV:
		return "warning: SIGSEGV while the table was read: it may be damaged; answered per "
		       "on_error";
	default:
		return "warning: LMDB found the table inconsistent and gave up; answered per "
		       "on_error";
	}
}

/* A signal that was sent is nobody's death but ours. Where no answer is due, it was set to be the
 * default again, and comes again. */
static void at_death(int number, siginfo_t *info, void *context)
{
	bool late = last_words.len == 0;
	bool of_access = number == SIGSEGV || number == SIGBUS;
	(void)context;
	if (!late)
		answer();
	if (info->si_code != SI_USER)
		gl_store_note_death(
		    &last_words.map, of_access ? info->si_addr : last_words.map.at, time(NULL));
	if (last_words.loaded) {
		gl_log_shot_say(&last_words.shot, late ? after_all : what_killed(number));
		gl_log_fire(&last_words.shot);
	}
	if (!late)
		_exit(0);
	if (raise(number) != 0)
		_exit(128 + number); /* the sandbox lets nobody send a signal */
}

static void watch_for_death(void)
{
	struct sigaction action = { .sa_sigaction = at_death,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND };
	stack_t stack = { .ss_sp = last_words.stack, .ss_size = sizeof last_words.stack };
	sigemptyset(&action.sa_mask);
	if (sigaltstack(&stack, NULL) != 0)
		action.sa_flags &= ~SA_ONSTACK;
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		sigaction(fatal[i], &action, NULL);
}

void gl_last_words_init(void)
{
	struct sigaction action = { .sa_handler = at_the_limit };
	sigset_t ours;
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	watch_for_death();
	sigemptyset(&ours);
	sigaddset(&ours, SIGALRM);
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		sigaddset(&ours, fatal[i]);
	sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

void gl_last_words_arm(
    int64_t seconds, int fd, struct gl_span reply, const struct gl_log_shot *shot)
{
	gl_last_words_disarm();
	last_words.fd = fd;
	last_words.map = gl_store_map(NULL);
	last_words.shot = *shot;
	last_words.loaded = true;
	last_words.len = reply.len < sizeof last_words.reply ? reply.len : 0;
	memcpy(last_words.reply, reply.at, last_words.len);
	struct itimerval limit = { .it_value = { .tv_sec = seconds } };
	setitimer(ITIMER_REAL, &limit, NULL);
}

void gl_last_words_watch(const struct gl_store *store)
{
	last_words.map = gl_store_map(store);
}

void gl_last_words_disarm(void)
{
	struct itimerval none = { .it_value = { .tv_sec = 0 } };
	setitimer(ITIMER_REAL, &none, NULL);
	last_words.len = 0;
}
