/*
 * judge - from a policy request to a verdict, changing nothing.
 *
 * The helper and `greylist-admin explain` both ask here, so what is
 * explained is what happens. The rules, first match decides:
 *
 *   not RCPT, or an attribute missing, or no address   passes
 *   mode = off                                         passes
 *   authenticated with SASL, or by certificate         passes (RFC 6647 section 5, item 7)
 *   the null sender, where it is decided at DATA       passes
 *   relays, client, recipient and sender lists         passes
 *   allowed by hand, while it lasts (override.h)       passes
 *   exempt by a section of greylist.conf               passes
 *   auto-whitelisted client, if not never_auto_...     passes
 *   suspects_only, and nothing looks wrong             passes
 *   the record of the triplet, or of its pool          gl_decide
 *   and where that defers:
 *     a recipient of the same message passed so        passes
 *     our own users wrote to this sender               passes
 *     mode = learn                                     passes, and is remembered as passed
 *
 * The triplet is looked up under the client's network first. Where that
 * record does not settle it, and the client's verified name says which
 * pool of servers it belongs to (pool.h), the pool's record is looked up
 * too and the better one decides (gl_decide_between). A stranger is
 * remembered under both. When one comes back from another network the
 * pool's record says which network was the first, so that the record
 * there is passed as well.
 *
 * Mode, times and exemption are those of the request's own terms
 * (terms.h), out of the sections of greylist.conf. A client's record
 * belongs to no section: the auto-whitelist goes by the times outside.
 *
 * mode = dry-run is not the judge's: the verdict is what it would be,
 * and the caller lets the mail pass. What passes for mode = learn alone
 * counts as the client's success, but opens nothing for other recipients
 * of its message and has no header: nobody waited.
 */
#ifndef GREYLIST_JUDGE_H
#define GREYLIST_JUDGE_H

#include "greylist/config.h"
#include "greylist/exempt.h"
#include "greylist/inherited.h"
#include "greylist/pool.h"
#include "greylist/request.h"
#include "greylist/store.h"

/* What a verdict rests on. All borrowed. */
struct gl_bench {
	const struct gl_config *config;
	struct gl_store *store;
	const struct gl_rules_head *head; /* of the rules in force */
	const struct gl_ruleset *rules; /* compiled in this process, or NULL: those in the table */
	const struct gl_rules_head *overrides; /* of the overrides in the table; zeros: none */
	struct gl_span open_message; /* instance for which this connection saw a triplet pass */
	const char *hostname;        /* the machine's own, for suspects_only */
};

/*
 * The pool that a client's verified name belongs to: *pool is borrowed
 * from `name`, and empty where the name says none, because of its looks
 * (*looks says how it does) or by the rules. Asks the table once, where
 * the name is a good one. Statuses as gl_store_lookup.
 */
GL_CHECKED enum gl_status gl_bench_pool(const struct gl_bench *bench, struct gl_span name,
    const struct gl_address *client, enum gl_name_kind *looks, struct gl_span *pool);

/* Octets of three rules with their files, an override and an origin. */
enum { GL_KEPT_MAX = 20480 };

/* About 190 KiB, which it keeps for itself; it borrows only from the request and the bench. */
struct gl_judgement {
	bool pass;
	enum gl_reason reason;
	int64_t wait;    /* seconds until a retry passes; 0 when it passes now */
	int64_t delayed; /* seconds since first seen; negative where no triplet decided, or the mode
			    did */
	bool first_pass; /* this attempt ends the waiting, or makes sure that there will be none */
	bool header;     /* first pass, and first of its message: the header is due */
	bool opens;      /* by its own triplet: the later recipients of the message may pass too */
	bool whitelisted; /* this attempt takes the client over the auto-whitelist's threshold */

	struct gl_terms terms; /* of this request; borrowed from the configuration */
	struct gl_rule_source
	    rule; /* of a list's reason, or a section's, without code; rule.line 0: none */
	enum gl_list list;
	bool never_counted;          /* the client is one of never_auto_whitelist: */
	struct gl_rule_source never; /* by this rule */
	struct gl_override override; /* that decided, or that keeps the client from being counted */
	bool never_override;         /* the latter */
	bool gave_up;                /* an expression could not be searched for to the end: */
	struct gl_rule_source hopeless; /* the first such one */

	struct gl_address client;
	struct gl_triplet triplet; /* made only where the triplet or its key was asked about */
	bool asked;                /* the triplet was made and looked up */
	bool seen;                 /* and it was there: */
	struct gl_record record;   /* as the table holds it, its text the triplet's own */
	bool client_seen;
	struct gl_client memory; /* of the client, without `rest` */

	enum gl_name_kind name; /* of the client's name, where it was looked at: */
	bool pool_asked;
	struct gl_identity pool; /* an empty `pool.pool`: the name says none; or borrowed from the
				    request, as it was written there */
	bool pool_seen;
	struct gl_record pool_record; /* as `record` */
	bool by_pool;                 /* it decides, not `record` */
	bool answers;                 /* our own users wrote to this sender: */
	struct gl_record answered;    /* when; as `record` */
	const char *suspicion;        /* what looks wrong, with suspects_only; static */

	struct gl_key client_key, pool_key, origin_key, anyone_key;
	bool inherits;                   /* the two keys below were looked up */
	struct gl_key inherited_triplet; /* see greylist/inherited.h */
	struct gl_key inherited_client;
	bool client_inherited;        /* memory is of the inherited key */
	struct gl_op ops[GL_OPS_MAX]; /* what the helper has to make durable before it replies */
	size_t op_count;
	struct gl_probes probes; /* private, as are the next */
	struct gl_probes override_probes;
	size_t kept_len;
	char kept[GL_KEPT_MAX]; /* what the store lent */
};

/*
 * Settles what needs no table: another state than RCPT, an attribute
 * missing, mode = off, an authenticated client. False: gl_judge is due.
 */
bool gl_judge_early(struct gl_judgement *judgement, const struct gl_config *config,
    const struct gl_request *request);

/*
 * Decides one request, gl_judge_early's part included. GL_OK with the verdict; any other status is
 * the store's, and the judgement then says nothing.
 *
 * GL_REPLACED also where the rules or overrides in the table are not
 * those that the bench's heads describe: refresh and ask again.
 */
GL_CHECKED enum gl_status gl_judge(struct gl_judgement *judgement, const struct gl_bench *bench,
    const struct gl_request *request, int64_t now);

#endif
