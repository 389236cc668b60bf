#include "dns.h"

#include <arpa/nameser.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <time.h>

enum {
	SECONDS = 10, /* for all questions together */
	WAIT = 2,     /* seconds that one server has for one question */
	MESSAGE_MAX = 16384
};

static ns_type type_of(enum gl_dns_type type)
{
	switch (type) {
	case GL_DNS_MX:
		return ns_t_mx;
	case GL_DNS_A:
		return ns_t_a;
	case GL_DNS_AAAA:
		return ns_t_aaaa;
	}
	return ns_t_invalid;
}

static int64_t clock_now(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? (int64_t)now.tv_sec : INT64_MAX;
}

/* RFC 1035 3.3.9: two octets of preference, then the host. */
static bool read_host(char name[GL_DNS_NAME_MAX], const ns_msg *message, const ns_rr *record)
{
	enum { PREFERENCE = 2 };
	int used;

	if (ns_rr_rdlen(*record) <= PREFERENCE)
		return false;
	used = dn_expand(ns_msg_base(*message), ns_msg_end(*message),
	    ns_rr_rdata(*record) + PREFERENCE, name, GL_DNS_NAME_MAX);
	return used > 0 && name[0] != 0 && strcmp(name, ".") != 0;
}

static bool read_address(struct gl_address *address, const ns_rr *record, enum gl_family family)
{
	size_t size = gl_family_bits(family) / 8u;

	if (ns_rr_rdlen(*record) != size)
		return false;
	*address = (struct gl_address){ .family = family };
	memcpy(address->bytes, ns_rr_rdata(*record), size);
	return true;
}

enum gl_status gl_dns_read(
    struct gl_dns_answer *answer, struct gl_span message, enum gl_dns_type type)
{
	ns_msg parsed;

	answer->count = 0;
	if (message.len > MESSAGE_MAX ||
	    ns_initparse((const unsigned char *)message.at, (int)message.len, &parsed) != 0)
		return GL_FAILED;
	for (int i = 0; i < ns_msg_count(parsed, ns_s_an); i++) {
		ns_rr record;
		bool taken;

		if (ns_parserr(&parsed, ns_s_an, i, &record) != 0)
			return GL_FAILED;
		if (ns_rr_type(record) != type_of(type) || answer->count == GL_DNS_ANSWERS_MAX)
			continue;
		if (type == GL_DNS_MX)
			taken = read_host(answer->at[answer->count].name, &parsed, &record);
		else
			taken = read_address(&answer->at[answer->count].address, &record,
			    type == GL_DNS_A ? GL_V4 : GL_V6);
		answer->count += taken;
	}
	return answer->count > 0 ? GL_OK : GL_NOT_FOUND;
}

static enum gl_status ask(const struct gl_resolver *resolver, struct gl_dns_answer *answer,
    const char *name, enum gl_dns_type type)
{
	unsigned char message[MESSAGE_MAX];
	int len;

	answer->count = 0;
	if (clock_now() >= resolver->deadline || res_init() != 0)
		return GL_FAILED;
	_res.retrans = WAIT;
	_res.retry = 1;
	len = res_query(name, ns_c_in, (int)type_of(type), message, sizeof message);
	if (len < 0)
		return h_errno == HOST_NOT_FOUND || h_errno == NO_DATA ? GL_NOT_FOUND : GL_FAILED;
	if ((size_t)len > sizeof message)
		return GL_FAILED;
	return gl_dns_read(answer, (struct gl_span){ (const char *)message, (size_t)len }, type);
}

struct gl_resolver gl_resolver_system(void)
{
	return (struct gl_resolver){ .ask = ask, .deadline = clock_now() + SECONDS };
}

static bool is_same(const struct sockaddr *interface, const struct gl_address *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (interface == NULL)
		return false;
	if (interface->sa_family == AF_INET && address->family == GL_V4) {
		memcpy(&v4, interface, sizeof v4);
		return memcmp(&v4.sin_addr, address->bytes, sizeof v4.sin_addr) == 0;
	}
	if (interface->sa_family == AF_INET6 && address->family == GL_V6) {
		memcpy(&v6, interface, sizeof v6);
		return memcmp(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr) == 0;
	}
	return false;
}

bool gl_is_own_address(const struct gl_address *address)
{
	struct ifaddrs *all;
	bool own = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *at = all; at != NULL && !own; at = at->ifa_next)
		own = is_same(at->ifa_addr, address);
	freeifaddrs(all);
	return own;
}
