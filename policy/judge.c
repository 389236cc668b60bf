#include "judge.h"

#include <string.h>

#include "greylist/suspicion.h"
#include "judge_memory.h"

static void reset(struct gl_judgement *judgement)
{
	judgement->pass = false;
	judgement->reason = GL_REASON_STATE;
	judgement->wait = 0;
	judgement->delayed = -1;
	judgement->first_pass = false;
	judgement->header = false;
	judgement->opens = false;
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
	judgement->name = GL_NAME_UNKNOWN;
	judgement->pool_asked = false;
	judgement->pool = (struct gl_identity){ .kind = GL_BY_POOL };
	judgement->pool_seen = false;
	judgement->by_pool = false;
	judgement->answers = false;
	judgement->suspicion = NULL;
	judgement->kept_len = 0;
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

/* At DATA the recipient is known only where there is just one. */
static bool incomplete(
    struct gl_judgement *judgement, const struct gl_request *request, bool has_recipient)
{
	return !gl_request_has(request, GL_ATTR_CLIENT_NAME) ||
	       !gl_request_has(request, GL_ATTR_SENDER) ||
	       (has_recipient && gl_request_get(request, GL_ATTR_RECIPIENT).len == 0) ||
	       gl_address_parse(
		   &judgement->client, gl_request_get(request, GL_ATTR_CLIENT_ADDRESS)) != GL_OK;
}

/* Our own user writes to somebody, who may answer then. */
static bool is_to_be_noted(const struct gl_judgement *judgement, const struct gl_config *config)
{
	return config->remember_recipients && judgement->reason == GL_REASON_AUTHENTICATED;
}

static bool given(const struct gl_request *request, enum gl_attribute attribute)
{
	return gl_request_get(request, attribute).len > 0;
}

bool gl_judge_early(struct gl_judgement *judgement, const struct gl_config *config,
    const struct gl_request *request)
{
	struct gl_span state = gl_request_get(request, GL_ATTR_PROTOCOL_STATE);
	bool bounce = !given(request, GL_ATTR_SENDER);
	bool at_rcpt = gl_span_equal(state, gl_span_of("RCPT"));
	bool by_data = bounce && config->null_sender == GL_NULL_SENDER_DATA;
	bool at_data = by_data && gl_span_equal(state, gl_span_of("DATA"));
	reset(judgement);
	find_terms(judgement, config, request);
	if (!at_rcpt && !at_data)
		gl_judge_settle(judgement, GL_REASON_STATE);
	else if (incomplete(judgement, request, at_rcpt))
		gl_judge_settle(judgement, GL_REASON_INCOMPLETE);
	else if (judgement->terms.mode == GL_MODE_OFF)
		gl_judge_settle(judgement, GL_REASON_MODE);
	else if (given(request, GL_ATTR_SASL_USERNAME))
		gl_judge_settle(judgement, GL_REASON_AUTHENTICATED);
	else if (given(request, GL_ATTR_CCERT_SUBJECT) &&
		 config->client_certificates == GL_CERTIFICATES_PASS)
		gl_judge_settle(judgement, GL_REASON_CERTIFICATE);
	else if (by_data && at_rcpt)
		gl_judge_settle(judgement, GL_REASON_NULL_SENDER);
	if (judgement->reason == GL_REASON_MODE)
		name_section(judgement, GL_TERM_MODE);
	return judgement->pass && !is_to_be_noted(judgement, config);
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

static void digest_of(
    uint8_t message[GL_DIGEST_SIZE], const struct gl_bench *bench, struct gl_span instance)
{
	memset(message, 0, GL_DIGEST_SIZE);
	if (instance.len > 0)
		gl_digest(message, instance, gl_store_secret(bench->store));
}

/*
 * What a first pass leaves behind for the client: a success, and which message it was. One that
 * the mode let pass opens nothing for the message's other recipients, so it is of none.
 */
static void first_pass(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_span instance, int64_t now)
{
	const struct gl_timing *timing = &bench->config->timing;
	const struct gl_client *memory = judgement->client_seen ? &judgement->memory : NULL;
	uint8_t message[GL_DIGEST_SIZE];
	digest_of(message, bench, instance);
	bool same_message = instance.len > 0 && memory != NULL &&
			    memcmp(memory->message, message, GL_DIGEST_SIZE) == 0;
	bool counts = !judgement->never_counted && gl_client_counts(timing, memory, now);
	bool forgotten = gl_client_expired(timing, memory, now);
	bool rises = counts && (forgotten || now >= memory->last_counted);
	uint32_t before = forgotten ? 0 : memory->count;

	bool waited = judgement->reason != GL_REASON_MODE;

	judgement->first_pass = true;
	judgement->header = waited && !same_message;
	judgement->whitelisted = rises && bench->config->auto_whitelist == before + 1;
	if (counts || (waited && !same_message))
		count_client(judgement, bench, now, message);
}

/* Whether a triplet of this very message passed before: in this connection, or as the client's
 * record has it. */
static bool message_is_open(
    const struct gl_judgement *judgement, const struct gl_bench *bench, struct gl_span instance)
{
	uint8_t message[GL_DIGEST_SIZE];
	if (bench->config->recipients != GL_RECIPIENTS_MESSAGE || instance.len == 0)
		return false;
	if (gl_span_equal(instance, bench->open_message))
		return true;
	digest_of(message, bench, instance);
	return judgement->client_seen &&
	       memcmp(judgement->memory.message, message, GL_DIGEST_SIZE) == 0;
}

static void remember(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_key *key, const struct gl_record *seen, const struct gl_record *next)
{
	struct gl_op *op = add_op(judgement, GL_OP_TRIPLET, key);
	op->base = seen != NULL ? seen->first_seen : 0;
	op->record = *next;
	op->record.text = bench->config->privacy ? gl_span_of(NULL)
						 : gl_triplet_text(&judgement->triplet);
}

/* The network that tried first passes too, as far as the pool's record says which it was. */
static void remember_origin(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_record *next)
{
	struct gl_identity origin;
	struct gl_record passed = *next;
	if (gl_key_identity(&origin, next->origin) != GL_OK || origin.kind != GL_BY_NETWORK)
		return;
	gl_triplet_key_of(&judgement->origin_key, &judgement->triplet, &origin);
	passed.origin = gl_span_of(NULL);
	remember(judgement, bench, &judgement->origin_key, NULL, &passed);
}

static void remember_all(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_verdict *verdict)
{
	const struct gl_record *own = judgement->seen ? &judgement->record : NULL;
	const struct gl_record *pool = judgement->pool_seen ? &judgement->pool_record : NULL;
	struct gl_record next = verdict->next;
	if (judgement->by_pool) {
		remember(judgement, bench, &judgement->pool_key, pool, &next);
		if (verdict->next.passed_at != judgement->pool_record.passed_at)
			remember_origin(judgement, bench, &next);
		return;
	}
	remember(judgement, bench, &judgement->triplet.key, own, &next);
	if (judgement->pool.pool.len == 0)
		return;
	const struct gl_identity network = { .kind = GL_BY_NETWORK,
		.network = judgement->triplet.client };
	gl_identity_key(&judgement->origin_key, &network);
	next.origin = gl_key_span(&judgement->origin_key);
	remember(judgement, bench, &judgement->pool_key, pool, &next);
}

/* What does not pass by its own record may do so by what else is known. */
static enum gl_status reconsider(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_verdict *verdict, struct gl_span instance, int64_t now)
{
	enum gl_status status = GL_OK;
	if (message_is_open(judgement, bench, instance)) {
		gl_verdict_admit(verdict, GL_REASON_SAME_MESSAGE, now);
		return GL_OK;
	}
	if (bench->config->remember_recipients)
		status = gl_judge_ask_anyone(judgement, bench);
	if (status == GL_OK && judgement->answers &&
	    gl_record_state(&judgement->terms.timing, &judgement->answered, now) == GL_STATE_PASSED)
		gl_verdict_admit(verdict, GL_REASON_ANSWERED, now);
	return status;
}

static enum gl_status decide(struct gl_judgement *judgement, const struct gl_bench *bench,
    struct gl_span instance, int64_t now)
{
	const struct gl_record *own = judgement->seen ? &judgement->record : NULL;
	const struct gl_record *pool = judgement->pool_seen ? &judgement->pool_record : NULL;
	const struct gl_record *better = gl_decide_between(
	    &judgement->terms.timing, own, pool, now);
	bool learning = judgement->terms.mode == GL_MODE_LEARN;
	struct gl_verdict verdict = (learning ? gl_learn : gl_decide)(
	    &judgement->terms.timing, better, now);
	judgement->by_pool = better != NULL && better == pool;
	if (!verdict.pass) {
		enum gl_status status = reconsider(judgement, bench, &verdict, instance, now);
		if (status != GL_OK)
			return status;
	}
	judgement->pass = verdict.pass;
	judgement->reason = verdict.reason;
	judgement->wait = verdict.wait;
	bool waits_or_waited = verdict.reason != GL_REASON_MODE;
	judgement->delayed = verdict.pass && waits_or_waited ? verdict.delayed : -1;
	judgement->opens = verdict.reason == GL_REASON_FOUND;
	if (verdict.remember)
		remember_all(judgement, bench, &verdict);
	if (verdict.first_pass)
		first_pass(judgement, bench, waits_or_waited ? instance : gl_span_of(NULL), now);
	return GL_OK;
}

/* Sender and recipient the other way round are the triplet of the answer. */
static enum gl_status note_recipient(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_request *request, int64_t now)
{
	struct gl_network whole = gl_network_of(
	    &judgement->client, gl_family_bits(judgement->client.family));
	enum gl_status status = gl_triplet_make(&judgement->triplet, &whole,
	    gl_request_get(request, GL_ATTR_RECIPIENT), gl_request_get(request, GL_ATTR_SENDER),
	    gl_store_secret(bench->store));
	if (status != GL_OK || !given(request, GL_ATTR_SENDER))
		return GL_OK;
	status = gl_judge_ask_anyone(judgement, bench);
	if (status != GL_OK)
		return status;
	const struct gl_record *known = judgement->answers ? &judgement->answered : NULL;
	struct gl_verdict verdict = gl_decide(&bench->config->timing, known, now);
	if (!verdict.pass)
		gl_verdict_admit(&verdict, GL_REASON_ANSWERED, now);
	if (verdict.remember)
		remember(judgement, bench, &judgement->anyone_key, known, &verdict.next);
	return GL_OK;
}

/* A triplet that passes by its network's record, and that was seen this hour, says it all. */
static bool settled(const struct gl_judgement *judgement, int64_t now)
{
	return judgement->seen &&
	       gl_record_state(&judgement->terms.timing, &judgement->record, now) ==
		   GL_STATE_PASSED &&
	       now - judgement->record.last_seen < GL_HOUR;
}

static bool unsuspicious(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_request *request)
{
	if (!bench->config->suspects_only)
		return false;
	judgement->suspicion = gl_suspicion(request, &judgement->client, bench->hostname);
	if (judgement->suspicion != NULL)
		return false;
	gl_judge_settle(judgement, GL_REASON_UNSUSPICIOUS);
	return true;
}

enum gl_status gl_judge(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_request *request, int64_t now)
{
	if (gl_judge_early(judgement, bench->config, request))
		return GL_OK;
	if (judgement->pass)
		return note_recipient(judgement, bench, request, now);
	enum gl_status status = gl_judge_recall(judgement, bench, request, now);
	if (status != GL_OK)
		return status;
	if (judgement->pass || exempted(judgement) || auto_whitelisted(judgement, bench, now) ||
	    unsuspicious(judgement, bench, request))
		return GL_OK;
	if (judgement->terms.identity == GL_IDENTITY_NAME && !settled(judgement, now))
		status = gl_judge_ask_pool(judgement, bench, request);
	if (status != GL_OK)
		return status;
	return decide(judgement, bench, gl_request_get(request, GL_ATTR_INSTANCE), now);
}
