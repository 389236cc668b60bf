# many-recipients - one message to 50 recipients, by a good server, at an smtpd that hangs up
# after 20 errors as Postfix does by default.
#
# Each session offers those that are left, in another order, and gives up where smtpd hangs up.

MANY=50
LEFT=()   # recipients that have not got it
TAKEN=()  # of one session
HUNG_UP=''

scene() {
	local session i
	postfix_make_mx
	postfix_set mx "smtpd_soft_error_limit = $(postconf -dh smtpd_soft_error_limit)" \
		"smtpd_hard_error_limit = $(postconf -dh smtpd_hard_error_limit)"
	postfix_start_mx
	for ((i = 1; i <= MANY; i++)); do
		LEFT+=("u$i@example.org")
	done
	for session in 1 2 3; do
		offer "$session"
		wait_delay
	done
	is "recipients that are left after three sessions" "" "${LEFT[*]}"
	each_exactly_once
	is "headers of the second session's message" 1 "$(header_count many-2)"
	logged "same message" "$GREYLIST_LOG" "action=pass, reason=same message"
	postfix_quiet
}

# offer SESSION: one session, up to its end or to smtpd's
offer() {
	local recipient
	TAKEN=() HUNG_UP=''
	[ ${#LEFT[@]} -gt 0 ] || return 0
	mapfile -t LEFT < <(printf '%s\n' "${LEFT[@]}" | shuf --random-source=<(yes "x $1"))
	session_open "s$1" 203.0.113.7
	session_say "s$1" "MAIL FROM:<many@sender.test>"
	for recipient in "${LEFT[@]}"; do
		session_say "s$1" "RCPT TO:<$recipient>"
		case $CODES in
		250) TAKEN+=("$recipient") ;;
		450) ;;
		421) HUNG_UP=yes && break ;;
		*) fail "session $1: $REPLY_TEXT" ;;
		esac
	done
	case $1 in
	1) is "hung up on a stranger" yes "$HUNG_UP" ;;
	*) is "hung up on somebody who came back" "" "$HUNG_UP" ;;
	esac
	[ -n "$HUNG_UP" ] || deliver "$1"
	session_drop "s$1"
}

deliver() {
	session_say "s$1" "DATA"
	is "session $1, DATA" 354 "$CODES"
	printf 'Subject: many-%s\r\n\r\ntest\r\n.\r\n' "$1" >&"${SESSION[s$1]}"
	session_reply "s$1"
	is "session $1, the message" 250 "$CODES"
	session_say "s$1" "QUIT"
	mapfile -t LEFT < <(printf '%s\n' "${LEFT[@]}" | grep -vxF -f <(printf '%s\n' "${TAKEN[@]}"))
	[ -n "${LEFT[*]}" ] || LEFT=()
	note "session $1: ${#TAKEN[@]} taken, ${#LEFT[@]} left"
}

# smtp-sink writes who each message was for.
each_exactly_once() {
	local got
	within 20 all_there || true
	got=$(sink_recipients | sort | uniq -c | awk '$1 != 1' | head -3)
	is "recipients that got it more than once" "" "$got"
	is "recipients that got it" "$MANY" "$(sink_recipients | sort -u | grep -c .)"
}

all_there() {
	[ "$(sink_recipients | grep -c .)" -ge "$MANY" ]
}

sink_recipients() {
	grep -rhsi '^X-Rcpt-Args:' "$RIG/sink" | grep -o '<[^>]*>'
}
