#include "judge_memory.h"

static bool found_here(const struct gl_ruleset *rules, struct gl_span key)
{
	struct gl_span value;
	return gl_ruleset_find(rules, key, &value) == GL_OK;
}

/* Which of the suffixes that the name may end in are public ones. */
static enum gl_status find_suffixes(
    const struct gl_bench *bench, const struct gl_suffix_probes *probes, bool *found)
{
	struct gl_lookup lookups[GL_SUFFIX_PROBES_MAX];
	if (bench->rules != NULL) {
		for (size_t i = 0; i < probes->count; i++)
			found[i] = found_here(bench->rules, probes->probe[i].key);
		return GL_OK;
	}
	for (size_t i = 0; i < probes->count; i++)
		lookups[i] = (struct gl_lookup){ .table = GL_TABLE_RULES,
			.key = probes->probe[i].key };
	enum gl_status status = gl_store_lookup(bench->store, lookups, probes->count);
	for (size_t i = 0; status == GL_OK && i < probes->count; i++)
		found[i] = lookups[i].found;
	return status;
}

enum gl_status gl_bench_pool(const struct gl_bench *bench, struct gl_span name,
    const struct gl_address *client, enum gl_name_kind *looks, struct gl_span *pool)
{
	struct gl_suffix_probes probes;
	bool found[GL_SUFFIX_PROBES_MAX];
	*pool = gl_span_of(NULL);
	*looks = gl_name_looks(name, client);
	if (*looks != GL_NAME_PLAIN)
		return GL_OK;
	gl_suffix_probes(&probes, bench->head, name);
	enum gl_status status = find_suffixes(bench, &probes, found);
	if (status == GL_OK)
		*pool = gl_pool_domain(name, &probes, found);
	return status;
}

static enum gl_status ask(
    const struct gl_bench *bench, struct gl_lookup *lookup, const struct gl_key *key)
{
	*lookup = (struct gl_lookup){ .table = GL_TABLE_TRIPLET, .key = gl_key_span(key) };
	return gl_store_lookup(bench->store, lookup, 1);
}

enum gl_status gl_judge_ask_pool(
    struct gl_judgement *judgement, const struct gl_bench *bench, const struct gl_request *request)
{
	struct gl_span name = gl_request_get(request, GL_ATTR_CLIENT_NAME);
	struct gl_record *record = &judgement->pool_record;
	struct gl_lookup lookup;
	judgement->pool_asked = true;
	judgement->pool = (struct gl_identity){ .kind = GL_BY_POOL };
	enum gl_status status = gl_bench_pool(
	    bench, name, &judgement->client, &judgement->name, &judgement->pool.pool);
	if (status != GL_OK || judgement->pool.pool.len == 0)
		return status;
	gl_triplet_key_of(&judgement->pool_key, &judgement->triplet, &judgement->pool);
	status = ask(bench, &lookup, &judgement->pool_key);
	if (status == GL_OK)
		status = gl_judge_read_record(
		    record, &judgement->pool_seen, &judgement->triplet, &lookup);
	if (judgement->pool_seen)
		record->origin = gl_judge_keep(judgement, record->origin);
	return status;
}

enum gl_status gl_judge_ask_anyone(struct gl_judgement *judgement, const struct gl_bench *bench)
{
	const struct gl_identity anyone = { .kind = GL_BY_ANYONE };
	struct gl_lookup lookup;
	gl_triplet_key_of(&judgement->anyone_key, &judgement->triplet, &anyone);
	enum gl_status status = ask(bench, &lookup, &judgement->anyone_key);
	if (status == GL_OK)
		status = gl_judge_read_record(
		    &judgement->answered, &judgement->answers, &judgement->triplet, &lookup);
	judgement->answered.origin = gl_span_of(NULL);
	return status;
}
