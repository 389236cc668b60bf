# read-only - the table's file system is read-only for a while, as a kernel leaves it that found an
# error, or an administrator who looks for one.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

KNOWN=known@sender.test

scene() {
	disk_tmpfs size=16m
	postfix_mx
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	expect 450 "who will be known" 203.0.113.7 "$KNOWN" u1@example.org
	wait_delay
	expect 250 "who is known" 203.0.113.7 "$KNOWN" u1@example.org
	before
	read_only
	writable_again
	no_first_table
	postfix_quiet
}

# A helper that has the table open keeps it writable: the kernel refuses.
before() {
	session_open live 203.0.113.7
	tally_begin
	tally live "$KNOWN" u1@example.org
	if [ "$WIRING" = per-connection ]; then
		! mount -o remount,ro "$RIG/db" 2>/dev/null || fail "a table in use became read-only"
	fi
	tally live waits@sender.test u1@example.org
	session_close live
	tally_end "before" 1 1
	let_go
}

# Nobody has the table open any more.
let_go() {
	postfix_reload mx
	within 10 helpers_are 0 || fail "helpers outlive the reload: $(helpers)"
}

read_only() {
	: >"$GREYLIST_LOG"
	mount -o remount,ro "$RIG/db" || die "cannot remount"
	session_open live 203.0.113.7
	tally_begin
	tally live "$KNOWN" u1@example.org
	tally live waits@sender.test u1@example.org
	tally live new1@sender.test u1@example.org u2@example.org
	tally_anew 203.0.113.7 new2@sender.test u1@example.org
	tally_anew 203.0.113.7 "$KNOWN" u1@example.org
	tally_end "read-only" 6 0
	answers_logged "read-only" "action=pass, reason=store error, " 6
	logged "the cause" "$GREYLIST_LOG" "warning: $RIG/db/table.1: cannot be used: Read-only file system"
	not_logged "the cause" "$GREYLIST_LOG" "must belong to the owner"
}

# The session and its helper are those of before.
writable_again() {
	local helpers_before
	helpers_before=$(helpers)
	mount -o remount,rw "$RIG/db" || die "cannot remount"
	: >"$GREYLIST_LOG"
	tally_begin
	tally live new1@sender.test u1@example.org u2@example.org
	tally live "$KNOWN" u1@example.org
	[ "$WIRING" = per-request ] || like "who answers" "$(pids_of "new1@sender.test" | head -1)" "$helpers_before"
	tally_anew 203.0.113.7 new2@sender.test u1@example.org
	tally_end "writable again" 1 3
	wait_delay
	tally_begin
	tally live new1@sender.test u1@example.org u2@example.org
	tally live waits@sender.test u1@example.org
	tally_anew 203.0.113.7 new2@sender.test u1@example.org
	session_close live
	tally_end "writable again: their retries" 4 0
	not_logged "writable again" "$GREYLIST_LOG" "warning: "
	table_good "writable again"
}

no_first_table() {
	let_go
	find "$RIG/db" -mindepth 1 -delete
	mount -o remount,ro "$RIG/db" || die "cannot remount"
	: >"$GREYLIST_LOG"
	tally_begin
	tally_anew 203.0.113.7 first@sender.test u1@example.org
	tally_end "read-only and no table" 1 0
	logged "the cause" "$GREYLIST_LOG" "warning: $RIG/db/gate: cannot be locked: Read-only file system"
	mount -o remount,rw "$RIG/db" || die "cannot remount"
	tally_begin
	tally_anew 203.0.113.7 first@sender.test u1@example.org
	tally_end "writable, and the table is made" 0 1
	table_good "the first table"
}
