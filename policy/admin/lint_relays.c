#include "lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOMAINS_MAX = 32, HOSTS_MAX = 64 };

struct search {
	struct gl_check *check;
	const struct gl_lint_postfix *postfix;
	const struct gl_ruleset *rules;
	const struct gl_resolver *resolver;
	size_t domain_count;
	char domains[DOMAINS_MAX][GL_DNS_NAME_MAX];
	size_t host_count; /* seen already */
	char hosts[HOSTS_MAX][GL_DNS_NAME_MAX];
	size_t left_out; /* domains that are too many, or in a map */
	unsigned named;  /* hosts that DNS names, in all */
	unsigned missing;
	struct gl_probes probes;
};

/* Adds a name that is not there yet. False: there is no room. */
static bool add(char (*names)[GL_DNS_NAME_MAX], size_t *count, size_t most, struct gl_span name)
{
	for (size_t i = 0; i < *count; i++) {
		if (gl_span_equal_fold(gl_span_of(names[i]), name))
			return true;
	}
	if (*count == most || name.len >= GL_DNS_NAME_MAX)
		return false;
	snprintf(names[(*count)++], GL_DNS_NAME_MAX, "%.*s", (int)name.len, name.at);
	return true;
}

/* postconf(5), mydestination: domains, /files and type:table, after '!' or not. */
static void add_domain(struct search *search, struct gl_span word)
{
	struct gl_span top = gl_span_skip(word, gl_span_find_last(word, '.') + 1);

	if (gl_span_find(word, ':') < word.len || gl_span_find(word, '/') < word.len) {
		search->left_out++;
		return;
	}
	if (word.len == 0 || top.len == 0 || word.at[0] == '!' || word.at[0] == '[' ||
	    gl_span_equal_fold(top, gl_span_of("localdomain")) ||
	    gl_span_equal_fold(top, gl_span_of("localhost")))
		return;
	if (!add(search->domains, &search->domain_count, DOMAINS_MAX, word))
		search->left_out++;
}

static void find_domains(struct search *search)
{
	static const char *const parameters[] = { "mydestination", "relay_domains",
		"virtual_mailbox_domains", "virtual_alias_domains" };

	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		struct gl_span rest = gl_lint_parameter(search->postfix, parameters[i]);
		struct gl_span word;

		while ((word = gl_lint_word(&rest)).len > 0)
			add_domain(search, word);
	}
}

/* postconf(5), proxy_interfaces: where mail comes in through somebody else's address. */
static bool is_ours(const struct search *search, const struct gl_address *address)
{
	struct gl_span rest = gl_lint_parameter(search->postfix, "proxy_interfaces");
	struct gl_span word;

	while ((word = gl_lint_word(&rest)).len > 0) {
		struct gl_address proxy;

		if (gl_address_parse(&proxy, word) == GL_OK && proxy.family == address->family &&
		    memcmp(proxy.bytes, address->bytes, sizeof proxy.bytes) == 0)
			return true;
	}
	return gl_is_own_address(address);
}

/* The very question that a request puts to the rules. */
static bool is_relay(struct search *search, const struct gl_address *address, const char *host)
{
	struct gl_exempt_question question = { .client = address, .client_name = gl_span_of(host) };
	struct gl_span value;

	gl_exempt_probes(&search->probes, &search->rules->head, &question);
	for (size_t i = 0; i < search->probes.count; i++) {
		if (search->probes.probe[i].list == GL_LIST_RELAYS &&
		    gl_ruleset_find(search->rules, search->probes.probe[i].key, &value) == GL_OK)
			return true;
	}
	return false;
}

static void say_missing(
    struct search *search, const struct gl_address *address, const char *host, const char *domain)
{
	const char *config = search->check->admin->world.config_path;
	char text[GL_ADDRESS_TEXT];
	struct gl_out out = gl_out_into(text, sizeof text);

	gl_out_address(&out, address);
	search->missing++;
	gl_finding(search->check, GL_FINDING_RELAY_MISSING, gl_at_parameter(config, "relays"),
	    "%s, %s, is an MX host of %s and is not named", gl_out_string(&out), host, domain);
}

/* Both kinds of addresses; a host of which one is ours is this machine. */
static enum gl_status look_at_host(struct search *search, const char *host, const char *domain)
{
	static const enum gl_dns_type types[] = { GL_DNS_A, GL_DNS_AAAA };
	struct gl_dns_answer answers[2];
	bool ours = false;

	for (size_t i = 0; i < 2; i++) {
		enum gl_status status = search->resolver->ask(
		    search->resolver, &answers[i], host, types[i]);

		if (status != GL_OK && status != GL_NOT_FOUND)
			return status;
		for (size_t j = 0; j < answers[i].count; j++)
			ours = ours || is_ours(search, &answers[i].at[j].address);
	}
	for (size_t i = 0; i < 2 && !ours; i++) {
		for (size_t j = 0; j < answers[i].count; j++) {
			const struct gl_address *address = &answers[i].at[j].address;

			if (!is_relay(search, address, host))
				say_missing(search, address, host, domain);
		}
	}
	return GL_OK;
}

static enum gl_status look_at_domain(struct search *search, const char *domain)
{
	struct gl_span own = gl_lint_parameter(search->postfix, "myhostname");
	struct gl_dns_answer hosts;
	enum gl_status status = search->resolver->ask(search->resolver, &hosts, domain, GL_DNS_MX);

	for (size_t i = 0; i < hosts.count && status == GL_OK; i++) {
		const char *host = hosts.at[i].name;
		size_t seen = search->host_count;

		search->named++;
		if (gl_span_equal_fold(gl_span_of(host), own))
			continue;
		if (!add(search->hosts, &search->host_count, HOSTS_MAX, gl_span_of(host)))
			return GL_TOO_LONG;
		if (search->host_count > seen)
			status = look_at_host(search, host, domain);
	}
	return status == GL_NOT_FOUND ? GL_OK : status;
}

static void look_at_all(struct search *search)
{
	enum gl_status status = GL_OK;
	size_t done = 0;

	while (done < search->domain_count && status == GL_OK)
		status = look_at_domain(search, search->domains[done++]);
	if (status == GL_TOO_LONG)
		gl_finding_skipped(
		    search->check, "MX hosts: not checked beyond the first %d", HOSTS_MAX);
	else if (status != GL_OK)
		gl_finding_skipped(search->check,
		    "MX hosts: not checked from %s on, DNS does not answer",
		    search->domains[done - 1]);
	else if (search->named == 0)
		gl_finding_skipped(search->check,
		    "MX hosts: not checked, DNS names none for the %zu domains of main.cf",
		    search->domain_count);
	else if (search->missing == 0)
		gl_finding_ok(search->check,
		    "MX hosts: those of %zu domains are this machine or in `relays`",
		    search->domain_count);
}

void gl_lint_relays(struct gl_check *check, const struct gl_lint_postfix *postfix,
    const struct gl_ruleset *rules, const struct gl_resolver *resolver)
{
	struct search *search = calloc(1, sizeof *search);

	if (search == NULL) {
		gl_finding_skipped(check, "MX hosts: not checked, out of memory");
		return;
	}
	search->check = check;
	search->postfix = postfix;
	search->rules = rules;
	search->resolver = resolver;
	find_domains(search);
	if (search->domain_count > 0)
		look_at_all(search);
	else
		gl_finding_skipped(check, "MX hosts: not checked, main.cf names no domain of ours");
	if (search->left_out > 0)
		gl_finding_skipped(check,
		    "MX hosts: not checked for %zu tables and further domains in main.cf",
		    search->left_out);
	free(search);
}
