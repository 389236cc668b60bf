# rig - the place a scene runs in: directory, /dev/log, helper, configuration. Sourced by run.

RIG=''             # the scene's directory
OWNER=nobody       # runs the helper and owns the table: the substituted user= of master.cf
SANITIZED=''       # not empty: the helper is built with sanitizers
declare -A CONF=() # greylist.conf, option by option

rig_begin() {
	RIG=$(mktemp -d "${TMPDIR:-/tmp}/greylist-e2e.XXXXXX") || give_up "no directory"
	trap rig_clean EXIT
	trap 'exit 1' INT TERM
	chmod 755 "$RIG"
	mkdir -m 755 "$RIG/bin" "$RIG/lists" || die "cannot make directories"
	runuser -u "$OWNER" -- test -x "$RIG/bin" ||
		die "$OWNER cannot reach $RIG: set TMPDIR to a directory open to all"
	install -d -m 750 -o "$OWNER" -g "$(id -gn "$OWNER")" "$RIG/db"
	install -d -m 755 -o "$OWNER" "$RIG/log" "$RIG/sink"
	GREYLIST_LOG=$RIG/log/greylist.log
	SYSLOG=$RIG/log/syslog
	ip link set lo up
	rig_dev
	rig_helper
	rig_conf
	perl "$here/lib/syslog.pl" /dev/log "$SYSLOG" &
	within 10 test -S /dev/log || die "no reader at /dev/log"
}

# /dev of our own: the machine may have no /dev/log, or one that is not ours to read.
rig_dev() {
	local device
	mkdir "$RIG/dev"
	mount -t tmpfs -o mode=755 dev "$RIG/dev" || die "cannot mount"
	for device in null zero full random urandom tty; do
		: >"$RIG/dev/$device"
		mount --bind "/dev/$device" "$RIG/dev/$device"
	done
	ln -s /proc/self/fd "$RIG/dev/fd"
	mkdir -m 1777 "$RIG/dev/shm"
	mount --move "$RIG/dev" /dev || die "cannot mount a /dev of our own"
}

rig_helper() {
	install -m 755 "$HELPER" "$RIG/bin/greylist-policy"
	if grep -qE '__(asan|ubsan)_' "$HELPER"; then
		SANITIZED=1
		export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$RIG/log/sanitizer
		export UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$RIG/log/sanitizer
	fi
}

# The lists are the shipped ones and, beside each, one of the scene's own.
rig_conf() {
	local list
	for list in clients recipients senders; do
		cp "$SOURCE/conf/$list" "$RIG/lists/$list"
		: >"$RIG/lists/$list.local"
		CONF[${list%s}_lists]="{\"$RIG/lists/$list\", \"$RIG/lists/$list.local\"}"
	done
	cp "$SOURCE/conf/suffixes" "$RIG/lists/suffixes"
	: >"$RIG/lists/suffixes.local"
	CONF[suffix_lists]="{\"$RIG/lists/suffixes\", \"$RIG/lists/suffixes.local\"}"
	CONF[database]="\"$RIG/db\""
	CONF[delay]="\"${DELAY}s\""
	CONF[log_target]="\"$GREYLIST_LOG\""
	CONF[hostname]='"mx.example.test"'
	conf_write
}

# Writes CONF out; the new file takes the old one's place in one step.
conf_write() {
	local option
	for option in "${!CONF[@]}"; do
		printf '%s = %s\n' "$option" "${CONF[$option]}"
	done | sort >"$RIG/greylist.conf.new"
	mv "$RIG/greylist.conf.new" "$RIG/greylist.conf"
}

# conf_set OPTION VALUE: changes one option under the running helper
conf_set() {
	CONF[$1]=$2
	conf_write
}

admin() {
	"$ADMIN" -c "$RIG/greylist.conf" "$@"
}

# listed TEXT: the lines of `list --json` that have the text
listed() {
	admin list --json | grep -F -- "$1"
}

rig_end() {
	postfix_stop_all
	within 10 helpers_are 0 || fail "helpers outlive Postfix: $(helpers)"
	exit 0 # by way of rig_clean
}

rig_show_logs() {
	local file
	for file in "$RIG"/*/log/mail.log "$GREYLIST_LOG" "$SYSLOG" "$RIG/log/swaks" "$RIG/log/smtp"; do
		[ -s "$file" ] || continue
		printf -- '--- %s\n' "${file#"$RIG/"}"
		tail -n 60 "$file"
	done
}

rig_clean() {
	local status=$? file
	trap - EXIT
	exec >&2
	postfix_stop_all
	for file in "$RIG"/log/sanitizer*; do
		[ -s "$file" ] || continue
		fail "a sanitizer complains:"
		cat "$file"
	done
	if [ "$status" -ne 0 ] || [ "$FAILURES" -ne 0 ]; then
		[ -n "${E2E_QUIET:-}" ] || rig_show_logs
		printf '%s %s: %s failures\n' "$SCENE" "$WIRING" "$FAILURES"
		status=1
	fi
	if [ -n "${E2E_KEEP:-}" ]; then
		printf 'kept: %s\n' "$RIG"
	else
		! mountpoint -q "$RIG/db" || umount --lazy "$RIG/db"
		rm -rf "$RIG"
	fi
	exit "$status"
}
