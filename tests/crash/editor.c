#include "editor.h"

#include <stdio.h>
#include <stdlib.h>

#include "tmpdir.h"
#include "workload.h"

enum {
	OTHERS = 200,             /* entries that make a list worth compiling */
	CONFIGURE = 8,            /* of so many edits one is of greylist.conf */
	PAUSE = 100 * 1000 * 1000 /* nanoseconds */
};

static void name_address(char *text, size_t size, unsigned edition)
{
	snprintf(text, size, "203.0.%u.%u", edition / 250 % 250, edition % 250);
}

static void write_list(const struct editor *editor)
{
	static char text[64 * OTHERS];
	char own[32], coming[600], list[600];
	name_address(own, sizeof own, editor->edition);
	int len = snprintf(text, sizeof text, "%s\n%s\n", WORKLOAD_EXEMPT_NETWORK, own);
	for (int i = 0; i < OTHERS; i++)
		len += snprintf(text + len, sizeof text - (size_t)len, "mx%d.edition%u.example\n",
		    i, editor->edition);
	tmpdir_write(editor->rig->dir, "coming.list", text, (size_t)len);
	snprintf(coming, sizeof coming, "%s/coming.list", editor->rig->dir);
	snprintf(list, sizeof list, "%s/exempt", editor->rig->dir);
	if (rename(coming, list) != 0) {
		perror(list);
		exit(1);
	}
}

static void write_configuration(const struct editor *editor)
{
	char more[1024];
	snprintf(more, sizeof more,
	    "request_timeout = \"20s\"\nrelays = {\"192.0.2.%u\"}\n"
	    "client_lists = {\"%s/exempt\"}\nrecipient_lists = {}\nsender_lists = {}\n",
	    editor->edition % 250, editor->rig->dir);
	rig_configure(editor->rig, editor->delay, more);
}

void editor_begin(struct editor *editor, const struct rig *rig, int64_t delay)
{
	*editor = (struct editor){ .rig = rig, .delay = delay };
	write_list(editor);
	write_configuration(editor);
}

void editor_go_on(struct editor *editor, int64_t now)
{
	if (editor->rig == NULL || now < editor->due)
		return;
	editor->due = now + PAUSE;
	editor->edition++;
	write_list(editor);
	if (editor->edition % CONFIGURE == 0)
		write_configuration(editor);
}

static bool passes(struct peer *peer, unsigned edition)
{
	char request[2048];
	struct envelope envelope = { .sender = "probe@example.org", .recipient = "r@example.org" };
	name_address(envelope.client, sizeof envelope.client, edition);
	size_t len = workload_request(request, sizeof request, &envelope);
	enum peer_news news = PEER_GONE;
	if (peer_ask(peer, request, len))
		while ((news = peer_read(peer, true)) == PEER_MORE)
			continue;
	return news == PEER_ANSWERED && answer_passes(peer->got.verb);
}

unsigned editor_probe(const struct editor *editor)
{
	unsigned wrong = 0;
	struct peer peer;
	if (editor->rig == NULL || editor->edition == 0)
		return 0;
	if (!peer_open(&peer, &editor->rig->target))
		return 1;
	if (!passes(&peer, editor->edition)) {
		printf("  the last edition of the list does not count\n");
		wrong++;
	}
	if (passes(&peer, editor->edition - 1)) {
		printf("  an edition of the list counts that is not the last\n");
		wrong++;
	}
	printf("  %u editions of the list\n", editor->edition);
	return wrong + (peer_close(&peer) != 0);
}
