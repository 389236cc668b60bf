#include <inttypes.h>

#include "explain.h"
#include "output.h"

static const char advice[] = "to let it through now: greylist-admin allow --for 1h ";

static const char *network_text(char text[GL_NETWORK_TEXT], const struct gl_network *network)
{
	struct gl_out out = gl_out_into(text, GL_NETWORK_TEXT);
	if (network->prefix == gl_family_bits(network->base.family))
		gl_out_address(&out, &network->base);
	else
		gl_out_network(&out, network);
	return gl_out_string(&out);
}

static void print_verdict(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	gl_print_colour(admin->out, admin->colour, judgement->pass ? GL_GREEN : GL_YELLOW,
	    gl_explain_verdict(explanation));
	fprintf(admin->out, " %s\n", gl_reason_text(judgement->reason));
}

static void print_attempt(const struct gl_admin *admin, const struct gl_request *request)
{
	static const enum gl_attribute shown[] = { GL_ATTR_CLIENT_ADDRESS, GL_ATTR_CLIENT_NAME };
	fputs("attempt ", admin->out);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		struct gl_span text = gl_request_get(request, shown[i]);
		gl_print_printable(admin->out, text.len > 0 ? text : gl_span_of("unknown"));
		fputc(' ', admin->out);
	}
	gl_print_envelope(admin->out, gl_request_get(request, GL_ATTR_SENDER));
	fputc(' ', admin->out);
	gl_print_envelope(admin->out, gl_request_get(request, GL_ATTR_RECIPIENT));
	fputc('\n', admin->out);
}

static void print_rule(
    const struct gl_admin *admin, const char *what, const struct gl_rule_source *rule)
{
	if (rule->line == 0)
		return;
	fprintf(admin->out, "%s ", what);
	gl_print_printable(admin->out, rule->file);
	fprintf(admin->out, ":%" PRIu32 ": ", rule->line);
	gl_print_printable(admin->out, rule->text);
	fputc('\n', admin->out);
}

static void print_override(const struct gl_admin *admin, const struct gl_judgement *judgement)
{
	const struct gl_override *override = &judgement->override;
	char time[GL_TIME_TEXT];
	if (override->who.len == 0)
		return;
	fputs(judgement->never_override ? "never auto-whitelisted, said by hand "
					: "allowed by hand ",
	    admin->out);
	fputs(gl_time_text(time, override->made), admin->out);
	if (override->until != 0)
		fprintf(admin->out, " until %s", gl_time_text(time, override->until));
	fputs(": ", admin->out);
	gl_print_printable(admin->out, override->who);
	if (override->reason.len > 0) {
		fputs(", ", admin->out);
		gl_print_printable(admin->out, override->reason);
	}
	fputc('\n', admin->out);
}

static void print_key(const struct gl_admin *admin, const struct gl_judgement *judgement)
{
	char network[GL_NETWORK_TEXT];
	struct gl_out out = gl_out_into(network, sizeof network);
	if (!judgement->asked)
		return;
	gl_out_network(&out, &judgement->triplet.client);
	fprintf(admin->out, "key %s ", gl_out_string(&out));
	gl_print_envelope(admin->out, gl_triplet_sender(&judgement->triplet));
	fputc(' ', admin->out);
	gl_print_envelope(admin->out, gl_triplet_recipient(&judgement->triplet));
	fputc('\n', admin->out);
}

static const char *why_no_pool(enum gl_name_kind name)
{
	const char *flaw = gl_name_flaw(name);
	return flaw != NULL ? flaw : "nobody can tell whose domain the client's name is in";
}

static void print_pool(const struct gl_admin *admin, const struct gl_judgement *judgement)
{
	if (!judgement->pool_asked)
		return;
	fputs("pool ", admin->out);
	if (judgement->pool.pool.len > 0)
		gl_print_printable(admin->out, judgement->pool.pool);
	else
		fprintf(admin->out, "none: %s", why_no_pool(judgement->name));
	fputc('\n', admin->out);
}

static void print_client(const struct gl_admin *admin, const struct gl_entry *entry)
{
	char seen[GL_TIME_TEXT];
	fprintf(admin->out,
	    "record of the client: count %" PRIu32 " (%" PRIu32 " needed), last seen %s\n",
	    entry->memory.count, admin->world.config.auto_whitelist,
	    gl_time_text(seen, entry->memory.last_seen));
}

static void print_triplet(
    const struct gl_admin *admin, const struct gl_entry *entry, const struct gl_timing *timing)
{
	static const char *const whose[] = { [GL_BY_NETWORK] = "",
		[GL_BY_POOL] = " of the pool",
		[GL_BY_ANYONE] = " of what our users wrote" };
	const struct gl_record *record = &entry->record;
	struct gl_network origin;
	char text[GL_TIME_TEXT], network[GL_NETWORK_TEXT];
	enum gl_state state = gl_record_state(timing, record, admin->now);
	fprintf(admin->out, "record%s %s, first seen %s", whose[entry->identity.kind],
	    gl_state_text(state), gl_time_text(text, record->first_seen));
	if (gl_key_network(&origin, record->origin) == GL_OK)
		fprintf(admin->out, " from %s", network_text(network, &origin));
	fprintf(admin->out, ", last seen %s", gl_time_text(text, record->last_seen));
	if (record->passed_at != 0)
		fprintf(admin->out, ", passed at %s", gl_time_text(text, record->passed_at));
	fprintf(admin->out, ", attempts %" PRIu32 ", passes %" PRIu32 "\n", record->attempts,
	    record->passes);
}

static void print_record(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	if (!explanation->has_record)
		fputs(explanation->judgement.asked ? "record none\n" : "", admin->out);
	else if (explanation->record.table == GL_TABLE_CLIENT)
		print_client(admin, &explanation->record);
	else
		print_triplet(admin, &explanation->record, &explanation->judgement.terms.timing);
}

static const char *remark(enum gl_reason reason)
{
	static const char *const remarks[GL_REASONS] = {
		[GL_REASON_STATE] = "only requests of the protocol state RCPT are judged",
		[GL_REASON_INCOMPLETE] = "nothing can be judged without the client's address and "
					 "name, the sender and the recipient",
		[GL_REASON_AUTHENTICATED] = "who has logged in always passes",
		[GL_REASON_CERTIFICATE] = "Postfix trusts the client's certificate",
		[GL_REASON_NULL_SENDER] = "mail without a sender is judged at DATA",
		[GL_REASON_UNSUSPICIOUS] = "suspects_only is set, and nothing looks wrong",
		[GL_REASON_SAME_MESSAGE] = "a recipient of the same message passed by its own "
					   "triplet",
		[GL_REASON_ANSWERED] = "one of our users wrote to this sender",
	};
	return remarks[reason];
}

static void print_mode(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	bool learn = explanation->judgement.terms.mode == GL_MODE_LEARN;
	if (explanation->judgement.reason != GL_REASON_MODE)
		return;
	if (!learn)
		fputs("mode is off: everything passes\n", admin->out);
	else
		fprintf(admin->out,
		    "mode is learn: nobody waits, and the attempt would be remembered as "
		    "passed%s\n",
		    explanation->counts ? "; the client would be counted" : "");
}

static void print_remarks(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	const char *text = remark(judgement->reason);
	char until[GL_TIME_TEXT];
	if (text != NULL && judgement->rule.line == 0)
		fprintf(admin->out, "%s\n", text);
	if (judgement->suspicion != NULL)
		fprintf(admin->out, "suspicious: %s\n", judgement->suspicion);
	print_mode(admin, explanation);
	if (!judgement->pass && judgement->terms.mode == GL_MODE_DRY_RUN)
		fputs("mode is dry-run: this is only logged, and the mail passes\n", admin->out);
	if (judgement->reason == GL_REASON_FOUND && explanation->retry_until != 0)
		fprintf(admin->out, "the wait is over: an attempt passes now and until %s\n",
		    gl_time_text(until, explanation->retry_until));
}

static void print_retry(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	char until[GL_TIME_TEXT];
	if (explanation->has_record && explanation->fresh)
		fputs("the record counts as none: the wait starts with the next attempt\n",
		    admin->out);
	else if (explanation->fresh)
		fputs("no attempt has been recorded yet: the wait starts with the next one\n",
		    admin->out);
	fputs("a retry passes at ", admin->out);
	gl_print_retry(admin, explanation->retry_at);
	if (explanation->retry_until != 0)
		fprintf(admin->out, "a retry counts until %s\n",
		    gl_time_text(until, explanation->retry_until));
}

static uint64_t unnamed(const struct gl_others *others)
{
	return others->count > GL_NAMED_MAX ? others->count - GL_NAMED_MAX : 0;
}

static size_t named(const struct gl_others *others)
{
	return others->count < GL_NAMED_MAX ? (size_t)others->count : GL_NAMED_MAX;
}

static void print_neighbours(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	char text[GL_NETWORK_TEXT];
	const struct gl_others *others = &explanation->neighbours;
	const struct gl_network *network = &explanation->judgement.triplet.client;
	bool single = network->prefix == gl_family_bits(network->base.family);
	struct gl_span pool = explanation->judgement.pool.pool;
	fprintf(admin->out,
	    single && pool.len == 0 ? "only %s itself may retry"
	    : single                ? "%s may retry"
				    : "any client of %s may retry",
	    network_text(text, network));
	if (pool.len > 0) {
		fputs(", or any server with a verified name in ", admin->out);
		gl_print_printable(admin->out, pool);
	}
	fputc('\n', admin->out);
	for (size_t i = 0; i < named(others); i++)
		fprintf(admin->out, "%s%s",
		    i == 0 ? "auto-whitelisted there, and passing at once: " : ", ",
		    network_text(text, &others->named[i].identity.network));
	if (unnamed(others) > 0)
		fprintf(admin->out, " and %" PRIu64 "%s more", unnamed(others),
		    others->all ? "" : " or");
	if (others->count > 0)
		fputc('\n', admin->out);
}

static void print_elsewhere(const struct gl_admin *admin, const struct gl_others *others,
    const struct gl_judgement *judgement)
{
	char network[GL_NETWORK_TEXT], seen[GL_TIME_TEXT];
	for (size_t i = 0; i < named(others); i++) {
		const struct gl_entry *entry = &others->named[i];
		const struct gl_record *record = &entry->record;
		enum gl_state state = gl_record_state(&judgement->terms.timing, record, admin->now);
		fprintf(admin->out, "also from %s: %s, first seen %s\n",
		    entry->inherited ? "-" : network_text(network, &entry->identity.network),
		    gl_state_text(state), gl_time_text(seen, record->first_seen));
	}
	if (unnamed(others) > 0)
		fprintf(admin->out, "and from %" PRIu64 " more network%s\n", unnamed(others),
		    unnamed(others) == 1 ? "" : "s");
	if (others->count > 0 && judgement->pool.pool.len == 0)
		fputs("each network waits for itself\n", admin->out);
	if (others->looked && !others->all)
		fputs("not all triplets were looked at for other networks; this lists them: "
		      "greylist-admin list --sender S --recipient R\n",
		    admin->out);
}

/* Whether a shell takes it as one plain word, however strange who wrote it. */
static bool is_plain(struct gl_span address)
{
	for (size_t i = 0; i < address.len; i++)
		if (!gl_is_alnum(address.at[i]) &&
		    gl_span_find(gl_span_of("@._+-"), address.at[i]) == 5)
			return false;
	return address.len > 0 && address.at[0] != '-' && gl_span_find(address, '@') < address.len;
}

/* This triplet and nothing else; but where a pool retries from ever other networks, its sender. */
static void print_advice(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	char client[GL_ADDRESS_TEXT];
	struct gl_out out = gl_out_into(client, sizeof client);
	const struct gl_request *request = &explanation->request;
	struct gl_span sender = gl_request_get(request, GL_ATTR_SENDER);
	struct gl_span recipient = gl_request_get(request, GL_ATTR_RECIPIENT);
	bool pool = explanation->elsewhere.count > 0;
	if (explanation->judgement.terms.mode == GL_MODE_DRY_RUN)
		return;
	gl_out_address(&out, &explanation->judgement.client);
	fputs(advice, admin->out);
	if (pool && is_plain(sender))
		fprintf(admin->out, "--sender %.*s\n", (int)sender.len, sender.at);
	else if (pool && is_plain(recipient))
		fprintf(admin->out, "--recipient %.*s\n", (int)recipient.len, recipient.at);
	else if (is_plain(recipient) && (is_plain(sender) || sender.len == 0))
		fprintf(admin->out, "%s %.*s %.*s\n", gl_out_string(&out),
		    sender.len > 0 ? (int)sender.len : 4, sender.len > 0 ? sender.at : "'<>'",
		    (int)recipient.len, recipient.at);
	else
		fprintf(admin->out, "%s\n", gl_out_string(&out));
}

bool gl_explain_text(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	print_verdict(admin, explanation);
	if (explanation->pasted)
		print_attempt(admin, &explanation->request);
	if (!gl_explain_section(admin, explanation))
		print_rule(admin, "rule", &judgement->rule);
	gl_explain_terms_text(admin, explanation);
	print_rule(admin, "given up", &judgement->hopeless);
	print_rule(admin, "never auto-whitelisted", &judgement->never);
	print_override(admin, judgement);
	print_key(admin, judgement);
	print_pool(admin, judgement);
	print_record(admin, explanation);
	print_remarks(admin, explanation);
	if (!judgement->pass) {
		print_retry(admin, explanation);
		print_neighbours(admin, explanation);
		print_elsewhere(admin, &explanation->elsewhere, judgement);
		print_advice(admin, explanation);
	}
	for (size_t i = 0; i < explanation->note_count; i++)
		fprintf(admin->out, "note: %s\n", explanation->notes[i]);
	return !ferror(admin->out);
}
