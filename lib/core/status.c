#include "greylist/status.h"

const char *gl_status_text(enum gl_status status)
{
	switch (status) {
	case GL_OK:
		return "done";
	case GL_NOT_FOUND:
		return "not found";
	case GL_MORE:
		return "more input needed";
	case GL_MALFORMED:
		return "malformed input";
	case GL_TOO_LONG:
		return "input over its limit";
	case GL_BAD_CONFIG:
		return "configuration error";
	case GL_NO_ACCESS:
		return "access denied";
	case GL_FULL:
		return "no space left";
	case GL_REPLACED:
		return "table was replaced";
	case GL_CORRUPT:
		return "damaged data";
	case GL_VERSION:
		return "written by a newer version";
	case GL_WRONG_SECRET:
		return "secret does not belong to the table";
	case GL_UNSUPPORTED:
		return "not supported here";
	case GL_FAILED:
		return "failed";
	}
	return "unknown status";
}
