#!/bin/sh
# every_call.sh HELPER ADMIN - the helper killed at each of its system calls in turn: while it
# makes a table, and while it writes to one. Whoever comes next has to find a table that works,
# and in it whatever was answered before.
set -u

helper=$1 admin=$2
command -v strace >/dev/null || exit 77
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
# leaks cannot be looked for under ptrace
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
wrong=0 kills=0
# Each call; in the bounded form of a sanitized build, which is slower, every fourth.
every=1
[ -n "${GREYLIST_TEST_FULL:-}" ] || ! grep -qE '__(asan|ubsan)_' "$helper" || every=4

cat >"$dir/greylist.conf" <<EOF
database = "$dir/state"
log_target = "$dir/log"
client_lists = {}
recipient_lists = {}
sender_lists = {}
suffix_lists = {}
EOF

ask() { # SENDER [STRACE...]
	printf '%s\n' request=smtpd_access_policy protocol_state=RCPT client_address=192.0.2.7 \
		client_name=unknown "sender=$1" recipient=rcpt@example.org '' >"$dir/request"
	shift
	timeout 20 "$@" "$helper" -c "$dir/greylist.conf" <"$dir/request" >"$dir/reply" 2>"$dir/error"
}

answered() {
	grep -q '^action=DEFER_IF_PERMIT 4\.2\.0 ' "$dir/reply"
}

begin() { # DIRECTORY
	rm -rf "$dir/state" "$dir/log"
	cp -a "$1" "$dir/state"
	: >"$dir/log"
}

holds() { # SENDER
	"$admin" -c "$dir/greylist.conf" show 192.0.2.7 "$1" rcpt@example.org >"$dir/shown" 2>&1
}

fail() {
	wrong=$((wrong + 1))
	echo "killed at $point: $*"
	cat "$dir/reply" "$dir/error" "$dir/log" "$dir/shown"
}

# The calls that follow the arrival of the request, each with its number among its kind. Those that
# change nothing which a death would not undo are left out: the next one stands for them.
list_calls() { # DIRECTORY
	begin "$1"
	ask first@example.org strace -qq -o "$dir/trace" || return 1
	answered || return 1
	awk -F '(' -v every="$every" '/^[a-z0-9_]+\(/ && !/^exit/ { count[$1]++ }
		/^poll\(/ { begun = 1 }
		/^exit|^\+/ || !begun { next }
		/^(brk|m(un)?map|mprotect|madvise|rt_sig[a-z]+|uname|lseek)\(/ { next }
		/^(get[a-z]+|[a-z]*stat(fs)?|newfstatat|close|fcntl)\(/ { next }
		seen++ % every == 0 { print $1 ":" count[$1] }' "$dir/trace"
}

kill_at() { # DIRECTORY CALL:NUMBER
	point=$2
	begin "$1"
	ask first@example.org strace -qq -o "$dir/trace" \
		-e "inject=${point%:*}:signal=SIGKILL:when=${point#*:}" && return
	kills=$((kills + 1))
	acknowledged=''
	answered && acknowledged=yes
	ask second@example.org || fail 'the next helper ends badly'
	answered || fail 'the next helper does not greylist'
	! grep 'warning: ' "$dir/log" || fail 'the next helper is not content'
	holds second@example.org || fail 'the next helper forgets'
	[ -z "$acknowledged" ] || holds first@example.org || fail 'what was answered is lost'
	[ ! -e "$1/table" ] || holds before@example.org || fail 'what was there is lost'
}

sweep() { # DIRECTORY
	calls=$(list_calls "$1")
	if [ -z "$calls" ]; then
		cat "$dir/reply" "$dir/error" "$dir/log"
		echo 'the helper does not answer under strace'
		exit 1
	fi
	for call in $calls; do
		kill_at "$1" "$call"
	done
}

: >"$dir/shown"
mkdir -m 750 "$dir/empty"
sweep "$dir/empty"
point=none
begin "$dir/empty"
ask before@example.org || fail 'the helper ends badly'
answered || fail 'the helper does not answer'
cp -a "$dir/state" "$dir/table"
sweep "$dir/table"

echo "$kills kills, $wrong wrong"
[ "$wrong" -eq 0 ] && [ "$kills" -gt $((50 / every)) ]
