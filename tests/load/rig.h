/*
 * rig - the real helper on a fresh table, for tests that drive many of them.
 *
 * A temporary directory holds greylist.conf, the state directory, the
 * helper's log and what a sanitizer has to say: the helper's standard
 * error is the wire and goes nowhere.
 */
#ifndef GREYLIST_LOAD_RIG_H
#define GREYLIST_LOAD_RIG_H

#include "peer.h"

#include <stdint.h>

struct rig {
	char *dir;
	char state[512];
	char conf[512];
	char log[512];
	char *program[4];
	struct target target; /* starts the helper */
};

/* `helper` is borrowed. Ends the test where the directory cannot be had. */
void rig_make(struct rig *rig, const char *helper, int64_t delay);

/*
 * Writes greylist.conf anew, at one stroke: the rig's own place and log,
 * the delay, and `more`, whole lines.
 */
void rig_configure(const struct rig *rig, int64_t delay, const char *more);
#define RIG_NO_LISTS "client_lists = {}\nrecipient_lists = {}\nsender_lists = {}\n"

/* Removes the directory, unless it is to be kept for a look. */
void rig_remove(struct rig *rig, bool keep);

/* How many lines of the helper's log hold the word. */
uint64_t rig_logged(const struct rig *rig, const char *word);

/*
 * Looks for warnings in the log and for reports of a sanitizer; prints
 * the first few and returns how many there are.
 */
uint64_t rig_trouble(const struct rig *rig);

/*
 * Has `greylist-admin check --deep` read the table; prints what it finds
 * wrong with it and returns how much that is.
 */
uint64_t rig_damage(const struct rig *rig, const char *admin);

/* The seed of this run (GREYLIST_TEST_SEED), or a fixed one. */
uint64_t rig_seed(void);

/* Whether this is a sanitized build, whose processes cost many times more. */
bool rig_sanitized(void);

#endif
