#!/bin/sh
# docs.sh SOURCE OPTIONS POLICY ADMIN - programs, sample, man pages and README name the same things.
#
# OPTIONS prints the names that the parser takes; POLICY and ADMIN are
# the two programs. What only one side knows is shown as a diff.
set -eu
export LC_ALL=C

source=$1 options=$2 policy=$3 admin=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
wrong=0

fail() {
	echo "FAIL: $*"
	wrong=1
}

# same TITLE A B: both files hold the same lines, and at least one.
same() {
	if [ ! -s "$2" ]; then
		fail "$1: nothing found in $2"
	elif diff -u "$2" "$3" >difference; then
		echo "ok: $1 ($(wc -l <"$2"))"
	else
		fail "$1"
		sed 1,2d difference
	fi
}

# name = default, as the sample and the man page have it
sample_options() {
	sed -n 's/^\([a-z_0-9]* = .*\)$/\1/p' "$source/conf/greylist.conf"
}

page_options() {
	sed -n 's/^\.It Ic \([a-z_0-9]* = .*\)$/\1/p' "$source/conf/greylist.conf.5" |
		sed 's/\\(dq/"/g'
}

check_options() {
	"$options" | sort >parser.options
	sample_options | cut -d' ' -f1 | sort >sample.options
	page_options | cut -d' ' -f1 | sort >page.options
	same "options in the sample" parser.options sample.options
	same "options in greylist.conf(5)" parser.options page.options

	sample_options | sort >sample.defaults
	page_options | sort >page.defaults
	same "defaults in greylist.conf(5)" sample.defaults page.defaults
}

# name least most: from the sample's comment above an option, and from the words of the page
check_ranges() {
	awk '/^# From .* to .*\.$/ { least = $3; most = $5; sub(/\.$/, "", most) }
		/^[a-z_0-9]+ = / { if (least != "") print $1, least, most; least = "" }' \
		"$source/conf/greylist.conf" | sort >sample.ranges
	awk '/^\.(It|El|Sh|Ss)/ { flush() } /^\.It Ic / { name = $3 } { text = text " " $0 }
		function flush(    at, words) {
			if (name != "" && match(text, /from [0-9]+[a-zA-Z]? to [0-9]+[a-zA-Z]?/)) {
				split(substr(text, RSTART, RLENGTH), words, " ")
				print name, words[2], words[4]
			}
			name = text = ""
		}' "$source/conf/greylist.conf.5" | sort >page.ranges
	same "ranges in greylist.conf(5)" sample.ranges page.ranges
}

admin_commands() {
	"$admin" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort
}

check_commands() {
	page=$source/policy/admin/greylist-admin.8
	admin_commands >help.commands
	sed -n 's/^\.It \(Ic\|Cm\) \([a-z][a-z-]*\).*/\2/p' "$page" | sort -u >page.commands
	same "commands in greylist-admin(8)" help.commands page.commands

	{
		"$admin" --help
		while read -r command; do
			"$admin" "$command" --help
		done <help.commands
	} | sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p' | sort -u >help.long
	grep '^\.\(Op \|It \)\{0,1\}Fl ' "$page" | tr ' ' '\n' | sed -n 's/^-\([a-z]\)/--\1/p' |
		sort -u >page.long
	same "options in greylist-admin(8)" help.long page.long
}

check_helper() {
	"$policy" -h | sed -n 's/^  -\([A-Za-z0-9]\).*/\1/p' | sort >help.helper
	sed -n 's/^\.It Fl \([A-Za-z0-9]\).*/\1/p' "$source/policy/greylist-policy.8" |
		sort >page.helper
	same "options in greylist-policy(8)" help.helper page.helper
}

readme_commands() {
	grep -o '^  *greylist-admin [a-z][a-z-]*' "$source/README" | awk '{ print $2 }' | sort -u |
		while read -r command; do
			grep -qx -- "$command" help.commands || echo "README: no command $command"
		done
	grep -o 'greylist-admin [a-z][a-z-]*.* --[a-z-]*' "$source/README" |
		while read -r program command rest; do
			for word in $rest; do
				case $word in
				--*) "$admin" "$command" --help | grep -q -- "^  $word" ||
					echo "README: $program $command has no $word" ;;
				esac
			done
		done
}

# Paths of this tree, shipped files below /etc/greylist, and man pages.
readme_paths() {
	grep -oE '(^|[ (`])(lib|policy|conf|packaging|tests|\.ci)/[A-Za-z0-9_./-]*' "$source/README" |
		tr -d ' (`' | sed 's/[.,]$//' | sort -u |
		while read -r path; do
			[ -e "$source/$path" ] || echo "README: no $path"
		done
	grep -oE '/etc/greylist/[a-z.]*' "$source/README" | sed 's/[.]$//' | sort -u |
		while read -r path; do
			shipped=${path##*/}
			[ -e "$source/conf/${shipped%.local}" ] || echo "README: no $path"
		done
	grep -oE 'greylist[a-z.-]*\([58]\)' "$source/README" | tr -d ')' | tr '(' '.' | sort -u |
		while read -r page; do
			[ -n "$(find "$source/conf" "$source/policy" -name "$page")" ] ||
				echo "README: no page $page"
		done
}

check_readme() {
	grep -q 'greylist-admin ' "$source/README" || echo "README: names no command" >readme.wrong
	{
		readme_commands
		readme_paths
	} >>readme.wrong
	if [ -s readme.wrong ]; then
		fail "README"
		cat readme.wrong
	else
		echo "ok: README"
	fi
}

check_options
check_ranges
check_commands
check_helper
check_readme
exit $wrong
