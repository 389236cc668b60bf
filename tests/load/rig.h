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

/* Removes the directory, unless it is to be kept for a look. */
void rig_remove(struct rig *rig, bool keep);

/* How many lines of the helper's log hold the word. */
uint64_t rig_logged(const struct rig *rig, const char *word);

/*
 * Looks for warnings in the log and for reports of a sanitizer; prints
 * the first few and returns how many there are.
 */
uint64_t rig_trouble(const struct rig *rig);

/* The seed of this run (GREYLIST_TEST_SEED), or a fixed one. */
uint64_t rig_seed(void);

/* Whether this is a sanitized build, whose processes cost many times more. */
bool rig_sanitized(void);

#endif
