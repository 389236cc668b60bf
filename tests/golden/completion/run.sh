#!/bin/sh
# run.sh COMPLETION CASE - what a real shell makes of the TAB key.
#
# CASE is SHELL.case, with lines "$ COMMAND-LINE|", the bar for the cursor,
# and below each what comes of it: for bash and zsh the line with every
# completion put in, for zsh also what it shows, for fish the completions and
# what it says of them. drive.SHELL asks that shell. UPDATE=1 writes what
# came out into the case.
set -u
completion=$1 case=$2
shell=$(basename "$case" .case)
here=$(cd "$(dirname "$case")" && pwd)
case=$here/$shell.case
command -v "$shell" >/dev/null || exit 77
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir home place 'place/a directory' place/directory
touch 'place/a file' place/col:on place/file place/--file
sed -n 's/^\$ \(.*\)|$/\1/p' "$case" >lines
export HOME="$work/home" XDG_CONFIG_HOME="$work/home" XDG_DATA_HOME="$work/home"
export LC_ALL=C TERM=vt100 INPUTRC=/dev/null

"$here/drive.$shell" "$completion" "$work/lines" "$work/place" >actual 2>err || {
	cat err
	exit 1
}
if [ -e place/evaluated ]; then
	echo 'FAIL: what stands on the line was run'
	exit 1
fi
if [ "${UPDATE-}" = 1 ]; then
	cp actual "$case"
	exit 0
fi
diff -u "$case" actual
