# answers - with remember_recipients whom our users write to may answer at once, and nobody else.

SUBMISSION=127.0.0.1:2587
USER_AT=192.0.2.55 ANSWER_FROM=203.0.113.7

scene() {
	conf_set remember_recipients true
	conf_set delay '"1h"' # nobody passes by waiting
	postfix_make_mx
	postfix_set mx 'default_transport = smtp:[127.0.0.1]:2500' 'smtpd_sasl_type = dovecot' \
		"smtpd_sasl_path = $RIG/sasl"
	submission >>"$RIG/mx/etc/master.cf"
	perl "$here/lib/sasl.pl" "$RIG/sasl" bob secret &
	within 10 test -S "$RIG/sasl" || die "nobody at $RIG/sasl to ask about logins"
	postfix_start_mx
	no_login
	answered
	switched_off
	wiring
	postfix_quiet
	broken
}

# The example lines as they are, at a port of our own; a site has logins there already.
submission() {
	local lines
	lines=$(sed -n '/^#submission /,$ s/^#//p' "$SOURCE/conf/master.cf.example")
	is "lines for submission in master.cf.example" 3 "$(grep -c . <<<"$lines")"
	[ "$WIRING" = per-connection ] || lines=${lines/DUNNO \}/DUNNO, request_limit=1 \}}
	sed "s/^submission inet n - y/$SUBMISSION inet n - n/" <<<"$lines"
	printf '  -o %s\n' smtpd_sasl_auth_enable=yes
}

# submit CODES WHAT RECIPIENTS [SUBJECT]: bob logs in and writes
submit() {
	local CLIENT_NAME=unknown SWAKS=(--server "$SUBMISSION"
		--auth PLAIN --auth-user bob --auth-password secret)
	expect "$1" "$2" "$USER_AT" bob@example.org "$3" "${4:-}"
}

# Whoever cannot log in is told so, for good, and the helper is not even asked.
no_login() {
	local SWAKS=(--server "$SUBMISSION")
	expect 554 "no login" "$USER_AT" nobody@example.org alice@friend.test
	SWAKS+=(--auth PLAIN --auth-user bob --auth-password wrong)
	expect "" "a wrong password" "$USER_AT" nobody@example.org alice@friend.test
	has "$RIG/log/swaks" "Error: authentication failed" || fail "a wrong password is none"
	SWAKS=()
	expect 450 "the first to be asked about" 203.0.113.99 first@sender.test u1@example.org
	verdict greylist new 203.0.113.99 first@sender.test u1@example.org
	not_logged "no login" "$GREYLIST_LOG" "nobody@example.org"
	expect 450 "an answer to what was never sent" "$ANSWER_FROM" alice@friend.test nobody@example.org
}

answered() {
	local CLIENT_NAME=mail.friend.test
	submit 250 "bob writes" alice@friend.test question
	CLIENT_NAME=unknown verdict pass authenticated "$USER_AT" bob@example.org alice@friend.test
	within 20 delivered question >/dev/null || fail "what bob wrote is not delivered"
	is "what is remembered of it" 1 "$(listed alice@friend.test | grep -c bob@example.org)"

	expect 450 "her mail to another user" "$ANSWER_FROM" alice@friend.test carol@example.org
	verdict greylist new "$ANSWER_FROM" alice@friend.test carol@example.org
	expect 450 "somebody else's mail to bob" "$ANSWER_FROM" mallory@friend.test bob@example.org
	verdict greylist new "$ANSWER_FROM" mallory@friend.test bob@example.org

	expect 250 "her answer" "$ANSWER_FROM" alice@friend.test bob@example.org answer
	verdict pass answered "$ANSWER_FROM" alice@friend.test bob@example.org
	is "headers of her answer" 0 "$(header_count answer)"
	CLIENT_NAME=out.elsewhere.test # neither her network nor her domain
	expect 250 "another, from elsewhere" 2001:db8:7::25 alice@friend.test bob@example.org
	verdict pass answered 2001:db8:7::25 alice@friend.test bob@example.org
	CLIENT_NAME=mail.friend.test
	expect 450 "her mail to another user, still" "$ANSWER_FROM" alice@friend.test carol@example.org
}

switched_off() {
	submit 250 "bob writes to dave" dave@friend.test
	conf_set remember_recipients false
	expect 450 "an answer while it is off" "$ANSWER_FROM" dave@friend.test bob@example.org
	verdict greylist new "$ANSWER_FROM" dave@friend.test bob@example.org
	submit 250 "bob writes while it is off" erin@friend.test
	CLIENT_NAME=unknown verdict pass authenticated "$USER_AT" bob@example.org erin@friend.test
	is "what is remembered of it" "" "$(listed erin@friend.test)"
	conf_set remember_recipients true
	expect 450 "an answer to that" "$ANSWER_FROM" erin@friend.test bob@example.org
	verdict greylist new "$ANSWER_FROM" erin@friend.test bob@example.org
}

# Both services', main.cf's and that of submission
wiring() {
	local processes=1
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	[ "$WIRING" = per-connection ] || processes=2
	submit "250 250" "bob writes to two" x@two.test,y@two.test
	CLIENT_NAME=unknown verdict pass authenticated "$USER_AT" bob@example.org y@two.test
	is "helper processes for bob's two" "$processes" "$(pids_of "@two.test" | grep -c .)"
}

# A mail program has no queue: it would tell bob.
broken() {
	rm "$RIG/bin/greylist-policy"
	postfix_reload mx
	submit 250 "bob writes, and there is no helper" zoe@friend.test
	logged "the cause" "$MAIL_LOG" "$RIG/bin/greylist-policy"
}
