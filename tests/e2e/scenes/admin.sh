# admin - a mail was delayed: why, and the next one let through; the table backed up, written anew
# and restored under living helpers.

scene() {
	conf_set delay '"1h"'
	conf_set auto_whitelist 1
	postfix_mx
	session_open live 203.0.113.7
	why
	let_through
	keep_waiting
	replaced
	session_close live
	wiring
	postfix_quiet
}

# From Postfix's own log line to the answer, and to the command that lets it through.
why() {
	local line said
	session_rcpt 450 "first try" live why@sender.test u1@example.org
	within 10 grep -q 'reject: RCPT.*from=<why@' "$RIG/mx/log/mail.log" || fail "nothing in Postfix's log"
	line=$(grep 'reject: RCPT.*from=<why@' "$RIG/mx/log/mail.log" | tail -n 1)
	said=$(admin explain "$line")
	like "explain of Postfix's line" '^greylist early-retry|^greylist new' "$said"
	like "explain of Postfix's line" 'key 203\.0\.113\.0/24 why@sender\.test u1@example\.org' "$said"
	like "explain of Postfix's line" 'a retry passes at .*, in (1 h|59 min)' "$said"
	is "explain of our own line" "$(head -n 1 <<<"$said" | cut -d ' ' -f 1)" \
		"$(grep 'sender=why@' "$GREYLIST_LOG" | admin explain | head -n 1 | cut -d ' ' -f 1)"
}

let_through() {
	local said
	said=$(admin explain 203.0.113.7 why@sender.test u1@example.org |
		sed -n 's/^to let it through now: greylist-admin //p')
	like "the advice" '^allow ' "$said"
	# shellcheck disable=SC2086
	admin $said >/dev/null || fail "the advice does not work: $said"
	session_rcpt 250 "after allow" live why@sender.test u1@example.org
	verdict pass allowed 203.0.113.7 why@sender.test u1@example.org
	session_rcpt 450 "another mail of that client" live why2@sender.test u2@example.org
	admin allow 203.0.113.7 >/dev/null || fail "cannot allow a client"
	session_rcpt 250 "another mail of an allowed client" live why2@sender.test u2@example.org
	admin allow --remove 203.0.113.7 >/dev/null || fail "cannot take it back"
	session_rcpt 450 "after allow --remove" live why3@sender.test u1@example.org

	admin allow otp@bank.test --for 2s >/dev/null
	session_rcpt 250 "an allowed sender" live otp@bank.test u1@example.org
	sleep 3
	session_rcpt 450 "after its time" live otp@bank.test u1@example.org
}

# One pass is enough for the auto-whitelist here, unless somebody says otherwise.
keep_waiting() {
	conf_set delay '"1s"'
	session_rcpt 450 "stranger" live awl1@sender.test u1@example.org
	sleep 2
	session_rcpt 250 "the retry" live awl1@sender.test u1@example.org
	session_rcpt 250 "auto-whitelisted" live awl2@sender.test u1@example.org
	verdict pass "client AWL" 203.0.113.7 awl2@sender.test u1@example.org
	admin deny-auto-whitelist 203.0.113.7 >/dev/null || fail "cannot deny it"
	session_rcpt 450 "denied" live awl3@sender.test u1@example.org
	conf_set delay '"1h"'
}

replaced() {
	local table
	table=$(readlink "$RIG/db/table")
	admin backup "$RIG/backup" >/dev/null || fail "no backup"
	session_rcpt 450 "after the backup" live later@sender.test u1@example.org
	admin compact >/dev/null || fail "no compact"
	[ "$(readlink "$RIG/db/table")" != "$table" ] || fail "the table is the old one"
	session_rcpt 250 "known, in the new table" live awl1@sender.test u1@example.org
	session_rcpt 450 "stranger, in the new table" live fresh@sender.test u1@example.org
	[ -n "$(listed fresh@sender.test)" ] || fail "the new table does not remember"
	[ -n "$(listed later@sender.test)" ] || fail "the new table has forgotten"
	admin delete --client 0.0.0.0/0 >/dev/null
	session_rcpt 450 "forgotten" live awl1@sender.test u1@example.org
	admin restore "$RIG/backup" >/dev/null || fail "no restore"
	session_rcpt 250 "restored" live awl1@sender.test u1@example.org
	admin check --deep --json | jq -se 'all(.[]; .name != "table-damaged")' >/dev/null ||
		fail "the restored table is damaged"
	is "owner of all files" "$OWNER" "$(stat -c %U "$RIG"/db/* "$RIG"/db/*/* | sort -u)"
}

wiring() {
	expect "450 450" "two recipients" 198.51.100.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
}
