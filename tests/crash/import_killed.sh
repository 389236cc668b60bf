#!/bin/sh
# import_killed.sh ADMIN - `import` ended by SIGINT and by SIGKILL at random moments.
#
# Whatever the moment, every entry in the table is one of the file's, nothing is torn, and a
# second import completes it. After SIGINT the import has also said how much it did, and that
# is what is there.
set -u
export LC_ALL=C

admin=$1
entries=6000 kills=8
# A sanitized build is slower.
[ -n "${GREYLIST_TEST_FULL:-}" ] || ! grep -qE '__(asan|ubsan)_' "$admin" || kills=3
# a shell has its background jobs ignore SIGINT, and what is ignored stays so
env --default-signal=INT true 2>/dev/null || exit 77
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
wrong=0 partial=0

cat >"$dir/greylist.conf" <<EOF
database = "$dir/state"
log_target = "none"
client_lists = {}
recipient_lists = {}
sender_lists = {}
suffix_lists = {}
EOF
: >"$dir/said"

greylist_admin() { "$admin" -c "$dir/greylist.conf" "$@"; }

fail() {
	wrong=$((wrong + 1))
	echo "FAIL: $*"
	cat "$dir/said"
}

empty() {
	rm -rf "$dir/state"
	mkdir -m 750 "$dir/state"
	printf 'sixteen octets!!' >"$dir/state/secret"
	chmod 600 "$dir/state/secret"
}

# The entries that the table has now, in order.
entries_to() {
	greylist_admin export 2>"$dir/error" | grep -v '"type":"greylist"' | sort >"$1"
	[ ! -s "$dir/error" ] || grep -q 'is not there yet' "$dir/error" ||
		fail "the table cannot be read: $(cat "$dir/error")"
}

# Every entry is one of the file's; how many there are goes to $there.
look() {
	entries_to "$dir/now"
	there=$(wc -l <"$dir/now")
	torn=$(comm -13 "$dir/whole" "$dir/now" | head -1)
	[ -z "$torn" ] || fail "$1: not as it was: $torn"
	[ "$there" -eq 0 ] || [ "$there" -eq "$entries" ] || partial=$((partial + 1))
}

complete() {
	greylist_admin import --merge "$dir/file" >"$dir/said" || fail "$1: cannot be completed"
	entries_to "$dir/now"
	cmp -s "$dir/whole" "$dir/now" || fail "$1: not complete"
}

# What the report counts as taken.
taken() {
	awk '/ taken/ { sum += $2 } END { print sum + 0 }' "$dir/said"
}

now=$(date +%s)
awk -v n="$entries" -v now="$now" 'BEGIN {
	for (i = 0; i < n; i++)
		printf "{\"type\":\"triplet\",\"client\":\"10.%d.%d.0/24\",\"sender\":\"s%dx@example.org\"," \
			"\"recipient\":\"r@example.com\",\"first_seen\":%d,\"last_seen\":%d,\"passed_at\":null," \
			"\"attempts\":1,\"passes\":0}\n", i / 250 % 250, i % 250, i, now - 1000, now - 900
}' >"$dir/raw"
empty
begun=$(date +%s%N)
greylist_admin import "$dir/raw" >"$dir/said" || fail 'the first import'
took=$((($(date +%s%N) - begun) / 1000000))
greylist_admin export >"$dir/file"
entries_to "$dir/whole"
[ "$(wc -l <"$dir/whole")" -eq "$entries" ] || fail 'the first import is not complete'

# The moment is a part of what an import takes here, and the same in every run.
i=0
while [ $i -lt $kills ]; do
	i=$((i + 1))
	for signal in KILL INT; do
		empty
		env --default-signal=INT "$admin" -c "$dir/greylist.conf" import --merge "$dir/file" \
			>"$dir/said" 2>&1 &
		pid=$!
		sleep "$(awk -v t="$took" -v i=$i -v n=$kills 'BEGIN { print t * i / n / 1000 }')"
		kill -s $signal $pid 2>/dev/null
		wait $pid 2>/dev/null
		point="SIG$signal at $i/$kills"
		look "$point"
		[ $signal = KILL ] || [ "$there" -eq 0 ] || [ "$(taken)" -eq "$there" ] ||
			fail "$point: said $(taken), but there are $there"
		complete "$point"
	done
done

on_the_way=$partial

# One that waits for more: all that came so far is taken, and that is what it says.
empty
mkfifo "$dir/pipe"
env --default-signal=INT "$admin" -c "$dir/greylist.conf" import --merge - <"$dir/pipe" \
	>"$dir/said" 2>&1 &
pid=$!
exec 9>"$dir/pipe"
head -1001 "$dir/file" >&9
# from the first batch on it listens to signals
until [ -e "$dir/state/table" ] && look 'an import that waits' && [ "$there" -gt 0 ]; do
	sleep 0.05
done
kill -s INT $pid
wait $pid
[ $? -eq 130 ] || fail 'SIGINT did not end an import that waits'
exec 9>&-
look 'an import that waits'
grep -q '^interrupted; what was done before:$' "$dir/said" || fail 'it did not say so'
[ "$(taken)" -eq "$there" ] || fail "it said $(taken), but there are $there"
complete 'an import that waits'

echo "$((2 * kills)) kills, $on_the_way of them on the way, $wrong wrong"
[ "$wrong" -eq 0 ] && [ "$on_the_way" -gt 0 ]
