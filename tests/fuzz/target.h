/*
 * target - what a fuzz target and the replay have in common.
 */
#ifndef GREYLIST_FUZZ_TARGET_H
#define GREYLIST_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Zero; does not return where a property fails. `data` holds exactly `size` bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property: the fuzzer and the replay both take the abort for a finding. */
#define REQUIRE(truth) ((truth) ? (void)0 : abort())

#endif
