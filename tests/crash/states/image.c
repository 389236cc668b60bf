#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tmpdir.h"

static void must(bool done, const char *what)
{
	if (!done) {
		perror(what);
		abort();
	}
}

static bool made(int done)
{
	return done == 0 || errno == EEXIST;
}

void image_make(struct image *image, const char *directory, const struct history *history,
    const uint8_t secret[GL_SECRET_SIZE])
{
	*image = (struct image){ .history = history };
	snprintf(image->directory, sizeof image->directory, "%s", directory);
	must(made(mkdir(directory, 0750)), directory);
	tmpdir_write(directory, "secret", secret, GL_SECRET_SIZE);
	must(made(mkdir(tmpdir_path(directory, "table.1"), 0750)), "table.1");
	must(made(symlink("table.1", tmpdir_path(directory, "table"))), "table");
	image->fd = open(
	    tmpdir_path(directory, "table.1/data.mdb"), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	image->shown = calloc(history->page_count, sizeof *image->shown);
	must(image->fd >= 0 && image->shown != NULL, "data.mdb");
	image_forget(image);
}

/* What is cut off is zeros when the file grows again. */
static void resize(struct image *image, uint64_t size)
{
	if (size == image->size)
		return;
	must(ftruncate(image->fd, (off_t)size) == 0, "data.mdb");
	for (size_t i = size / PAGE; i < image->history->page_count; i++)
		image->shown[i] = image->history->pages[i].versions[0];
	image->size = size;
}

static void put_page(const struct image *image, size_t page, const uint8_t *bytes)
{
	must(pwrite(image->fd, bytes, PAGE, (off_t)(page * PAGE)) == PAGE, "data.mdb");
}

static void put_torn(struct image *image, const struct choice *choice, const struct tear *tear)
{
	const struct page *page = &image->history->pages[tear->page];
	uint8_t bytes[PAGE];
	memcpy(bytes, page->versions[choice->version[tear->page]], PAGE);
	for (size_t i = 0; i < PAGE / SECTOR; i++) {
		if ((tear->sectors & 1u << i) != 0)
			memcpy(
			    bytes + i * SECTOR, page->versions[tear->other] + i * SECTOR, SECTOR);
	}
	put_page(image, tear->page, bytes);
	image->shown[tear->page] = NULL;
}

void image_show(struct image *image, const struct choice *choice)
{
	resize(image, choice->size);
	for (size_t i = 0; i < choice->size / PAGE; i++) {
		const uint8_t *bytes = image->history->pages[i].versions[choice->version[i]];
		if (image->shown[i] == bytes)
			continue;
		put_page(image, i, bytes);
		image->shown[i] = bytes;
	}
	for (size_t i = 0; i < choice->tear_count; i++)
		put_torn(image, choice, &choice->tears[i]);
}

void image_forget(struct image *image)
{
	must(ftruncate(image->fd, 0) == 0, "data.mdb");
	image->size = 0;
	for (size_t i = 0; i < image->history->page_count; i++)
		image->shown[i] = image->history->pages[i].versions[0];
}

void image_drop(struct image *image)
{
	close(image->fd);
	free(image->shown);
}
