# exempt - who is let through, and files edited under living helpers.

scene() {
	conf_set relays '{"198.51.100.25"}'
	postfix_mx
	relay
	session_open live 203.0.113.7
	edited_lists
	bad_lines
	edited_config
	session_close live
	same_processes
	postfix_quiet
	edited_to_elsewhere
}

relay() {
	expect 250 "a relay" 198.51.100.25 relayed@sender.test u1@example.org
	verdict pass relay 198.51.100.25 relayed@sender.test u1@example.org
	is "triplets of a relay" "" "$(listed relayed@sender.test)"
	expect 450 "the relay's neighbour" 198.51.100.26 relayed@sender.test u1@example.org
	[ -n "$(listed relayed@sender.test)" ] || fail "list --json shows no triplet of the neighbour"
}

edited_lists() {
	session_rcpt 450 "client before the edit" live c1@sender.test u1@example.org
	echo "203.0.113.0/24 # a partner" >>"$RIG/lists/clients.local"
	session_rcpt 250 "client after the edit" live c2@sender.test u1@example.org
	verdict pass "client whitelist" 203.0.113.7 c2@sender.test u1@example.org
	: >"$RIG/lists/clients.local"
	session_rcpt 450 "client after its removal" live c3@sender.test u1@example.org

	echo "vip@example.org" >>"$RIG/lists/recipients.local"
	session_rcpt 250 "recipient after the edit" live c4@sender.test vip@example.org
	verdict pass "recipient whitelist" 203.0.113.7 c4@sender.test vip@example.org

	echo "friend.test" >>"$RIG/lists/senders.local"
	session_rcpt 250 "sender after the edit" live c5@friend.test u1@example.org
	verdict pass "sender whitelist" 203.0.113.7 c5@friend.test u1@example.org
}

bad_lines() {
	printf '%s\n' "192.0.2.0/99" "# fine" "no such thing!" "203.0.113.7" >"$RIG/lists/clients.local"
	session_rcpt 250 "a good line after bad ones" live c6@sender.test u1@example.org
	logged "bad line" "$GREYLIST_LOG" "$RIG/lists/clients.local:1"
	logged "bad line" "$GREYLIST_LOG" "$RIG/lists/clients.local:3"
	: >"$RIG/lists/clients.local"
	session_rcpt 450 "bad lines removed" live c7@sender.test u1@example.org
}

edited_config() {
	conf_set text '"Come back in a while"'
	session_rcpt 450 "text edited" live c8@sender.test u1@example.org
	like "edited text" "Come back in a while" "$REPLY_TEXT"

	conf_set mode '"dry-run"'
	session_rcpt 250 "dry run" live c9@sender.test u1@example.org
	verdict would-greylist new 203.0.113.7 c9@sender.test u1@example.org

	conf_set mode '"off"'
	session_rcpt 250 "off" live c10@sender.test u1@example.org

	conf_set mode '"on"'
	conf_set log_target '"syslog"'
	session_rcpt 450 "on again, logging to syslog" live c11@sender.test u1@example.org
	logged "syslog" "$SYSLOG" "action=greylist, reason=new, client_name=$CLIENT_NAME"
	conf_set log_target "\"$GREYLIST_LOG\""
	session_rcpt 450 "logging to the file again" live c12@sender.test u1@example.org
	verdict greylist new 203.0.113.7 c12@sender.test u1@example.org
}

# No edit needed another process: with one helper for the session it is the same to the end.
same_processes() {
	local pids
	pids=$({ pids_of "sender=c1@" && pids_of "sender=c12@"; } | sort -u | grep -c .)
	case $WIRING in
	per-connection) is "helpers of the session" 1 "$pids" ;;
	per-request) is "helpers of two requests" 2 "$pids" ;;
	esac
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
}

# The directory of a list that was not named before is out of reach of a helper in its sandbox:
# Postfix asks another one, a second later and with a warning, and the edit counts all the same.
edited_to_elsewhere() {
	local elsewhere
	elsewhere=$(mktemp -d)
	session_open living 203.0.113.9
	session_rcpt 450 "before a list elsewhere" living e1@sender.test u1@example.org
	chmod 755 "$elsewhere"
	echo 203.0.113.9 >"$elsewhere/clients"
	conf_set client_lists "{\"$elsewhere/clients\"}"
	session_rcpt 250 "a list elsewhere" living e2@sender.test u1@example.org
	verdict pass "client whitelist" 203.0.113.9 e2@sender.test u1@example.org
	session_rcpt 250 "the same again" living e3@sender.test u1@example.org
	session_close living
	rm -r "$elsewhere"
	case $WIRING.$("$HELPER" -V) in
	*instrumented | *"no Landlock"* | per-request.*)
		not_logged "a helper that ends" "$GREYLIST_LOG" "gave up all access" ;;
	*) logged "a helper that ends" "$GREYLIST_LOG" "gave up all access" ;;
	esac
}
