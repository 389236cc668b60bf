#include "judge.h"

#include <string.h>

#include "judge_memory.h"

static void reset(struct gl_judgement *judgement)
{
	judgement->pass = false;
	judgement->reason = GL_REASON_STATE;
	judgement->wait = 0;
	judgement->delayed = -1;
	judgement->first_pass = false;
	judgement->header = false;
	judgement->whitelisted = false;
	judgement->rule = (struct gl_rule_source){ .line = 0 };
	judgement->never_counted = false;
	judgement->never = (struct gl_rule_source){ .line = 0 };
	judgement->gave_up = false;
	judgement->hopeless = (struct gl_rule_source){ .line = 0 };
	judgement->override = (struct gl_override){ .made = 0 };
	judgement->never_override = false;
	judgement->asked = false;
	judgement->seen = false;
	judgement->client_seen = false;
	judgement->inherits = false;
	judgement->client_inherited = false;
	judgement->op_count = 0;
}

static void find_terms(struct gl_judgement *judgement, const struct gl_config *config,
    const struct gl_request *request)
{
	struct gl_terms_question question = {
		.recipient = gl_request_get(request, GL_ATTR_RECIPIENT),
		.sender = gl_request_get(request, GL_ATTR_SENDER),
		.context = gl_request_get(request, GL_ATTR_POLICY_CONTEXT),
	};
	gl_config_terms_for(&judgement->terms, config, &question);
}

/* Names the section that a term comes from, as a list's rule is named. */
static void name_section(struct gl_judgement *judgement, enum gl_term term)
{
	const struct gl_origin *from = &judgement->terms.from[term];
	if (from->section == NULL)
		return;
	judgement->rule = (struct gl_rule_source){ .line = from->line,
		.file = gl_span_of(from->file),
		.text = gl_span_of(from->section->heading) };
}

static enum gl_reason exemption(const struct gl_section *section)
{
	switch (section->kind) {
	case GL_SECTION_RECIPIENT:
		return GL_REASON_RECIPIENT_LIST;
	case GL_SECTION_SENDER:
		return GL_REASON_SENDER_LIST;
	case GL_SECTION_CONTEXT:
	case GL_SECTION_KINDS:
		break;
	}
	return GL_REASON_MODE;
}

/* A section's exemption comes behind the lists. */
static bool exempted(struct gl_judgement *judgement)
{
	const struct gl_section *section = judgement->terms.from[GL_TERM_EXEMPT].section;
	if (!judgement->terms.exempt || section == NULL)
		return false;
	gl_judge_settle(judgement, exemption(section));
	name_section(judgement, GL_TERM_EXEMPT);
	return true;
}

static bool incomplete(struct gl_judgement *judgement, const struct gl_request *request)
{
	return !gl_request_has(request, GL_ATTR_CLIENT_NAME) ||
	       !gl_request_has(request, GL_ATTR_SENDER) ||
	       gl_request_get(request, GL_ATTR_RECIPIENT).len == 0 ||
	       gl_address_parse(
		   &judgement->client, gl_request_get(request, GL_ATTR_CLIENT_ADDRESS)) != GL_OK;
}

bool gl_judge_early(struct gl_judgement *judgement, const struct gl_config *config,
    const struct gl_request *request)
{
	reset(judgement);
	find_terms(judgement, config, request);
	if (!gl_span_equal(gl_request_get(request, GL_ATTR_PROTOCOL_STATE), gl_span_of("RCPT")))
		gl_judge_settle(judgement, GL_REASON_STATE);
	else if (incomplete(judgement, request))
		gl_judge_settle(judgement, GL_REASON_INCOMPLETE);
	else if (judgement->terms.mode == GL_MODE_OFF)
		gl_judge_settle(judgement, GL_REASON_MODE);
	else if (gl_request_get(request, GL_ATTR_SASL_USERNAME).len > 0)
		gl_judge_settle(judgement, GL_REASON_AUTHENTICATED);
	if (judgement->reason == GL_REASON_MODE)
		name_section(judgement, GL_TERM_MODE);
	return judgement->pass;
}

static struct gl_op *add_op(
    struct gl_judgement *judgement, enum gl_op_kind kind, const struct gl_key *key)
{
	struct gl_op *op = &judgement->ops[judgement->op_count++];
	*op = (struct gl_op){ .kind = kind, .key = key };
	return op;
}

static void count_client(struct gl_judgement *judgement, const struct gl_bench *bench, int64_t now,
    const uint8_t message[GL_DIGEST_SIZE])
{
	int64_t forget = now - bench->config->timing.max_age;
	if (judgement->client_inherited && judgement->client_seen) {
		struct gl_op *heritage = add_op(
		    judgement, GL_OP_CLIENT_MEMORY, &judgement->client_key);
		heritage->client = judgement->memory;
		heritage->forget = forget;
	}
	struct gl_op *op = add_op(judgement, GL_OP_CLIENT, &judgement->client_key);
	op->now = now;
	op->forget = forget;
	op->uncounted = judgement->never_counted;
	memcpy(op->message, message, GL_DIGEST_SIZE);
}

static bool auto_whitelisted(
    struct gl_judgement *judgement, const struct gl_bench *bench, int64_t now)
{
	static const uint8_t no_message[GL_DIGEST_SIZE];
	const struct gl_timing *timing = &bench->config->timing;
	const struct gl_client *memory = judgement->client_seen ? &judgement->memory : NULL;
	if (judgement->never_counted ||
	    !gl_client_passes(timing, memory, bench->config->auto_whitelist, now))
		return false;
	gl_judge_settle(judgement, GL_REASON_AUTO_WHITELIST);
	if (gl_client_counts(timing, memory, now))
		count_client(judgement, bench, now, no_message);
	return true;
}

/* What a first pass leaves behind for the client: a success, and which message it was. */
static void first_pass(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_span instance, int64_t now)
{
	const struct gl_timing *timing = &bench->config->timing;
	const struct gl_client *memory = judgement->client_seen ? &judgement->memory : NULL;
	uint8_t message[GL_DIGEST_SIZE] = { 0 };
	if (instance.len > 0)
		gl_digest(message, instance, gl_store_secret(bench->store));
	bool same_message = instance.len > 0 && memory != NULL &&
			    memcmp(memory->message, message, GL_DIGEST_SIZE) == 0;
	bool counts = !judgement->never_counted && gl_client_counts(timing, memory, now);
	bool forgotten = gl_client_expired(timing, memory, now);
	bool rises = counts && (forgotten || now >= memory->last_counted);
	uint32_t before = forgotten ? 0 : memory->count;

	judgement->first_pass = true;
	judgement->header = !same_message;
	judgement->whitelisted = rises && bench->config->auto_whitelist == before + 1;
	if (counts || !same_message)
		count_client(judgement, bench, now, message);
}

static void decide(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_span instance, int64_t now)
{
	struct gl_verdict verdict = gl_decide(
	    &judgement->terms.timing, judgement->seen ? &judgement->record : NULL, now);
	judgement->pass = verdict.pass;
	judgement->reason = verdict.reason;
	judgement->wait = verdict.wait;
	judgement->delayed = verdict.pass ? verdict.delayed : -1;
	if (verdict.remember) {
		struct gl_op *op = add_op(judgement, GL_OP_TRIPLET, &judgement->triplet.key);
		op->base = judgement->seen ? judgement->record.first_seen : 0;
		op->record = verdict.next;
		op->record.text = bench->config->privacy ? gl_span_of(NULL)
							 : gl_triplet_text(&judgement->triplet);
	}
	if (verdict.first_pass)
		first_pass(judgement, bench, instance, now);
}

enum gl_status gl_judge(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_request *request, int64_t now)
{
	if (gl_judge_early(judgement, bench->config, request))
		return GL_OK;
	enum gl_status status = gl_judge_recall(judgement, bench, request, now);
	if (status != GL_OK)
		return status;
	if (judgement->pass || exempted(judgement) || auto_whitelisted(judgement, bench, now))
		return GL_OK;
	decide(judgement, bench, gl_request_get(request, GL_ATTR_INSTANCE), now);
	return GL_OK;
}
