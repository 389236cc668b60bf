#!/bin/sh
# size.sh SOURCE - files and functions stay small, headers are mostly prose.
#
# A function begins with a line "{" and ends with a line "}", as
# .clang-format has it. Before the tree, a sample of each offence has to be
# found guilty.
set -eu
export LC_ALL=C

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# scan ROOT: one line for each offence
scan() {
	(cd "$1" && find lib policy tests -name '*.[ch]' | sort | xargs awk '
	function leave() {
		if (lines > 400)
			print name ": " lines " lines, more than 400"
		if (name ~ /^lib\/include\// && prose * 100 < said * 40)
			print name ": " prose " of " said " lines are prose, less than 40 %"
		if (name ~ /^(lib|policy)\/.*\.c$/ && prose * 100 > said * 15)
			print name ": " prose " of " said " lines have a comment, more than 15 %"
		lines = prose = said = inside = start = 0
	}
	FNR == 1 {
		leave()
		name = FILENAME
	}
	{
		lines++
	}
	/^\{$/ {
		start = FNR
	}
	/^\}$/ && start > 0 {
		if (FNR - start + 1 > 60)
			print FILENAME ":" start ": a function of " FNR - start + 1 " lines"
		start = 0
	}
	/^[ \t]*$/ {
		next
	}
	# a line counts as prose when any part of it is a comment
	{
		said++
		rest = $0
		has = inside
		while (rest != "") {
			at = index(rest, inside ? "*/" : "/*")
			if (at == 0)
				break
			rest = substr(rest, at + 2)
			inside = !inside
			has = 1
		}
		prose += has
	}
	END {
		leave()
	}')
}

# sample FILE LINES TEXT: so many lines of the text
sample() {
	mkdir -p "$(dirname "$work/tree/$1")"
	awk -v n="$2" -v text="$3" 'BEGIN { for (i = 0; i < n; i++) print text }' >>"$work/tree/$1"
}

# guilty WORDS: the sample tree has one offence, and this is it
guilty() {
	found=$(scan "$work/tree")
	case $found in
	*"$1") rm "$work/tree/${1%%:*}" ;;
	*) echo "FAIL: not found: $1, but: $found" && exit 1 ;;
	esac
	if [ "$(echo "$found" | wc -l)" -ne 1 ]; then
		echo "FAIL: found too much: $found"
		exit 1
	fi
}

sample policy/good.c 400 'int a;'
sample tests/good.c 400 'int a;'
sample lib/include/greylist/good.h 4 '/* prose */'
sample lib/include/greylist/good.h 6 'int a;'
sample lib/good.c 1 '{'
sample lib/good.c 58 '	a();'
sample lib/good.c 1 '}'
if [ -n "$(scan "$work/tree")" ]; then
	echo "FAIL: a tree without an offence was found guilty: $(scan "$work/tree")"
	exit 1
fi
sample policy/bad.c 401 'int a;'
guilty 'policy/bad.c: 401 lines, more than 400'
sample tests/unit/bad.c 401 'int a;'
guilty 'tests/unit/bad.c: 401 lines, more than 400'
sample policy/bad.c 1 '{'
sample policy/bad.c 59 '	a();'
sample policy/bad.c 1 '}'
guilty 'policy/bad.c:1: a function of 61 lines'
sample policy/bad.c 20 'int a;'
sample policy/bad.c 4 'int b; /* why */'
guilty 'policy/bad.c: 4 of 24 lines have a comment, more than 15 %'
sample lib/include/greylist/bad.h 3 '/* prose */'
sample lib/include/greylist/bad.h 5 'int a;'
guilty 'lib/include/greylist/bad.h: 3 of 8 lines are prose, less than 40 %'

found=$(scan "$source")
if [ -n "$found" ]; then
	echo "$found" | sed 's/^/FAIL: /'
	exit 1
fi
echo "ok: $(cd "$source" && find lib policy tests -name '*.[ch]' | wc -l) files are of a size"
