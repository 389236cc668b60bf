# null-sender - with null_sender = "data" other servers' address checks pass, and bounces wait.

scene() {
	local service
	conf_set null_sender '"data"'
	postfix_make_mx
	service=$(sed -n 's/^#  *\(check_policy_service { [^=]*, timeout=10s, default_action=DUNNO }\)$/\1/p' \
		"$SOURCE/conf/main.cf.example")
	is "lines for DATA in main.cf.example" 1 "$(grep -c . <<<"$service")"
	[ "$WIRING" = per-connection ] || service=${service/ \}/, request_limit=1 \}}
	postfix_set mx "smtpd_data_restrictions = $service"
	postfix_start_mx
	address_check
	first_bounce
	wait_delay
	later_bounce
	expect "450 450" "mail with a sender" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	postfix_quiet
}

# bounce NAME RECIPIENT...: up to DATA, of which CODES has the answer
bounce() {
	local name=$1 recipient
	shift
	session_open "$name" 203.0.113.7
	session_say "$name" "MAIL FROM:<>"
	for recipient in "$@"; do
		session_say "$name" "RCPT TO:<$recipient>"
		is "RCPT of $name" 250 "$CODES"
	done
	session_say "$name" "DATA"
}

address_check() {
	session_open check 203.0.113.7
	session_say check "MAIL FROM:<>"
	session_say check "RCPT TO:<u1@example.org>"
	is "an address check" 250 "$CODES"
	session_close check
	verdict pass "null sender" 203.0.113.7 "" u1@example.org
	[ -z "$(listed u1@example.org)" ] || fail "an address check is remembered"
}

first_bounce() {
	bounce first u1@example.org
	is "DATA of a first bounce" 450 "$CODES"
	like "our text" 'Greylisted, please retry in' "$REPLY_TEXT"
	session_close first
	verdict greylist new 203.0.113.7 "" u1@example.org
	bounce two u1@example.org u2@example.org
	is "DATA of a bounce to two" 450 "$CODES"
	session_close two
	logged "a bounce to two" "$GREYLIST_LOG" \
		"action=greylist, reason=new, client_name=$CLIENT_NAME, client_address=203.0.113.7"
}

later_bounce() {
	bounce later u1@example.org
	is "DATA of a later bounce" 354 "$CODES"
	printf 'Subject: bounce\r\n\r\ntest\r\n.\r\n' >&"${SESSION[later]}"
	session_reply later
	is "the bounce" 250 "$CODES"
	session_close later
	is "headers of the bounce" 1 "$(header_count bounce)"
	bounce both u1@example.org u2@example.org
	is "DATA of a later bounce to two" 354 "$CODES"
	session_drop both
}
