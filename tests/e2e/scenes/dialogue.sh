# dialogue - what strangers, known triplets and special addresses are told.

scene() {
	postfix_mx
	first_tries
	early_retry
	wait_delay
	retries
	dialogue_log
	postfix_quiet
}

first_tries() {
	expect 450 "first try" 203.0.113.7 first@sender.test u1@example.org
	like "our text" "^450 4\.2\.0 <u1@example\.org>: .*Greylisted, please retry in $DELAY seconds\$" \
		"$REPLY_TEXT"
	verdict greylist new 203.0.113.7 first@sender.test u1@example.org
	expect 450 "null sender, first" 203.0.113.7 "" u2@example.org
	expect 450 "IPv6, first" 2001:db8:1:2::5 six@sender.test u1@example.org
	expect 450 "v4-mapped, first" 198.51.100.7 mapped@sender.test u1@example.org
	CLIENT_NAME=out4.sender.test expect 450 "a pool, first" 203.0.114.4 pool@sender.test u1@example.org
	expect "450 450" "two recipients, first" 203.0.113.7 two@sender.test u1@example.org,u2@example.org
	wiring_check two@sender.test 2
	expect "250 450" "postmaster and a new user" 203.0.113.7 pm@sender.test \
		postmaster@example.org,u3@example.org postmaster
	expect 250 "unknown client address" unknown unknown@sender.test u1@example.org
	expect 550 "unlisted recipient" 203.0.113.7 first@sender.test unlisted@example.org
}

# As with Postgrey, a retry in the same second is still "new" in the log. The machine may be
# slow: only a retry that was over before the delay was is an early one.
early_retry() {
	local attempt begun sender
	for attempt in 1 2 3 4 5; do
		sender=early$attempt@sender.test
		begun=$EPOCHSECONDS
		expect 450 "first try of $sender" 203.0.113.7 "$sender" u1@example.org
		within 2 later_than "$EPOCHSECONDS"
		mail 203.0.113.7 "$sender" u1@example.org
		[ $((EPOCHSECONDS - begun)) -ge "$DELAY" ] || break
	done
	is "early retry" 450 "$CODES"
	like "early retry's text" "Greylisted, please retry in [12] seconds\$" "$REPLY_TEXT"
	logged "early retry" "$GREYLIST_LOG" "action=greylist, reason=early-retry ("
	logged "early retry" "$GREYLIST_LOG" "s missing), client_name=$CLIENT_NAME, client_address=203"
}

later_than() {
	[ "$EPOCHSECONDS" -gt "$1" ]
}

retries() {
	CLIENT_NAME=mx.other.test expect 450 "another network" 192.0.2.7 first@sender.test u1@example.org
	expect 250 "same /24" 203.0.113.99 first@sender.test u1@example.org first-pass
	is "headers at the first pass" 1 "$(header_count first-pass)"
	like "the header" 'X-Greylist: delayed [0-9]+ seconds by greylist-[^ ]+ at mx\.example\.test; [A-Z]' \
		"$(grep -h '^X-Greylist' "$(delivered first-pass)")"
	expect 250 "known triplet" 203.0.113.7 first@sender.test u1@example.org known
	is "headers of a known triplet" 0 "$(header_count known)"
	expect 250 "null sender, later" 203.0.113.8 "" u2@example.org
	expect 250 "same /64" 2001:db8:1:2:ffff::9 six@sender.test u1@example.org
	CLIENT_NAME=mx.other.test expect 450 "another /64" 2001:db8:1:3::5 six@sender.test u1@example.org
	expect 250 "another network of the same pool" 198.18.0.5 pool@sender.test u1@example.org pool
	is "headers of a retry from elsewhere" 1 "$(header_count pool)"
	expect 250 "v4-mapped, same /24" ::ffff:198.51.100.9 mapped@sender.test u1@example.org
	is "v4-mapped, asked directly" "action=DUNNO" \
		"$(ask ::ffff:198.51.100.10 mapped@sender.test u1@example.org)"
	expect "250 250" "two recipients, later" 203.0.113.7 two@sender.test \
		u1@example.org,u2@example.org two-later
	is "headers for two recipients" 1 "$(header_count two-later)"
	wiring_check two@sender.test 4
}

dialogue_log() {
	verdict greylist new 203.0.113.7 "" u2@example.org
	verdict greylist new 2001:db8:1:2::5 six@sender.test u1@example.org
	CLIENT_NAME=mx.other.test verdict greylist new 192.0.2.7 first@sender.test u1@example.org
	CLIENT_NAME=mx.other.test verdict greylist new 2001:db8:1:3::5 six@sender.test u1@example.org
	verdict pass "recipient whitelist" 203.0.113.7 pm@sender.test postmaster@example.org
	logged "same /24" "$GREYLIST_LOG" "action=pass, reason=triplet found, delay="
	verdict pass "triplet found" 203.0.113.7 first@sender.test u1@example.org
	verdict pass "incomplete request" unknown unknown@sender.test u1@example.org
	verdict pass "triplet found" ::ffff:198.51.100.10 mapped@sender.test u1@example.org
	not_logged "unlisted recipient" "$GREYLIST_LOG" unlisted@example.org
	not_logged "healthy helper" "$GREYLIST_LOG" "warning: "
}
