#include "greylist/terms.h"

#include "greylist/request.h"
#include "greylist/sender.h"

static const char *const term_names[] = {
	[GL_TERM_MODE] = "mode",
	[GL_TERM_DELAY] = "delay",
	[GL_TERM_RETRY_WINDOW] = "retry_window",
	[GL_TERM_MAX_AGE] = "max_age",
	[GL_TERM_IDENTITY] = "identity",
	[GL_TERM_EXEMPT] = "exempt",
	[GL_TERM_TEXT] = "text",
};
_Static_assert(sizeof term_names / sizeof *term_names == GL_TERMS, "every term has a name");

static const char *const kind_names[] = {
	[GL_SECTION_RECIPIENT] = "recipient",
	[GL_SECTION_SENDER] = "sender",
	[GL_SECTION_CONTEXT] = "policy_context",
};
_Static_assert(sizeof kind_names / sizeof *kind_names == GL_SECTION_KINDS, "every kind has a name");

const char *gl_mode_text(enum gl_mode mode)
{
	static const char *const words[] = {
		[GL_MODE_OFF] = "off",
		[GL_MODE_LEARN] = "learn",
		[GL_MODE_DRY_RUN] = "dry-run",
		[GL_MODE_ON] = "on",
	};

	return mode < sizeof words / sizeof *words ? words[mode] : NULL;
}

const char *gl_identity_text(enum gl_identity_option identity)
{
	static const char *const words[] = {
		[GL_IDENTITY_NETWORK] = "network",
		[GL_IDENTITY_NAME] = "network+name",
	};

	return identity < sizeof words / sizeof *words ? words[identity] : NULL;
}

const char *gl_term_name(enum gl_term term)
{
	return term_names[term];
}

const char *gl_section_kind_name(enum gl_section_kind kind)
{
	return kind_names[kind];
}

struct mailbox {
	struct gl_span user;
	struct gl_span plain; /* without its extension */
	struct gl_span domain;
};

struct matching {
	struct mailbox recipient;
	struct mailbox sender;
	struct gl_span context;
};

/* In order of precedence; a domain's length goes on top of it. */
enum level {
	LEVEL_NONE,
	LEVEL_CONTEXT,
	LEVEL_SENDER_DOMAIN,
	LEVEL_SENDER_PLAIN,
	LEVEL_SENDER,
	LEVEL_RECIPIENT_DOMAIN,
	LEVEL_RECIPIENT_PLAIN,
	LEVEL_RECIPIENT
};

static struct mailbox mailbox_of(struct gl_span address, char delimiter)
{
	size_t at = gl_span_find_last(address, '@');
	struct mailbox box = { .user = gl_span_head(address, at),
		.domain = gl_span_skip(address, at + 1) };
	size_t end = delimiter == '\0' ? at : gl_span_find(box.user, delimiter);

	box.plain = end == 0 ? box.user : gl_span_head(box.user, end);
	if (box.domain.len > 0 && box.domain.at[box.domain.len - 1] == '.')
		box.domain.len--;
	return box;
}

static bool is_within(struct gl_span domain, struct gl_span wider)
{
	if (domain.len < wider.len)
		return false;

	size_t above = domain.len - wider.len;

	return (above == 0 || domain.at[above - 1] == '.') &&
	       gl_span_equal_fold(gl_span_skip(domain, above), wider);
}

/* `level` is the domain's; the two above it are the address's. */
static uint32_t mailbox_rank(
    const struct gl_section *section, const struct mailbox *box, enum level level)
{
	enum { SHIFT = 16 };

	if (section->user.len == 0)
		return is_within(box->domain, section->domain)
			   ? (uint32_t)level << SHIFT | (uint32_t)section->domain.len
			   : LEVEL_NONE;
	if (!gl_span_equal_fold(section->domain, box->domain))
		return LEVEL_NONE;
	if (gl_span_equal_fold(section->user, box->user))
		return ((uint32_t)level + 2) << SHIFT;
	return gl_span_equal_fold(section->user, box->plain) ? ((uint32_t)level + 1) << SHIFT
							     : LEVEL_NONE;
}

/* LEVEL_NONE: the section says nothing about it. A greater rank is more specific. */
static uint32_t rank_of(const struct gl_section *section, const struct matching *matching)
{
	switch (section->kind) {
	case GL_SECTION_RECIPIENT:
		return mailbox_rank(section, &matching->recipient, LEVEL_RECIPIENT_DOMAIN);
	case GL_SECTION_SENDER:
		return mailbox_rank(section, &matching->sender, LEVEL_SENDER_DOMAIN);
	case GL_SECTION_CONTEXT:
	case GL_SECTION_KINDS:
		break;
	}
	return gl_span_equal(section->domain, matching->context) ? LEVEL_CONTEXT : LEVEL_NONE;
}

static bool sets(const struct gl_settings *settings, enum gl_term term)
{
	return (settings->set >> term & 1) != 0;
}

static void take_term(struct gl_terms *terms, enum gl_term term, const struct gl_settings *from)
{
	switch (term) {
	case GL_TERM_MODE:
		terms->mode = from->mode;
		break;
	case GL_TERM_DELAY:
		terms->timing.delay = from->timing.delay;
		break;
	case GL_TERM_RETRY_WINDOW:
		terms->timing.retry_window = from->timing.retry_window;
		break;
	case GL_TERM_MAX_AGE:
		terms->timing.max_age = from->timing.max_age;
		break;
	case GL_TERM_IDENTITY:
		terms->identity = from->identity;
		break;
	case GL_TERM_EXEMPT:
		terms->exempt = from->exempt;
		break;
	case GL_TERM_TEXT:
		terms->text = from->text;
		break;
	case GL_TERMS:
		break;
	}
}

/* Terms being narrowed, and how specific is what each of them comes from. */
struct narrowing {
	struct gl_terms *terms;
	const char *file;
	uint32_t rank[GL_TERMS];
};

static void take(struct narrowing *narrowing, const struct gl_section *section,
    const struct gl_settings *settings, uint32_t rank)
{
	bool theirs = settings != &section->own;

	for (enum gl_term term = 0; term < GL_TERMS; term++) {
		if (!sets(settings, term) || rank <= narrowing->rank[term])
			continue;
		narrowing->rank[term] = rank;
		take_term(narrowing->terms, term, settings);
		narrowing->terms->from[term] = (struct gl_origin){ .section = section,
			.file = theirs ? section->delegate : narrowing->file,
			.line = settings->line[term] };
	}
}

/* A domain's own file goes before its section, and behind a section of more than the domain. */
static void take_section(struct narrowing *narrowing, const struct gl_section *section,
    const struct matching *matching, const struct gl_settings *unread)
{
	uint32_t rank = 2 * rank_of(section, matching);

	if (rank == LEVEL_NONE)
		return;
	take(narrowing, section, &section->own, rank);
	if (section->delegate != NULL)
		take(narrowing, section, section->read ? &section->theirs : unread, rank + 1);
}

static const struct gl_settings nothing;
static const struct gl_settings anything = {
	.set = 1U << GL_TERM_RETRY_WINDOW | 1U << GL_TERM_MAX_AGE,
	.timing = { .retry_window = GL_TIME_MAX, .max_age = GL_TIME_MAX },
};

void gl_terms_narrow(struct gl_terms *terms, const struct gl_sections *sections,
    const struct gl_terms_question *question)
{
	char sender[GL_VALUE_MAX];
	struct gl_out out = gl_out_into(sender, sizeof sender);
	struct narrowing narrowing = { .terms = terms, .file = sections->file };

	if (sections->count == 0)
		return;
	if (sections->of[GL_SECTION_SENDER] > 0)
		gl_out_sender(&out, question->sender);

	struct matching matching = {
		.recipient = mailbox_of(question->recipient, sections->delimiter),
		.sender = mailbox_of(gl_out_done(&out), sections->delimiter),
		.context = question->context,
	};

	for (size_t i = 0; i < sections->count; i++)
		take_section(&narrowing, &sections->at[i], &matching, &nothing);
}

bool gl_section_receives(
    const struct gl_section *section, const struct gl_sections *sections, struct gl_span recipient)
{
	struct mailbox box = mailbox_of(recipient, sections->delimiter);

	return section->kind == GL_SECTION_RECIPIENT &&
	       mailbox_rank(section, &box, LEVEL_RECIPIENT_DOMAIN) != LEVEL_NONE;
}

static void widen(
    struct gl_timing *timing, const struct gl_settings *settings, bool window, bool age)
{
	const struct gl_timing *other = &settings->timing;

	if (window && sets(settings, GL_TERM_RETRY_WINDOW) &&
	    other->retry_window > timing->retry_window)
		timing->retry_window = other->retry_window;
	if (age && sets(settings, GL_TERM_MAX_AGE) && other->max_age > timing->max_age)
		timing->max_age = other->max_age;
}

/* By the sections of these kinds, each of which may be the one that speaks of the record. */
static void widen_by_all(struct gl_timing *timing, const struct gl_sections *sections,
    enum gl_section_kind from, const struct gl_terms *known)
{
	bool window = known->from[GL_TERM_RETRY_WINDOW].section == NULL;
	bool age = known->from[GL_TERM_MAX_AGE].section == NULL;

	for (size_t i = 0; i < sections->count; i++) {
		const struct gl_section *section = &sections->at[i];

		if (section->kind < from)
			continue;
		widen(timing, &section->own, window, age);
		if (section->delegate != NULL)
			widen(timing, section->read ? &section->theirs : &anything, window, age);
	}
}

struct gl_timing gl_terms_of_record(const struct gl_timing *outside,
    const struct gl_sections *sections, const struct gl_record *record)
{
	struct gl_terms terms = { .timing = *outside };

	if (sections->count == 0)
		return *outside;
	if (record->text.len == 0) {
		widen_by_all(&terms.timing, sections, GL_SECTION_RECIPIENT, &terms);
		return terms.timing;
	}

	struct narrowing narrowing = { .terms = &terms, .file = sections->file };
	struct matching matching = {
		.recipient = mailbox_of(gl_record_recipient(record), sections->delimiter),
		.sender = mailbox_of(gl_record_sender(record), sections->delimiter),
	};

	for (size_t i = 0; i < sections->count; i++)
		if (sections->at[i].kind != GL_SECTION_CONTEXT)
			take_section(&narrowing, &sections->at[i], &matching, &anything);
	widen_by_all(&terms.timing, sections, GL_SECTION_CONTEXT, &terms);
	return terms.timing;
}
