# map-raised - map_limit is raised while helpers live, and another process lets the table grow
# beyond the map that they have. They go on, and nobody is told of trouble.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

SMALL=16 LARGE=64 # MiB
KNOWN=known@sender.test
NAMES=(one two three)
BEFORE='' # the pids of the helpers

scene() {
	local name
	disk_tmpfs size=$((LARGE + 32))m
	conf_set map_limit "\"${SMALL}M\""
	postfix_mx
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	expect 450 "who will be known" 203.0.113.7 "$KNOWN" u1@example.org
	wait_delay
	expect 250 "who is known" 203.0.113.7 "$KNOWN" u1@example.org
	for name in "${NAMES[@]}"; do
		session_open "$name" 203.0.113.7
	done
	ask_all before
	is "before: what all were told" "3 3" "${TOLD[accepted]} ${TOLD[deferred]}"
	BEFORE=$(helpers | sort)
	grown_by_another
	raised_for_all
	for name in "${NAMES[@]}"; do
		session_close "$name"
	done
	postfix_quiet
}

# ask_all WHAT: in each session who is known, and a stranger
ask_all() {
	local name
	tally_begin
	for name in "${NAMES[@]}"; do
		tally "$name" "$KNOWN" u1@example.org
		is "$1: who is known" accepted "$ANSWER"
		tally "$name" "$1.$name@sender.test" u1@example.org
	done
	tally_end "$1"
}

same_helpers() {
	[ "$WIRING" = per-request ] || is "$1: the helpers" "$BEFORE" "$(helpers | sort)"
}

# Triplets of many clients, as long as Postfix would let them be.
requests() {
	perl -e 'my ($sender, $recipient) = ("s" x 400, "r" x 400);
		printf "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_name=unknown\n" .
			"client_address=10.%d.%d.7\nsender=%s\@sender.test\nrecipient=%s\@example.org\n\n",
			$_ / 256, $_ % 256, $sender, $recipient for 1 .. 17500'
}

# With a configuration of its own: the living ones learn of the new size from the table alone. In
# the other wiring each helper is new and goes by the old limit, so strangers find the map full.
grown_by_another() {
	local size answers
	sed "s/^map_limit = .*/map_limit = \"${LARGE}M\"/; s/^log_target = .*/log_target = \"none\"/" \
		"$RIG/greylist.conf" >"$RIG/other.conf"
	answers=$(requests | setpriv --reuid "$OWNER" --regid "$(id -g "$OWNER")" --clear-groups \
		"$RIG/bin/greylist-policy" -c "$RIG/other.conf" | grep -c '^action=DEFER_IF_PERMIT 4.2.0 ')
	is "strangers that another helper deferred" 17500 "$answers"
	size=$(stat -c %s "$RIG/db/table/data.mdb")
	[ "$size" -gt $((SMALL << 20)) ] || fail "the table has only $size octets"
	note "another helper deferred $answers strangers, and the table has $((size >> 20)) MiB"
	ask_all grown
	[ "$WIRING" = per-request ] || {
		is "grown: what all were told" "3 3" "${TOLD[accepted]} ${TOLD[deferred]}"
		not_logged "grown" "$GREYLIST_LOG" "warning: "
	}
	same_helpers grown
}

raised_for_all() {
	conf_set map_limit "\"${LARGE}M\""
	: >"$GREYLIST_LOG"
	ask_all raised
	is "raised: what all were told" "3 3" "${TOLD[accepted]} ${TOLD[deferred]}"
	wait_delay
	tally_begin
	for name in "${NAMES[@]}"; do
		tally "$name" "raised.$name@sender.test" u1@example.org
	done
	tally_end "raised: their retries" 3 0
	not_logged "raised" "$GREYLIST_LOG" "warning: "
	same_helpers raised
	table_good "raised"
}
