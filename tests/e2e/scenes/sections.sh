# sections - domains that have it otherwise, and a file that a domain's owner edits.

scene() {
	postfix_make_mx
	postfix_set mx 'relay_domains = example.org, out.test, quick.test, own.test, broken.test'
	wire_context
	postfix_start_mx
	write_sections
	session_open live 203.0.113.7
	opted_out
	opted_in
	quick
	edited_by_its_owner
	broken
	partners
	session_close live
	postfix_quiet
}

# The example line as it is, and one word more inside its braces.
wire_context() {
	local setting
	setting=$(postconf -c "$RIG/mx/etc" -hx smtpd_recipient_restrictions)
	postfix_set mx "smtpd_recipient_restrictions = ${setting/default_action=DUNNO/default_action=DUNNO, policy_context=partners}"
}

SECTIONS=''

# The rig writes option by option; the sections stand behind them.
conf_with_sections() {
	conf_write
	printf '%s\n' "$SECTIONS" >>"$RIG/greylist.conf"
}

write_sections() {
	mkdir -m 755 "$RIG/homes"
	SECTIONS='
recipient "out.test" { mode = "off" }
recipient "in@out.test" { mode = "on" }
recipient "quick.test" {
	delay = "1s"
	text = "Bitte in %s Sekunden noch einmal"
}
recipient "own.test" { delegate = "'$RIG'/homes/own.conf" }
recipient "broken.test" { text = "As the postmaster has it" delegate = "'$RIG'/homes/broken.conf" }
sender "friend.test" { exempt = true }'
	conf_with_sections
	admin check >"$RIG/log/check" 2>&1
	like "check lists the sections" 'recipient "out.test": mode = off' "$(cat "$RIG/log/check")"
}

opted_out() {
	session_rcpt 250 "a domain that opted out" live s1@sender.test u1@out.test
	verdict pass mode 203.0.113.7 s1@sender.test u1@out.test
	is "triplets of a domain that opted out" "" "$(listed s1@sender.test)"
	session_rcpt 450 "another domain" live s1@sender.test u1@example.org
	session_rcpt 250 "an exempt sender" live s1@friend.test u1@example.org
	verdict pass "sender whitelist" 203.0.113.7 s1@friend.test u1@example.org
	like "explain names the section" 'mode = off by recipient "out.test" in .*greylist.conf:' \
		"$(admin explain 203.0.113.7 s1@sender.test u1@out.test)"
}

opted_in() {
	session_rcpt 450 "a user who opted in again" live s2@sender.test in@out.test
	session_rcpt 450 "and with an extension" live s2@sender.test in+x@out.test
}

quick() {
	session_rcpt 450 "a domain with a text of its own" live s3@sender.test u1@quick.test
	like "the text" "Bitte in 1 Sekunden noch einmal" "$REPLY_TEXT"
	sleep 1.2
	session_rcpt 250 "a domain with a shorter delay" live s3@sender.test u1@quick.test
}

edited_by_its_owner() {
	session_rcpt 450 "no file yet" live s4@sender.test u1@own.test
	like "the usual text" "Greylisted" "$REPLY_TEXT"
	echo 'text = "Ours"' >"$RIG/homes/own.conf"
	session_rcpt 450 "a file" live s5@sender.test u1@own.test
	like "the owner's text" "Ours" "$REPLY_TEXT"
	echo 'mode = "off"' >"$RIG/homes/own.conf"
	session_rcpt 250 "an edited file" live s6@sender.test u1@own.test
	session_rcpt 450 "for its own domain only" live s6@sender.test u1@example.org
	rm "$RIG/homes/own.conf"
	session_rcpt 450 "no file any more" live s7@sender.test u1@own.test
}

broken() {
	printf 'delay = "1s"\nmode = "perhaps"\ndatabase = "/"\n' >"$RIG/homes/broken.conf"
	session_rcpt 450 "a broken file" live s8@sender.test u1@broken.test
	like "what greylist.conf says" "As the postmaster has it" "$REPLY_TEXT"
	logged "the mistake" "$GREYLIST_LOG" "homes/broken.conf:2: mode must be"
	session_rcpt 450 "others are not concerned" live s8@sender.test u1@example.org
	session_rcpt 250 "nor those who opted out" live s8@sender.test u1@out.test
	admin check >"$RIG/log/check" 2>&1
	like "check shows it" 'warning .*homes/broken.conf:3: database does not belong' \
		"$(cat "$RIG/log/check")"
	rm "$RIG/homes/broken.conf"
	ln -s /etc/passwd "$RIG/homes/broken.conf"
	session_rcpt 450 "a link" live s9@sender.test u1@broken.test
	logged "the link" "$GREYLIST_LOG" "homes/broken.conf: is no regular file"
}

partners() {
	session_rcpt 450 "no section for the context" live p1@sender.test u1@example.org
	SECTIONS+='
policy_context "partners" { mode = "dry-run" }'
	conf_with_sections
	session_rcpt 250 "a section for the context" live p2@sender.test u1@example.org
	verdict would-greylist new 203.0.113.7 p2@sender.test u1@example.org
	session_rcpt 450 "a recipient goes before it" live p3@sender.test in@out.test
}
