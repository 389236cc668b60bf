/*
 * image - a state directory of one's own, whose table is set to one state after another.
 *
 * Only the pages that differ from the state before are written.
 */
#ifndef GREYLIST_TEST_IMAGE_H
#define GREYLIST_TEST_IMAGE_H

#include "greylist/triplet.h"
#include "plan.h"

struct image {
	char directory[512];
	int fd; /* of data.mdb */
	const struct history *history;
	const uint8_t **shown; /* what each page holds; NULL: something else */
	uint64_t size;
};

/*
 * In the directory `directory`, which is made where it is not there;
 * what somebody left in it who was ended is used again.
 */
void image_make(struct image *image, const char *directory, const struct history *history,
    const uint8_t secret[GL_SECRET_SIZE]);

void image_show(struct image *image, const struct choice *choice);

/* The table was written to: nothing is known of it any more. */
void image_forget(struct image *image);

/* The directory stays. */
void image_drop(struct image *image);

#endif
