# frozen-disk - the table's file system is frozen, as a snapshot or a dying array leaves it. Who
# writes then sleeps and hears no signal, the helper's own time limit included: smtpd's limit in
# the wiring lets the mail pass.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

KNOWN=known@sender.test
LEFT=() # sessions that wait for an answer

scene() {
	[ -d "${E2E_DISK:-}" ] || die "E2E_DISK is no file system to freeze: use on-loop"
	install -d -m 750 -o "$OWNER" -g "$(id -gn "$OWNER")" "$E2E_DISK/db"
	mount --bind "$E2E_DISK/db" "$RIG/db" || die "cannot mount"
	trap 'thaw $?; rig_clean' EXIT
	postfix_mx
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	expect 450 "who will be known" 203.0.113.7 "$KNOWN" u1@example.org
	wait_delay
	expect 250 "who is known" 203.0.113.7 "$KNOWN" u1@example.org
	session_open live1 203.0.113.7
	session_open live2 203.0.113.7
	session_rcpt 250 "before: known" live1 "$KNOWN" u1@example.org
	session_rcpt 450 "before: a stranger" live2 waits@sender.test u1@example.org
	: >"$GREYLIST_LOG"
	frozen
	thawed
}

freeze() {
	(sleep 120 && thaw) &
	fsfreeze -f "$RIG/db" || die "cannot freeze"
	note "frozen"
}

# thaw [STATUS]: and returns that; fine where it is not frozen
thaw() {
	fsfreeze -u "$RIG/db" 2>/dev/null
	return "${1:-0}"
}

# begins SESSION SENDER RECIPIENT: a transaction whose answer is not waited for
begins() {
	[ -n "${SESSION[$1]:-}" ] || session_open "$1" 203.0.113.7
	session_say "$1" RSET
	session_say "$1" "MAIL FROM:<$2>"
	printf 'RCPT TO:<%s>\r\n' "$3" >&"${SESSION[$1]}"
	LEFT+=("$1")
}

answers() {
	local name
	for name in "${LEFT[@]}"; do
		session_reply "$name"
		tally_answer
	done
	LEFT=()
}

frozen() {
	local begun sleepers
	freeze
	begun=$(now)
	tally_begin
	begins live1 "$KNOWN" u1@example.org
	begins live2 frozen1@sender.test u1@example.org
	begins new1 "$KNOWN" u1@example.org
	begins new2 frozen2@sender.test u1@example.org
	answers
	note "all four were answered within $(since "$begun") s"
	begins live1 frozen3@sender.test u1@example.org
	begins live2 "$KNOWN" u1@example.org
	begins new3 frozen4@sender.test u1@example.org
	answers
	tally_end "frozen: known and strangers" 7 0
	logged "what smtpd waited for" "$MAIL_LOG" "problem talking to server private/greylist"
	sleepers=$(grep -lE '^State:.D ' /proc/[0-9]*/status 2>/dev/null | wc -l)
	note "processes that hear no signal: $sleepers"
	[ "$sleepers" -gt 0 ] || fail "frozen: nobody sleeps"
}

thawed() {
	local name
	fsfreeze -u "$RIG/db" || die "cannot thaw"
	within 10 has "$GREYLIST_LOG" "warning: request_timeout passed while waiting for the table" ||
		fail "thawed: no word of those who slept"
	tally_begin
	for name in live1 live2 new1 new2 new3; do
		tally "$name" "thawed.$name@sender.test" u1@example.org
		tally "$name" "$KNOWN" u1@example.org
	done
	tally_anew 203.0.113.7 thawed.anew@sender.test u1@example.org
	tally_end "thawed: strangers and known" 5 6
	wait_delay
	tally_begin
	for name in live1 live2 new1 new2 new3; do
		tally "$name" "thawed.$name@sender.test" u1@example.org
	done
	tally_anew 203.0.113.7 thawed.anew@sender.test u1@example.org
	tally live2 waits@sender.test u1@example.org
	tally_end "thawed: retries" 7 0
	for name in live1 live2 new1 new2 new3; do
		session_close "$name"
	done
	table_good "thawed"
}
