# check - what a scene demands, and waiting for it. Sourced by run.

FAILURES=0

note() {
	printf '%s\n' "$*"
}

fail() {
	printf 'FAIL: %s\n' "$*" >&2 # stdout may be a file that is being made
	FAILURES=$((FAILURES + 1))
}

# For what makes the rest of the scene pointless. The trap cleans up.
die() {
	fail "$*"
	exit 1
}

# is WHAT WANTED GOT
is() {
	[ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}

# like WHAT EXTENDED-REGEX TEXT
like() {
	[[ $3 =~ $2 ]] || fail "$1: wanted /$2/, got '$3'"
}

# within SECONDS COMMAND...: whether the command succeeds in time
within() {
	local until=$((SECONDS + $1 + 1))
	shift
	while ! "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}

now() {
	printf '%s' "${EPOCHREALTIME/,/.}"
}

# since TIME: the seconds passed, with tenths
since() {
	awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'
}
