#include "greylist/suspicion.h"

#include "greylist/pool.h"

static bool is_address(struct gl_span helo)
{
	struct gl_address address;
	return helo.at[0] == '[' || gl_address_parse(&address, helo) == GL_OK;
}

static const char *of_helo(struct gl_span helo, const char *hostname)
{
	if (helo.len == 0)
		return "the client did not say HELO";
	if (is_address(helo))
		return "its HELO is an address";
	if (gl_span_equal_fold(helo, gl_span_of(hostname)))
		return "its HELO is this machine's own name";
	if (gl_span_equal_fold(helo, gl_span_of("localhost")))
		return "its HELO is localhost";
	return NULL;
}

const char *gl_suspicion(
    const struct gl_request *request, const struct gl_address *client, const char *hostname)
{
	if (gl_span_equal(
		gl_request_get(request, GL_ATTR_POLICY_CONTEXT), gl_span_of(GL_SUSPECT_CONTEXT)))
		return "Postfix says so: policy_context=" GL_SUSPECT_CONTEXT;
	const char *why = gl_name_flaw(
	    gl_name_looks(gl_request_get(request, GL_ATTR_CLIENT_NAME), client));
	if (why != NULL || !gl_request_has(request, GL_ATTR_HELO_NAME))
		return why;
	return of_helo(gl_request_get(request, GL_ATTR_HELO_NAME), hostname);
}
