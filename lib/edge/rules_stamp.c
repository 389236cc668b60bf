#include "greylist/rules.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Raised when the same text would compile to something else. */
enum { GRAMMAR = 3 };

/* A chain: each piece is digested together with the digest of all that went before. */
static void fold(uint8_t stamp[GL_STAMP_SIZE], const void *piece, size_t len)
{
	static const struct gl_secret constant = { "exempt list stam" };
	char room[GL_STAMP_SIZE + 8 + 256];
	const char *at = piece;

	do {
		size_t part = len < 256 ? len : 256;
		struct gl_out out = gl_out_into(room, sizeof room);

		gl_out_span(&out, (struct gl_span){ (const char *)stamp, GL_STAMP_SIZE });
		for (unsigned shift = 64; shift > 0; shift -= 8)
			gl_out_byte(&out, (char)((uint64_t)len >> (shift - 8) & 0xff));
		gl_out_span(&out, (struct gl_span){ at, part });
		gl_digest(stamp, gl_out_done(&out), &constant);
		at += part;
		len -= part;
	} while (len > 0);
}

static void fold_number(uint8_t stamp[GL_STAMP_SIZE], uint64_t number)
{
	fold(stamp, &number, sizeof number);
}

static void fold_text(uint8_t stamp[GL_STAMP_SIZE], const char *text)
{
	fold(stamp, text, strlen(text));
}

static void fold_time(uint8_t stamp[GL_STAMP_SIZE], struct timespec time)
{
	fold_number(stamp, (uint64_t)time.tv_sec);
	fold_number(stamp, (uint64_t)time.tv_nsec);
}

static void fold_file(uint8_t stamp[GL_STAMP_SIZE], const char *path)
{
	enum { THERE, MISSING, CLOSED };
	struct stat info;

	if (stat(path, &info) != 0) {
		fold_number(stamp, errno == ENOENT || errno == ENOTDIR ? MISSING : CLOSED);
		return;
	}
	fold_number(stamp, THERE);
	fold_number(stamp, (uint64_t)info.st_dev);
	fold_number(stamp, (uint64_t)info.st_ino);
	fold_number(stamp, (uint64_t)info.st_size);
	fold_time(stamp, info.st_mtim);
	fold_time(stamp, info.st_ctim);
}

static void fold_words(uint8_t stamp[GL_STAMP_SIZE], const struct gl_rules_input *input)
{
	fold_number(stamp, input->line);
	fold_number(stamp, input->word_count);
	for (size_t i = 0; i < input->word_count; i++)
		fold_text(stamp, input->words[i]);
}

void gl_rules_stamp(uint8_t stamp[GL_STAMP_SIZE], const struct gl_rules_input *inputs, size_t count)
{
	memset(stamp, 0, GL_STAMP_SIZE);
	fold_number(stamp, GRAMMAR);
	for (size_t i = 0; i < count; i++) {
		fold_number(stamp, inputs[i].list);
		fold_number(stamp, inputs[i].words != NULL);
		fold_text(stamp, inputs[i].path);
		if (inputs[i].words == NULL)
			fold_file(stamp, inputs[i].path);
		else
			fold_words(stamp, &inputs[i]);
	}
}
