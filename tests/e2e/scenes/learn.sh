# learn - Postfix delivers without greylisting, its log is rotated and packed, and is then learnt:
# once greylisting is on, the very same correspondents pass at once, and a stranger waits.

FIRST=203.0.113.7 SECOND=2001:db8:7::25

scene() {
	postfix_make mx 127.0.0.1:2525
	postfix_set mx 'relay_transport = smtp:[127.0.0.1]:2500' \
		'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination'
	MAIL_LOG=$RIG/mx/log/mail.log
	postfix_start_mx
	correspond
	learn
	postfix_greylist mx
	postfix_reload mx
	known
	strangers
	postfix_quiet
}

# expect_delivered SUBJECT MAIL-ARGUMENTS...: accepted at the first attempt, and out of the queue
expect_delivered() {
	expect 250 "$1" "$2" "$3" "$4" "$1"
	within 20 delivered "$1" >/dev/null || die "message '$1' was never delivered"
}

# rotate SUFFIX COMMAND...: what logrotate does; the command packs
rotate() {
	local suffix=$1
	shift
	postfix_stop mx
	"$@" <"$MAIL_LOG" >"$MAIL_LOG$suffix" || die "$1 cannot pack"
	touch -r "$MAIL_LOG" "$MAIL_LOG$suffix"
	rm "$MAIL_LOG"
	postfix_start mx
}

correspond() {
	expect_delivered one "$FIRST" alice@sender.test bob@example.org
	rotate .3.gz gzip -9
	expect_delivered two "$SECOND" alice@sender.test carol@example.org
	rotate .2.xz xz
	expect_delivered three "$SECOND" '' bob@example.org
	rotate .1 cat
	expect_delivered four "$FIRST" news-20260101@sender.test bob@example.org
	# from our own network, which is 127.0.0.2
	expect_delivered five 127.0.0.2 joe@example.org bob@example.org
}

# The newest first, as a shell lists them; and a second time, which changes nothing.
learn() {
	local said
	said=$(admin learn --postfix-config "$RIG/mx/etc" "$MAIL_LOG" "$MAIL_LOG".* 2>&1) ||
		fail "learn: $said"
	like "files read" 'files: 4' "$said"
	like "deliveries learnt" 'deliveries: 5, 1 of them left out:' "$said"
	like "left out" '1 from this host, our own networks or relays' "$said"
	# each under its client's network, and under the pool of its client's name
	like "triplets" 'triplets: 8 new, 0 merged, 0 known' "$said"
	like "clients" 'clients: 2 new, 0 merged, 0 known' "$said"
	said=$(admin learn --postfix-config "$RIG/mx/etc" "$MAIL_LOG".* "$MAIL_LOG" 2>&1)
	like "again" 'triplets: 0 new, 0 merged, 8 known.*clients: 0 new, 0 merged, 2 known' \
		"${said//$'\n'/ }"
	is "owner of what is in the table's directory" "$OWNER" \
		"$(find "$RIG/db" -printf '%u\n' | sort -u)"
}

known() {
	expect 250 "first correspondent" "$FIRST" alice@sender.test bob@example.org
	verdict pass "triplet found" "$FIRST" alice@sender.test bob@example.org
	expect 250 "the same from a neighbour" 203.0.113.99 alice@sender.test bob@example.org
	expect 250 "the same from elsewhere in the pool" 198.51.100.9 alice@sender.test bob@example.org
	expect 250 "second correspondent" "$SECOND" alice@sender.test carol@example.org
	expect 250 "a bounce" "$SECOND" '' bob@example.org
	expect 250 "another number of the news" "$FIRST" news-20260108@sender.test bob@example.org
	is "X-Greylist headers" 0 "$(grep -rh '^X-Greylist: ' "$RIG/sink" | grep -c .)"
}

strangers() {
	local CLIENT_NAME=mail.stranger.test
	expect 450 "a new sender of a known client" "$FIRST" eve@sender.test bob@example.org
	expect 450 "a known sender to somebody else" "$FIRST" alice@sender.test carol@example.org
	expect 450 "a stranger" 198.51.100.7 alice@sender.test bob@example.org
	expect 450 "who is on our own network, elsewhere" 127.0.0.3 joe@example.org bob@example.org
	wait_delay
	expect 250 "the stranger's retry" 198.51.100.7 alice@sender.test bob@example.org
}
