#include "explain.h"
#include "output.h"

const char *gl_explain_verdict(const struct gl_explanation *explanation)
{
	bool dry_run = explanation->judgement.terms.mode == GL_MODE_DRY_RUN;
	if (explanation->judgement.pass)
		return gl_action_text(GL_ACTION_PASS);
	return gl_action_text(dry_run ? GL_ACTION_WOULD_GREYLIST : GL_ACTION_GREYLIST);
}

static json_t *rule_json(const struct gl_rule_source *rule)
{
	if (rule->line == 0)
		return json_null();
	return json_pack("{s:o, s:I, s:o}", "file", gl_json_text(rule->file), "line",
	    (json_int_t)rule->line, "text", gl_json_text(rule->text));
}

static json_t *key_json(const struct gl_judgement *judgement)
{
	char network[GL_NETWORK_TEXT];
	struct gl_out out = gl_out_into(network, sizeof network);
	if (!judgement->asked)
		return json_null();
	gl_out_network(&out, &judgement->triplet.client);
	return json_pack("{s:s, s:o, s:o}", "client", gl_out_string(&out), "sender",
	    gl_json_text(gl_triplet_sender(&judgement->triplet)), "recipient",
	    gl_json_text(gl_triplet_recipient(&judgement->triplet)));
}

static json_t *attribute_json(const struct gl_request *request, enum gl_attribute attribute)
{
	return gl_request_has(request, attribute) ? gl_json_text(gl_request_get(request, attribute))
						  : json_null();
}

static json_t *attempt_json(const struct gl_request *request)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "client",
	    attribute_json(request, GL_ATTR_CLIENT_ADDRESS), "name",
	    attribute_json(request, GL_ATTR_CLIENT_NAME), "sender",
	    attribute_json(request, GL_ATTR_SENDER), "recipient",
	    attribute_json(request, GL_ATTR_RECIPIENT));
}

static json_t *others_json(const struct gl_admin *admin, const struct gl_others *others)
{
	if (!others->looked)
		return json_null();
	json_t *entries = json_array();
	for (size_t i = 0; i < GL_NAMED_MAX && i < others->count; i++)
		json_array_append_new(entries, gl_entry_json(admin, &others->named[i]));
	return json_pack("{s:o, s:I, s:b}", "entries", entries, "count", (json_int_t)others->count,
	    "complete", others->all);
}

static json_t *notes_json(const struct gl_explanation *explanation)
{
	json_t *notes = json_array();
	for (size_t i = 0; i < explanation->note_count; i++)
		json_array_append_new(notes, gl_json_text(gl_span_of(explanation->notes[i])));
	return notes;
}

/* What a postmaster said by hand that decided, or that keeps the client from being counted. */
static json_t *override_json(const struct gl_judgement *judgement)
{
	const struct gl_override *override = &judgement->override;
	if (override->who.len == 0)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "type",
	    judgement->never_override ? "never" : "allow", "who", gl_json_text(override->who),
	    "made", gl_json_time(override->made), "until", gl_json_time(override->until), "reason",
	    override->reason.len > 0 ? gl_json_text(override->reason) : json_null());
}

/* Which network tried first, of a pool's record. */
static json_t *origin_json(const struct gl_record *record)
{
	char text[GL_NETWORK_TEXT];
	struct gl_network origin;
	struct gl_out out = gl_out_into(text, sizeof text);
	if (gl_key_network(&origin, record->origin) != GL_OK)
		return json_null();
	gl_out_network(&out, &origin);
	return gl_json_text(gl_out_done(&out));
}

/* Behind the members that were the first ones. */
static json_t *more_json(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	struct gl_span pool = judgement->pool.pool;
	const char *suspicion = judgement->suspicion;
	return json_pack("{s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pool",
	    pool.len > 0 ? gl_json_text(pool) : json_null(), "origin",
	    origin_json(&explanation->record.record), "suspicion", suspicion, "retry_until",
	    gl_json_time(explanation->retry_until), "override", override_json(judgement), "attempt",
	    attempt_json(&explanation->request), "given_up", rule_json(&judgement->hopeless),
	    "never_auto_whitelisted", rule_json(&judgement->never), "neighbours",
	    others_json(admin, &explanation->neighbours), "elsewhere",
	    others_json(admin, &explanation->elsewhere), "notes", notes_json(explanation), "terms",
	    gl_explain_terms_json(explanation));
}

bool gl_explain_json(const struct gl_admin *admin, const struct gl_explanation *explanation)
{
	const struct gl_judgement *judgement = &explanation->judgement;
	json_t *record = explanation->has_record ? gl_entry_json(admin, &explanation->record)
						 : json_null();
	json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:o}", "verdict",
	    gl_explain_verdict(explanation), "reason", gl_reason_text(judgement->reason), "rule",
	    rule_json(&judgement->rule), "key", key_json(judgement), "record", record, "wait",
	    (json_int_t)judgement->wait, "retry_at", gl_json_time(explanation->retry_at));
	json_t *more = more_json(admin, explanation);
	bool whole = object != NULL && more != NULL && json_object_update(object, more) == 0;
	json_decref(more);
	if (whole)
		return gl_json_line(admin->out, object);
	json_decref(object);
	return false;
}
