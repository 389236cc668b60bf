#!/bin/sh
# pure.sh ARCHIVE NM AR CC - the core calls nothing but what is listed here.
#
# No clock, no errno, no heap, no input or output: whatever the core
# needs from outside is an undefined symbol of its archive. Before the
# archive, a core that looks at the clock has to be found guilty.
set -eu
export LC_ALL=C

archive=$1 nm=$2 ar=$3 cc=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In the words of GNU libc with _FORTIFY_SOURCE, and of compilers that rename memcmp.
calls='memcpy memmove memcmp bcmp memset memchr strlen inet_pton inet_ntop
crypto_shorthash_siphash24 crypto_shorthash_siphashx24'
# What compilers put in of themselves: stack protection, sanitizers, coverage, fuzzing.
instruments='__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer|sancov|gcov|llvm)_.*'
instruments="$instruments|__(start|stop)___sancov_.*"

# foreign ARCHIVE: every symbol that is called, not defined inside and not allowed.
foreign() {
	"$nm" "$1" | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
	for call in $calls; do
		echo "$call"
		echo "__${call}_chk"
	done | sort -u >"$work/allowed"
	"$nm" "$1" | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u |
		comm -23 - "$work/defined" | comm -23 - "$work/allowed" |
		grep -Evx "$instruments" || true
}

cat >"$work/sample.c" <<'SAMPLE'
#include <string.h>
#include <time.h>

int sample(const char *text);

int sample(const char *text)
{
	return time(NULL) > (time_t)strlen(text);
}
SAMPLE
"$cc" -c "$work/sample.c" -o "$work/sample.o"
"$ar" rc "$work/sample.a" "$work/sample.o"
if [ "$(foreign "$work/sample.a")" != time ]; then
	echo "FAIL: a core that looks at the clock was not found: $(foreign "$work/sample.a")"
	exit 1
fi

if ! "$nm" "$archive" | grep -q ' T gl_decide$'; then
	echo "FAIL: $archive is not the core"
	exit 1
fi
found=$(foreign "$archive")
if [ -n "$found" ]; then
	echo "FAIL: the core calls" $found
	exit 1
fi
echo "ok: the core is pure"
