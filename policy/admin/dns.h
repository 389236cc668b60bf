/*
 * dns - the few questions that `check` has for DNS.
 *
 * The questions go through a struct, so that a test answers them itself.
 * The system's resolver gives up after some seconds in all, however
 * many questions there are: a linter has to come back.
 */
#ifndef GREYLIST_DNS_H
#define GREYLIST_DNS_H

#include "greylist/address.h"

enum gl_dns_type { GL_DNS_MX, GL_DNS_A, GL_DNS_AAAA };

enum {
	GL_DNS_ANSWERS_MAX = 32, /* of one question; the others are left out */
	GL_DNS_NAME_MAX = 256
};

struct gl_dns_answer {
	size_t count;
	union {
		char name[GL_DNS_NAME_MAX]; /* GL_DNS_MX: a host, without a dot at its end */
		struct gl_address address;
	} at[GL_DNS_ANSWERS_MAX];
};

struct gl_resolver {
	/*
	 *   GL_NOT_FOUND  there is no such name, or it has nothing of this type
	 *   GL_FAILED     no answer, or none that can be understood
	 */
	enum gl_status (*ask)(const struct gl_resolver *resolver, struct gl_dns_answer *answer,
	    const char *name, enum gl_dns_type type);
	const void *context; /* the asked one's own */
	int64_t deadline;    /* of the system's clock since it was started; the system's resolver */
};

/* Asks the name servers of /etc/resolv.conf. */
struct gl_resolver gl_resolver_system(void);

/*
 * Reads the answers of this type out of a DNS message (RFC 1035 4.1).
 * A null MX (RFC 7505) is no host. Statuses as above.
 */
GL_CHECKED enum gl_status gl_dns_read(
    struct gl_dns_answer *answer, struct gl_span message, enum gl_dns_type type);

/* Whether one of this machine's interfaces has the address. */
bool gl_is_own_address(const struct gl_address *address);

#endif
