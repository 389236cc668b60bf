# backup-mx - mail comes through one's own backup MX, named in `relays`.
#
# Three hosts, each in a network namespace: mx (this one), backup with a Postfix
# of its own, and a stranger. Every pair has a link.
#
#   stranger 203.0.113.10 -- 203.0.113.1 mx
#   backup  198.51.100.25 -- 198.51.100.1 mx
#   stranger   192.0.2.10 -- 192.0.2.25 backup

BACKUP=198.51.100.25

scene() {
	network
	conf_set relays "{\"$BACKUP\"}"
	postfix_make_mx 0.0.0.0:2525
	postfix_start_mx
	backup_start

	send 203.0.113.1 direct@sender.test
	is "the stranger itself" 450 "$CODES"

	send 192.0.2.25 relayed@sender.test u1@example.org relayed
	is "the stranger at the backup" 250 "$CODES"
	within 120 delivered relayed >/dev/null || fail "the backup did not get through"
	is "headers of a relayed message" 0 "$(header_count relayed)"
	not_logged "at the backup" "$RIG/backup/log/mail.log" "status=deferred"
	CLIENT_NAME=unknown verdict pass relay "$BACKUP" relayed@sender.test u1@example.org
	nothing_earned
	like "what stats has of relays" 'relay +[1-9]' "$(admin stats)"
	without_relays
	postfix_quiet
}

network() {
	local host
	mkdir -p /run/netns
	mount -t tmpfs netns /run/netns || die "cannot mount"
	for host in stranger backup; do
		ip netns add "$host" && ip -n "$host" link set lo up || die "no network namespace"
	done
	link to-stranger 203.0.113.1 stranger 203.0.113.10
	link to-backup 198.51.100.1 backup "$BACKUP"
	ip link add side type veth peer name eth1 netns stranger &&
		ip link set side name eth1 netns backup || die "no veth"
	address "-n stranger" eth1 192.0.2.10
	address "-n backup" eth1 192.0.2.25
}

# link NAME ADDRESS HOST ADDRESS: a cable from here to the host
link() {
	ip link add "$1" type veth peer name eth0 netns "$3" || die "no veth"
	address "" "$1" "$2"
	address "-n $3" eth0 "$4"
}

address() {
	# shellcheck disable=SC2086
	ip $1 address add "$3/24" dev "$2" && ip $1 link set "$2" up || die "no address $3"
}

backup_start() {
	NETNS[backup]=backup
	postfix_make backup 192.0.2.25:2525
	postfix_set backup 'relay_transport = smtp:[198.51.100.1]:2525' \
		'smtpd_recipient_restrictions = reject_unauth_destination'
	postfix_hurry backup
	postfix_start backup
}

# send SERVER SENDER [RECIPIENT SUBJECT]: the stranger's mail, without XCLIENT
send() {
	mail_replies "$(nsenter --net=/run/netns/stranger swaks --server "$1" --port 2525 --timeout 60 \
		--ehlo client.sender.test --from "$2" --to "${3:-u1@example.org}" \
		--header "Subject: ${4:-none}" --body test 2>&1)"
}

# The table knows the stranger and not the backup, neither in a triplet nor as a client.
nothing_earned() {
	[ -n "$(listed '"203.0.113.')" ] || fail "list --json does not show the stranger"
	is "what the table has of the backup" "" "$(listed '"198.51.100.')"
}

# The same mail without the option: so the test can fail, and the backup is a stranger still.
without_relays() {
	conf_set relays '{}'
	send 192.0.2.25 relayed@sender.test u1@example.org no-relay
	logged "the backup as a stranger" "$RIG/backup/log/mail.log" "status=deferred"
	CLIENT_NAME=unknown verdict greylist new "$BACKUP" relayed@sender.test u1@example.org
	within 120 delivered no-relay >/dev/null || fail "the backup's retry did not get through"
	wiring_check relayed@sender.test "$(grep -c 'sender=relayed@' "$GREYLIST_LOG")"
}
