# suspects - with suspects_only whatever looks like a mail server passes at once; who looks wrong,
# or is wrong by what Postfix says, waits.

FROM=203.0.113.7 LISTED=198.51.100.99

scene() {
	conf_set suspects_only true
	postfix_make_mx
	wire_suspects
	postfix_start_mx
	by_name
	by_helo
	by_context
	wait_delay
	later
	switched_off
	wiring
	postfix_quiet
}

# What greylist.conf(5) shows: a class with the context, and a table that says who is in it.
wire_suspects() {
	local setting service table="check_client_access inline:{$LISTED=suspects}"
	setting=$(postconf -c "$RIG/mx/etc" -hx smtpd_recipient_restrictions)
	service=${setting#*check_policy_service}
	postfix_set mx 'smtpd_restriction_classes = suspects' \
		"suspects = check_policy_service ${service/ \}/, policy_context=suspect \}}" \
		"smtpd_recipient_restrictions = ${setting/check_policy_service/$table, check_policy_service}"
}

# passes WHAT MAIL-ARGUMENTS...: at once, and it leaves nothing behind
passes() {
	expect 250 "$@"
	verdict pass unsuspicious "$2" "$3" "$4"
}

# waits WHAT MAIL-ARGUMENTS...
waits() {
	expect 450 "$@"
	verdict greylist new "$2" "$3" "$4"
}

by_name() {
	local CLIENT_NAME=mail.sender.test
	passes "a name of a server" "$FROM" n1@sender.test u1@example.org plain
	is "headers of what it sent" 0 "$(header_count plain)"
	passes "another recipient" "$FROM" n1@sender.test u2@example.org
	CLIENT_NAME=unknown
	waits "no name" "$FROM" n2@sender.test u1@example.org
	is "what is remembered of the one with a name" "" "$(listed n1@sender.test)"
	[ -n "$(listed n2@sender.test)" ] || fail "who has no name is not remembered"
	CLIENT_NAME=203-0-113-7.sender.test
	waits "a name with the address in it" "$FROM" n3@sender.test u1@example.org
	CLIENT_NAME=cust77.dsl.sender.test
	waits "a name of a customer's line" "$FROM" n4@sender.test u1@example.org
}

by_helo() {
	local CLIENT_HELO='[203.0.113.7]'
	waits "HELO with an address" "$FROM" h1@sender.test u1@example.org
	CLIENT_HELO=mx.example.test
	waits "HELO with our own name" "$FROM" h2@sender.test u1@example.org
	CLIENT_HELO=localhost
	waits "HELO localhost" "$FROM" h3@sender.test u1@example.org
	CLIENT_HELO=other.sender.test
	passes "HELO with another name" "$FROM" h4@sender.test u1@example.org
}

# Its neighbour has the same name and is not on the list.
by_context() {
	waits "Postfix says so" "$LISTED" c1@sender.test u1@example.org
	logged "what smtpd says" "$MAIL_LOG" "from=<c1@sender.test> to=<u1@example.org>"
	passes "a neighbour" 198.51.100.98 c2@sender.test u1@example.org
}

# passed WHAT MAIL-ARGUMENTS...: a retry after the delay
passed() {
	expect 250 "$@"
	within 5 grep -q "reason=triplet found, delay=[0-9]*, .*sender=$3, recipient=$4" "$GREYLIST_LOG" ||
		fail "$1: no triplet was found"
}

later() {
	passed "its retry" "$LISTED" c1@sender.test u1@example.org listed
	is "headers of the retry" 1 "$(header_count listed)"
	CLIENT_NAME=unknown passed "a retry without a name" "$FROM" n2@sender.test u1@example.org
}

switched_off() {
	conf_set suspects_only false
	waits "a name of a server, now" "$FROM" off@sender.test u1@example.org
	conf_set suspects_only true
	passes "and again" "$FROM" off@sender.test u1@example.org
}

wiring() {
	local CLIENT_NAME=unknown
	expect "450 450" "two recipients" "$FROM" wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	like "the list of suspects" 'policy_context=suspect' "$(postconf -c "$RIG/mx/etc" -hx suspects)"
}
