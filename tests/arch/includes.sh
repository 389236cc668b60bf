#!/bin/sh
# includes.sh SOURCE - who may include what: a lower floor never an upper one, no room another.
#
# Before the tree, samples that break one rule each have to be found
# guilty, and samples that break none have to pass.
set -eu
export LC_ALL=C

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# scan ROOT: a line "file includes header" for each include that its floor does not have.
scan() {
	(cd "$1" && find lib policy -name '*.[ch]' | sort | xargs awk '
	function is_core(name) {
		return name ~ /^greylist\/(address|crowd|decision|exempt|inherited|logline|override|pool|punycode|record|reply|request|sender|span|status|suffix|suspicion|terms|triplet)\.h$/
	}
	function is_plain(name) {
		return name ~ /^(stdbool|stddef|stdint)\.h$/
	}
	# the first word of a file name of lib/edge, or the header of its own
	function room_of(file) {
		sub(/^.*\//, "", file)
		sub(/[._].*$/, "", file)
		return file
	}
	function is_foreign_library(name) {
		return name ~ /^(confuse|lmdb|pcre2[a-z]*|syslog|seccomp|sodium|zlib|lzma|db)\.h$/ ||
			name ~ /^(sodium|nettle|hiredis|linux)\//
	}
	function core_may(name) {
		return is_core(name) || is_plain(name) ||
			name ~ /^(string\.h|arpa\/inet\.h|sodium\/crypto_shorthash_siphash24\.h)$/
	}
	function room_may(room, name) {
		if (quoted)
			return is_core(name) || name ~ "^greylist/" room "(_[a-z]+)?\\.h$" ||
				name == "greylist/version.h" || name == room "_room.h"
		if (name == "confuse.h")
			return room == "config"
		if (name ~ /^linux\/(audit|filter|seccomp)\.h$/)
			return room == "sandbox"
		if (name == "lmdb.h" || name ~ /^linux\//)
			return room == "store"
		if (name == "syslog.h")
			return room == "log"
		if (name == "db.h")
			return room == "postgrey"
		if (name == "pcre2.h")
			return room == "regex"
		if (name == "zlib.h" || name == "lzma.h")
			return room == "maillog"
		if (name ~ /^nettle\//)
			return room == "sha1"
		return !is_foreign_library(name)
	}
	function contract_may(name) {
		if (is_core(substr(FILENAME, 13)))
			return is_core(name) || is_plain(name)
		return is_core(name) || is_plain(name) || name == "stdio.h" ||
			name == "greylist/" room_of(FILENAME) ".h"
	}
	# policy/ itself: no admin tool, and nothing that a room of lib/edge stands in front of
	function policy_may(name) {
		if (name == "jansson.h")
			return FILENAME ~ /^policy\/admin\//
		if (!quoted)
			return !is_foreign_library(name)
		if (name ~ /^greylist\//)
			return name !~ /_room\.h$/
		return name !~ /\// && (("policy/" name) in files ||
			(FILENAME ~ /^policy\/admin\// && ("policy/admin/" name) in files))
	}
	function may(name) {
		if (FILENAME ~ /^lib\/core\//)
			return core_may(name)
		if (FILENAME ~ /^lib\/edge\//)
			return room_may(room_of(FILENAME), name)
		if (FILENAME ~ /^lib\/include\//)
			return contract_may(name)
		return policy_may(name)
	}
	BEGIN {
		for (i = 1; i < ARGC; i++)
			files[ARGV[i]]
	}
	/^[ \t]*#[ \t]*include/ {
		quoted = /"/
		name = $0
		sub(/^[^"<]*["<]/, "", name)
		sub(/[">].*$/, "", name)
		if (!may(name))
			print FILENAME " includes " name
	}')
}

# put FILE HEADER...: a file of the sample tree
put() {
	file=$work/tree/$1
	shift
	mkdir -p "$(dirname "$file")"
	for header; do
		case $header in
		\"*) echo "#include $header" ;;
		*) echo "#include <$header>" ;;
		esac
	done >"$file"
}

put lib/core/span.c '"greylist/span.h"' string.h
put lib/include/greylist/span.h stdint.h '"greylist/status.h"'
put lib/include/greylist/store.h '"greylist/record.h"' stdio.h
put lib/edge/store_open.c '"store_room.h"' lmdb.h errno.h
put lib/edge/regex.c '"greylist/regex.h"' pcre2.h
put lib/edge/sha1.c '"greylist/sha1.h"' nettle/sha1.h
put lib/edge/maillog_gzip.c '"maillog_room.h"' zlib.h
put lib/edge/maillog_xz.c '"maillog_room.h"' lzma.h
put lib/edge/sandbox_filter.c '"sandbox_room.h"' linux/seccomp.h
put lib/edge/store_room.h '"greylist/store.h"'
put lib/edge/postgrey_db.c '"postgrey_room.h"' db.h
put policy/world.h '"greylist/store.h"'
put policy/judge.h '"greylist/exempt.h"'
put policy/world.c '"world.h"' '"judge.h"' string.h
put policy/admin/command.h stdio.h '"world.h"'
put policy/admin/list.c '"command.h"' jansson.h
if [ -n "$(scan "$work/tree")" ]; then
	echo "FAIL: a tree without a mistake was found guilty: $(scan "$work/tree")"
	exit 1
fi

# guilty FILE HEADER: the sample tree with this one include more
guilty() {
	put "$1" "$2"
	found=$(scan "$work/tree")
	header=${2#\"}
	if [ "$found" != "$1 includes ${header%\"}" ]; then
		echo "FAIL: $1 with $2 was not found: $found"
		exit 1
	fi
	rm "$work/tree/$1"
}

guilty lib/core/bad.c time.h
guilty lib/core/bad.c '"greylist/store.h"'
guilty lib/core/bad.c '"greylist/config.h"'
guilty lib/core/bad.c '"judge.h"'
guilty lib/include/greylist/record.h '"greylist/store.h"'
guilty lib/include/greylist/rules.h '"greylist/config.h"'
guilty lib/include/greylist/rules.h lmdb.h
guilty lib/edge/rules_bad.c '"greylist/store.h"'
guilty lib/edge/rules_bad.c '"store_room.h"'
guilty lib/edge/rules_bad.c '"world.h"'
guilty lib/edge/rules_bad.c lmdb.h
guilty lib/edge/rules_bad.c '"greylist/regex.h"'
guilty lib/edge/rules_bad.c pcre2.h
guilty lib/edge/rules_bad.c zlib.h
guilty lib/edge/rules_bad.c lzma.h
guilty lib/edge/store_bad.c confuse.h
guilty lib/edge/store_bad.c nettle/sha1.h
guilty lib/edge/store_bad.c db.h
guilty lib/edge/store_bad.c linux/seccomp.h
guilty lib/edge/config_bad.c syslog.h
guilty policy/bad.c lmdb.h
guilty policy/bad.c confuse.h
guilty policy/bad.c pcre2.h
guilty policy/bad.c syslog.h
guilty policy/bad.c jansson.h
guilty policy/bad.c '"command.h"'
guilty policy/bad.c '"admin/command.h"'
guilty policy/admin/bad.c lmdb.h
guilty policy/admin/bad.c db.h
guilty policy/admin/bad.c zlib.h
guilty policy/admin/bad.c lzma.h
guilty policy/admin/bad.c '"store_room.h"'

found=$(scan "$source")
if [ -n "$found" ]; then
	echo "$found" | sed 's/^/FAIL: /'
	exit 1
fi
echo "ok: $(find "$source/lib" "$source/policy" -name '*.[ch]' | wc -l) files keep to their floors"
