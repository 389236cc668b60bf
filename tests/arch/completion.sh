#!/bin/sh
# completion.sh SOURCE PRINTER SHELL - a completion's tables are those of the commands.
#
# They stand in conf/completion/SHELL between a line "# Begin of ..." and a
# line "# End of ...", and PRINTER says what they have to be. UPDATE=1
# writes them there.
set -eu
export LC_ALL=C

source=$1 printer=$2 shell=$3
file=$source/conf/completion/$shell
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$printer" "$shell" >"$work/tables"
awk -v tables="$work/tables" '
	/^# End of / { end = 1 }
	begin == end { print }
	/^# Begin of / {
		begin = 1
		while ((getline line <tables) > 0)
			print line
	}
	END { exit !(begin && end) }' "$file" >"$work/whole" || {
	echo "FAIL: $file has no place for the tables"
	exit 1
}
if diff -u "$file" "$work/whole"; then
	echo "ok: $file"
elif [ "${UPDATE-}" = 1 ]; then
	cat "$work/whole" >"$file"
else
	echo "FAIL: $file is not what the command table says: ctest with UPDATE=1 writes it"
	exit 1
fi
