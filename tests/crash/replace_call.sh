#!/bin/sh
# replace_call.sh HELPER ADMIN - greylist-admin killed at its system calls in turn while it backs
# the table up, writes it anew, and restores it. The table in use has to be the old or the new one,
# whole, with all that was in it; the next helper writes to it, and the command works the next time.
set -u

helper=$1 admin=$2
command -v strace >/dev/null || exit 77
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
# leaks cannot be looked for under ptrace
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
wrong=0 kills=0
# Each call in the full form; otherwise every sixth, another one for each command, and in a
# sanitized build, which is slower, fewer still.
every=6
! grep -qE '__(asan|ubsan)_' "$helper" || every=15
[ -z "${GREYLIST_TEST_FULL:-}" ] || every=1

cat >"$dir/greylist.conf" <<CONF
database = "$dir/state"
log_target = "$dir/log"
client_lists = {}
recipient_lists = {}
sender_lists = {}
suffix_lists = {}
CONF

ask() { # SENDER
	printf '%s\n' request=smtpd_access_policy protocol_state=RCPT client_address=192.0.2.7 \
		client_name=unknown "sender=$1" recipient=rcpt@example.org '' |
		timeout 20 "$helper" -c "$dir/greylist.conf" >"$dir/reply" 2>"$dir/error"
	grep -q '^action=DEFER_IF_PERMIT 4\.2\.0 ' "$dir/reply"
}

run() { # COMMAND...
	timeout 60 "$admin" -c "$dir/greylist.conf" "$@" >"$dir/said" 2>&1
}

holds() { # SENDER
	run show 192.0.2.7 "$1" rcpt@example.org
}

begin() {
	rm -rf "$dir/state" "$dir/backup" "$dir/log"
	cp -a "$dir/before" "$dir/state"
	cp -a "$dir/kept" "$dir/backup"
	: >"$dir/log"
}

fail() {
	wrong=$((wrong + 1))
	echo "$point: $*"
	cat "$dir/said" "$dir/log"
	ls -A "$dir/state" "$dir/state/table/"
}

# The calls that change something, each with its number among its kind.
list_calls() { # COMMAND...
	begin
	timeout 60 strace -f -qq -o "$dir/trace" "$admin" -c "$dir/greylist.conf" "$@" \
		>"$dir/said" 2>&1 || return 1
	sed 's/^[0-9]* *//' "$dir/trace" | awk -F '(' -v every="$every" -v start="${#1}" '
		/^[a-z0-9_]+\(/ { count[$1]++ }
		/^(openat|mkdirat|mkdir|renameat|renameat2|rename|unlinkat|unlink|symlinkat|linkat)\(/ ||
		/^(flock|fsync|fdatasync|msync|ftruncate|fallocate|p?write(v|64)?|pwritev)\(/ {
			if ((start + seen++) % every == 0)
				print $1 ":" count[$1]
		}'
}

kill_at() { # CALL:NUMBER COMMAND...
	point="$2 killed at $1"
	call=$1
	shift
	begin
	# a call that a thread makes may have another number this time
	timeout 60 strace -f -qq -o "$dir/trace" \
		-e "inject=${call%:*}:signal=SIGKILL:when=${call#*:}" \
		"$admin" -c "$dir/greylist.conf" "$@" >"$dir/said" 2>&1 && return
	kills=$((kills + 1))
	holds first@example.org || fail 'what was there is lost'
	ask later@example.org || fail 'the next helper does not greylist'
	! grep 'warning: ' "$dir/log" || fail 'the next helper is not content'
	run "$@" || fail 'it does not work the next time'
	holds first@example.org || fail 'what was there is lost the next time'
	holds later@example.org || fail 'what came later is lost'
	[ "$(ls -A "$dir/state" | grep -c table)" -eq 2 ] || fail 'something was left behind'
	run restore "$dir/backup" || fail 'there is no good backup'
}

sweep() { # COMMAND...
	calls=$(list_calls "$@")
	[ -n "$calls" ] || { cat "$dir/said" && exit 1; }
	for call in $calls; do
		kill_at "$call" "$@"
	done
}

: >"$dir/said"
mkdir -m 750 "$dir/state"
: >"$dir/log"
ask first@example.org || { cat "$dir/reply" "$dir/error" "$dir/log" && exit 1; }
run backup "$dir/kept" || { cat "$dir/said" && exit 1; }
cp -a "$dir/state" "$dir/before"
sweep compact
sweep restore "$dir/backup"
sweep backup "$dir/backup"

echo "$kills kills, $wrong wrong"
[ "$wrong" -eq 0 ] && [ "$kills" -gt $((100 / every)) ]
