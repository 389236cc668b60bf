/*
 * fault - lets the N-th call of a kind fail, for N = 1, 2, 3 and on
 * until a run meets no failure at all.
 *
 * The linker's --wrap puts these wrappers between our code and the
 * library; what the library calls inside itself is not touched.
 */
#ifndef GREYLIST_TEST_FAULT_H
#define GREYLIST_TEST_FAULT_H

#include <stdbool.h>

enum fault_kind { FAULT_LMDB, FAULT_SYSTEM, FAULT_MEMORY };

/* From now on the n-th call of that kind fails with the code (LMDB's or errno's). */
void fault_arm(enum fault_kind kind, unsigned n, int code);

/* No more failures. True when one was injected since fault_arm. */
bool fault_disarm(void);

/* The name of the call that failed. */
const char *fault_where(void);

#endif
