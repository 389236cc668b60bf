# stopped-writer - a process stands still in the midst of a write to the table. Nobody waits for it
# longer than request_timeout, and everything is as before when it goes on.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

LIMIT=2 # request_timeout, below the 10 seconds that smtpd waits
STILL=12
KNOWN=known@sender.test
WRITER='' # its pid
STRANGERS=0

scene() {
	[ -x "${E2E_WRITER:-}" ] || die "E2E_WRITER is no program that stops itself"
	[ -z "${GREYLIST_TEST_FULL:-}" ] || STILL=60
	conf_set request_timeout "\"${LIMIT}s\""
	postfix_mx
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	expect 450 "who will be known" 203.0.113.7 "$KNOWN" u1@example.org
	wait_delay
	expect 250 "who is known" 203.0.113.7 "$KNOWN" u1@example.org
	session_open live 203.0.113.7
	session_rcpt 450 "before" live waits@sender.test u1@example.org
	: >"$GREYLIST_LOG"
	writer_stops
	while_it_stands_still
	many_at_once
	writer_goes_on
	as_before
	session_close live
	postfix_quiet
}

writer_is() {
	[ -n "$WRITER" ] || WRITER=$(pgrep -f "^$RIG/bin/stopped_writer ")
	[ -n "$WRITER" ] && [ "$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$WRITER/status")" = "$1" ]
}

writer_stops() {
	install -m 755 "$E2E_WRITER" "$RIG/bin/stopped_writer"
	{
		setpriv --reuid "$OWNER" --regid "$(id -g "$OWNER")" --clear-groups \
			"$RIG/bin/stopped_writer" "$RIG/db" 2>&1
		printf 'ended %s\n' $?
	} >"$RIG/log/writer" &
	within 20 writer_is T || die "no writer stopped: $(cat "$RIG/log/writer")"
}

while_it_stands_still() {
	local begun until=$((SECONDS + STILL)) strangers=0 known=0 longest=0
	tally_begin
	while [ "$SECONDS" -lt "$until" ]; do
		strangers=$((strangers + 1))
		begun=$(now)
		tally live "s$strangers@sender.test" u1@example.org
		is "a stranger" accepted "$ANSWER"
		longest=$(longer "$longest" "$(since "$begun")")
		known=$((known + 2))
		tally live "$KNOWN" u1@example.org
		tally_anew 203.0.113.7 "$KNOWN" u1@example.org
	done
	STRANGERS=$strangers
	tally_end "a writer stands still for $STILL s" $((strangers + known)) 0
	note "the longest wait of a stranger: $longest s, with request_timeout = $LIMIT s"
	answers_logged "strangers" \
		"warning: request_timeout passed while waiting for the table; answered per on_error" \
		"$strangers"
	answers_logged "known" "action=pass, reason=triplet found, " "$known"
}

longer() {
	awk -v a="$1" -v b="$2" 'BEGIN { print (a > b) ? a : b }'
}

# Ten servers, each with a stranger's mail.
many_at_once() {
	local n
	for n in {1..10}; do
		session_open "crowd$n" 203.0.113.7
		printf 'MAIL FROM:<crowd%s@sender.test>\r\n' "$n" >&"${SESSION[crowd$n]}"
		session_reply "crowd$n"
	done
	for n in {1..10}; do
		printf 'RCPT TO:<u1@example.org>\r\n' >&"${SESSION[crowd$n]}"
	done
	tally_begin
	for n in {1..10}; do
		session_reply "crowd$n"
		tally_answer
	done
	for n in {1..10}; do
		session_close "crowd$n"
	done
	tally_end "ten strangers at once" 10 0
	answers_logged "ten strangers at once" "warning: request_timeout passed" $((STRANGERS + 10))
}

writer_goes_on() {
	writer_is T || fail "the writer went on by itself"
	kill -CONT "$WRITER"
	within 10 has "$RIG/log/writer" ended || fail "the writer does not end"
	is "the writer" "ended 0" "$(cat "$RIG/log/writer")"
}

as_before() {
	local n
	: >"$GREYLIST_LOG"
	tally_begin
	for n in 1 2 3; do
		tally live "s$n@sender.test" u1@example.org
	done
	tally_anew 203.0.113.7 crowd1@sender.test u1@example.org
	tally_end "it goes on: strangers" 0 4
	wait_delay
	tally_begin
	for n in 1 2 3; do
		tally live "s$n@sender.test" u1@example.org
	done
	tally live waits@sender.test u1@example.org
	tally_anew 203.0.113.7 crowd1@sender.test u1@example.org
	tally_end "it goes on: their retries" 5 0
	not_logged "it goes on" "$GREYLIST_LOG" "warning: "
	table_good "it goes on"
}
