#include "greylist/pool.h"

#include <string.h>

/* RFC 1035 2.3.4 */
enum { NAME_LONGEST = 253, LABEL_MAX = 63 };

static struct gl_span without_root(struct gl_span name)
{
	return gl_span_head(name, name.len - (name.len > 0 && name.at[name.len - 1] == '.'));
}

static bool is_label(struct gl_span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!gl_is_alnum(label.at[i]) && label.at[i] != '-' && label.at[i] != '_')
			return false;
	return label.len > 0 && label.len <= LABEL_MAX;
}

static bool is_number(struct gl_span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!gl_is_digit(label.at[i]))
			return false;
	return true;
}

/* How many labels; 0: no good name, or an address (no top-level domain is a number). */
static unsigned count_labels(struct gl_span name)
{
	unsigned labels = 1;

	if (name.len > NAME_LONGEST)
		return 0;
	for (;;) {
		struct gl_span label = gl_span_head(name, gl_span_find(name, '.'));

		if (!is_label(label))
			return 0;
		if (label.len == name.len)
			return is_number(label) ? 0 : labels;
		name = gl_span_skip(name, label.len + 1);
		labels++;
	}
}

/* The name's last labels; empty where it has fewer. */
static struct gl_span last_labels(struct gl_span name, unsigned labels)
{
	size_t at = name.len;

	for (unsigned n = 0; n < labels; n++) {
		struct gl_span left = gl_span_head(name, at);
		size_t dot = gl_span_find_last(left, '.');

		if (dot == left.len)
			return n + 1 == labels ? name : gl_span_head(name, 0);
		at = dot;
	}
	return gl_span_skip(name, at + 1);
}

/* The rule that `labels` of the name would be in this list, and the suffix that it would prove. */
static void ask(
    struct gl_suffix_probes *probes, enum gl_list list, struct gl_span text, unsigned suffix_labels)
{
	struct gl_rule rule = { .list = list, .kind = GL_RULE_DOMAIN, .text = text };
	char *at = probes->bytes + probes->used;
	struct gl_key key;

	gl_rule_key(&key, &rule);
	if (probes->count == GL_SUFFIX_PROBES_MAX || key.len > sizeof probes->bytes - probes->used)
		return;
	memcpy(at, key.bytes, key.len);
	probes->used += key.len;
	probes->probe[probes->count++] = (struct gl_suffix_probe){ .key = { at, key.len },
		.labels = suffix_labels };
}

static bool occurs(const struct gl_rules_head *head, enum gl_list list, unsigned labels)
{
	return labels > 0 && labels <= GL_LABELS_MAX &&
	       (head->use[list].labels & UINT32_C(1) << labels) != 0;
}

/* An exception's suffix is what stands behind its first label. */
static void ask_exceptions(struct gl_suffix_probes *probes, const struct gl_rules_head *head,
    struct gl_span name, unsigned labels)
{
	for (unsigned n = labels; n > 1; n--)
		if (occurs(head, GL_LIST_SUFFIX_EXCEPTIONS, n))
			ask(probes, GL_LIST_SUFFIX_EXCEPTIONS, last_labels(name, n), n - 1);
}

static void ask_suffixes(struct gl_suffix_probes *probes, const struct gl_rules_head *head,
    struct gl_span name, unsigned labels)
{
	for (unsigned n = labels; n > 1; n--) {
		if (occurs(head, GL_LIST_SUFFIXES, n))
			ask(probes, GL_LIST_SUFFIXES, last_labels(name, n), n);
		if (occurs(head, GL_LIST_SUFFIX_WILDCARDS, n - 1))
			ask(probes, GL_LIST_SUFFIX_WILDCARDS, last_labels(name, n - 1), n);
	}
}

void gl_suffix_probes(
    struct gl_suffix_probes *probes, const struct gl_rules_head *head, struct gl_span name)
{
	probes->count = 0;
	probes->used = 0;
	name = without_root(name);
	unsigned labels = count_labels(name);
	/* a wildcard's suffix has a label more than its rule */
	unsigned asked = labels < GL_LABELS_MAX + 1 ? labels : GL_LABELS_MAX + 1;

	probes->usable = labels > 1 && head->use[GL_LIST_SUFFIXES].labels != 0;
	if (!probes->usable)
		return;
	ask_exceptions(probes, head, name, asked);
	ask_suffixes(probes, head, name, asked);
}

struct gl_span gl_pool_domain(
    struct gl_span name, const struct gl_suffix_probes *probes, const bool found[])
{
	unsigned suffix = 1;

	if (!probes->usable)
		return gl_span_head(name, 0);
	for (size_t i = 0; i < probes->count; i++) {
		if (found[i]) {
			suffix = probes->probe[i].labels;
			break;
		}
	}
	return last_labels(without_root(name), suffix + 1);
}

const char *gl_name_flaw(enum gl_name_kind kind)
{
	switch (kind) {
	case GL_NAME_UNKNOWN:
		return "the client has no verified name";
	case GL_NAME_ADDRESS:
		return "the client's name carries its address";
	case GL_NAME_DYNAMIC:
		return "the client's name is like that of a customer's line";
	case GL_NAME_PLAIN:
		break;
	}
	return NULL;
}
