#include <inttypes.h>
#include <stdlib.h>

#include "operand.h"
#include "output.h"

struct explanation {
	struct gl_request request;
	struct gl_judgement judgement;
	struct gl_entry record; /* that decided; shown where `has_record` */
	bool has_record;
};

static enum gl_status ask(
    struct gl_admin *admin, struct gl_request *request, int count, char **operands)
{
	const struct {
		enum gl_attribute attribute;
		struct gl_span value;
	} values[] = {
		{ GL_ATTR_REQUEST, gl_span_of("smtpd_access_policy") },
		{ GL_ATTR_PROTOCOL_STATE, gl_span_of("RCPT") },
		{ GL_ATTR_CLIENT_ADDRESS, gl_span_of(operands[0]) },
		{ GL_ATTR_CLIENT_NAME, gl_span_of(count == 4 ? operands[1] : "unknown") },
		{ GL_ATTR_SENDER, gl_operand_envelope(operands[count - 2]) },
		{ GL_ATTR_RECIPIENT, gl_operand_envelope(operands[count - 1]) },
	};
	struct gl_address address;
	if (gl_address_parse(&address, gl_span_of(operands[0])) != GL_OK) {
		gl_admin_say(admin, "%s: not an address, such as 192.0.2.7", operands[0]);
		return GL_MALFORMED;
	}
	gl_request_init(request);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		enum gl_status status = gl_request_set(
		    request, values[i].attribute, values[i].value);
		if (status != GL_OK) {
			gl_admin_say(admin, "%s: %s", gl_attribute_name(values[i].attribute),
			    gl_status_text(status));
			return status;
		}
	}
	return GL_OK;
}

static enum gl_status judge(struct gl_admin *admin, struct explanation *explanation)
{
	enum gl_status status;
	do {
		struct gl_bench bench = gl_world_bench(&admin->world);
		status = gl_judge(
		    &explanation->judgement, &bench, &explanation->request, admin->now);
	} while (gl_admin_again(admin, status));
	return status;
}

/* An auto-whitelisted client passes by its own record, everything else by the triplet's. */
static void choose_record(struct explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	struct gl_entry *record = &explanation->record;
	bool client = judgement->reason == GL_REASON_AUTO_WHITELIST;
	explanation->has_record = client || (judgement->asked && judgement->seen);
	struct gl_network counted = judgement->triplet.client;
	if (client && gl_key_network(&counted, gl_key_span(&judgement->client_key)) == GL_OK)
		*record = (struct gl_entry){
			.table = GL_TABLE_CLIENT, .client = counted, .memory = judgement->memory
		};
	else if (explanation->has_record)
		*record = (struct gl_entry){ .table = GL_TABLE_TRIPLET,
			.client = judgement->triplet.client,
			.record = judgement->record };
}

static enum gl_action action_of(const struct gl_admin *admin, const struct gl_judgement *judgement)
{
	if (judgement->pass)
		return GL_ACTION_PASS;
	return admin->world.config.mode == GL_MODE_DRY_RUN ? GL_ACTION_WOULD_GREYLIST
							   : GL_ACTION_GREYLIST;
}

static int64_t retry_at(const struct gl_admin *admin, const struct gl_judgement *judgement)
{
	return judgement->pass ? 0 : admin->now + judgement->wait;
}

static const char *network_text(char text[GL_NETWORK_TEXT], const struct gl_network *network)
{
	struct gl_out out = gl_out_into(text, GL_NETWORK_TEXT);
	gl_out_network(&out, network);
	return gl_out_string(&out);
}

static json_t *rule_json(const struct gl_judgement *judgement)
{
	if (judgement->rule.line == 0)
		return json_null();
	return json_pack("{s:o, s:I, s:o}", "file", gl_json_text(judgement->rule.file), "line",
	    (json_int_t)judgement->rule.line, "text", gl_json_text(judgement->rule.text));
}

static json_t *key_json(const struct gl_judgement *judgement)
{
	char network[GL_NETWORK_TEXT];
	if (!judgement->asked)
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "client",
	    network_text(network, &judgement->triplet.client), "sender",
	    gl_json_text(gl_triplet_sender(&judgement->triplet)), "recipient",
	    gl_json_text(gl_triplet_recipient(&judgement->triplet)));
}

static bool print_json(const struct gl_admin *admin, const struct explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	json_t *record = explanation->has_record ? gl_entry_json(admin, &explanation->record)
						 : json_null();
	return gl_json_line(admin->out,
	    json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:o}", "verdict",
		gl_action_text(action_of(admin, judgement)), "reason",
		gl_reason_text(judgement->reason), "rule", rule_json(judgement), "key",
		key_json(judgement), "record", record, "wait", (json_int_t)judgement->wait,
		"retry_at", gl_json_time(retry_at(admin, judgement))));
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

static void print_key(const struct gl_admin *admin, const struct gl_judgement *judgement)
{
	char network[GL_NETWORK_TEXT];
	if (!judgement->asked)
		return;
	fprintf(admin->out, "key %s ", network_text(network, &judgement->triplet.client));
	gl_print_envelope(admin->out, gl_triplet_sender(&judgement->triplet));
	fputc(' ', admin->out);
	gl_print_envelope(admin->out, gl_triplet_recipient(&judgement->triplet));
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

static void print_triplet(const struct gl_admin *admin, const struct gl_record *record)
{
	char text[GL_TIME_TEXT];
	enum gl_state state = gl_record_state(&admin->world.config.timing, record, admin->now);
	fprintf(admin->out, "record %s, first seen %s", gl_state_text(state),
	    gl_time_text(text, record->first_seen));
	fprintf(admin->out, ", last seen %s", gl_time_text(text, record->last_seen));
	if (record->passed_at != 0)
		fprintf(admin->out, ", passed at %s", gl_time_text(text, record->passed_at));
	fprintf(admin->out, ", attempts %" PRIu32 ", passes %" PRIu32 "\n", record->attempts,
	    record->passes);
}

static bool print_text(const struct gl_admin *admin, const struct explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	fprintf(admin->out, "%s %s\n", gl_action_text(action_of(admin, judgement)),
	    gl_reason_text(judgement->reason));
	print_rule(admin, "rule", &judgement->rule);
	print_rule(admin, "given up", &judgement->hopeless);
	print_rule(admin, "never auto-whitelisted", &judgement->never);
	print_key(admin, judgement);
	if (!explanation->has_record)
		fputs(judgement->asked ? "record none\n" : "", admin->out);
	else if (explanation->record.table == GL_TABLE_CLIENT)
		print_client(admin, &explanation->record);
	else
		print_triplet(admin, &explanation->record.record);
	if (!judgement->pass) {
		fputs("a retry passes at ", admin->out);
		gl_print_retry(admin, retry_at(admin, judgement));
	}
	return !ferror(admin->out);
}

static enum gl_exit explain(struct gl_admin *admin, int count, char **operands)
{
	enum gl_exit code = GL_EXIT_IO;
	struct explanation *explanation = malloc(sizeof *explanation);
	if (explanation == NULL)
		goto out;
	code = gl_exit_of(ask(admin, &explanation->request, count, operands));
	if (code != GL_EXIT_OK)
		goto out;
	code = gl_admin_fail(admin, judge(admin, explanation));
	if (code != GL_EXIT_OK)
		goto out;
	choose_record(explanation);
	bool printed = admin->json ? print_json(admin, explanation)
				   : print_text(admin, explanation);
	code = printed ? GL_EXIT_OK : GL_EXIT_IO;
out:
	free(explanation);
	return code;
}

const struct gl_command gl_command_explain = {
	.name = "explain",
	.arguments = "CLIENT [NAME] SENDER RECIPIENT",
	.summary = "say what a delivery attempt would be answered now, and why",
	.need = GL_NEED_READ,
	.takes = GL_TAKES_JSON,
	.least = 3,
	.most = 4,
	.run = explain,
};
