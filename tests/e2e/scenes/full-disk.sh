# full-disk - the table's disk fills up while mail comes, and has room again. Who is known passes,
# strangers pass where they cannot be remembered, and no hand has to touch greylisting after it.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

LONG=$(printf '%0200d' 0) # a page of the table has room for few of these
KNOWN=known@sender.test
STRANGERS=0

scene() {
	disk_tmpfs size=1536k
	postfix_mx
	no_room_for_a_table
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	expect 450 "who will be known" 203.0.113.7 "$KNOWN" u1@example.org
	wait_delay
	expect 250 "who is known" 203.0.113.7 "$KNOWN" u1@example.org
	session_open live 203.0.113.7
	fills_up
	full
	defer_where_told
	room_again
	session_close live
	postfix_quiet
}

no_room_for_a_table() {
	local n
	disk_full
	tally_begin
	for n in 1 2 3; do
		tally_anew 203.0.113.7 "early$n@sender.test" u1@example.org
	done
	tally_end "no room for the first table" 3 0
	answers_logged "no room for the first table" "action=pass, reason=store error, " 3
	logged "the cause" "$GREYLIST_LOG" "warning: $RIG/db/"
	logged "the cause" "$GREYLIST_LOG" ": No space left on device"
	is "half a table" "" "$(readlink "$RIG/db/table")"
	disk_has_room
	tally_begin
	tally_anew 203.0.113.7 early1@sender.test u1@example.org
	tally_end "room for it" 0 1
	table_good "the first table"
}

# stranger COMMAND...: tallies one that nobody has seen yet; who waits is in WAITING
stranger() {
	STRANGERS=$((STRANGERS + 1))
	"$@" "s$STRANGERS.${LONG:0:56}@${LONG:0:60}.${LONG:0:60}.test" u1@example.org
	[ "$ANSWER" != deferred ] || WAITING+=("s$STRANGERS.")
}

fills_up() {
	local WAITING=() filler tries=0
	: >"$GREYLIST_LOG"
	filler &
	filler=$!
	tally_begin
	ANSWER=none
	while [ "$ANSWER" != accepted ] && [ $tries -lt 400 ]; do
		tries=$((tries + 1))
		tally live "$KNOWN" u1@example.org
		is "who is known, while the disk fills up" accepted "$ANSWER"
		stranger tally live
	done
	wait "$filler"
	is "strangers who passed as soon as the disk was full" 1 $((TOLD[accepted] - tries))
	tally_end "while the disk fills up"
	answers_logged "while the disk fills up" "action=greylist, reason=new, " "${#WAITING[@]}"
	answers_logged "while the disk fills up" "action=pass, reason=store error, " 1
	logged "the cause" "$GREYLIST_LOG" \
		"warning: $RIG/db: no space left (No space left on device)"
	only_of_room "while the disk fills up"
}

# only_of_room WHAT: what is logged says that, and does so once a minute and not for each mail
only_of_room() {
	local others warnings
	others=$(grep -aE 'warning: |SIG' "$GREYLIST_LOG" | grep -av 'No space left on device')
	is "$1: other warnings" "" "$others"
	warnings=$(grep -acF 'warning: ' "$GREYLIST_LOG")
	[ "$warnings" -le 2 ] || fail "$1: $warnings warnings within seconds"
}

# filler: a file that grows until there is no room
filler() {
	while dd if=/dev/zero bs=4096 count=16 status=none 2>/dev/null >>"$RIG/db/fill"; do
		sleep 0.05
	done
}

# A page that is free already takes a stranger in even now: he waits, and he is remembered.
full() {
	local WAITING=() n accepted
	disk_full
	: >"$GREYLIST_LOG"
	tally_begin
	for n in {1..15}; do
		stranger tally live
		stranger tally_anew 203.0.113.7
	done
	accepted=${TOLD[accepted]}
	[ "$accepted" -gt 0 ] || fail "strangers wait although the disk is full: is it?"
	tally_end "strangers, the disk is full"
	answers_logged "strangers" "action=greylist, reason=new, " "${#WAITING[@]}"
	answers_logged "strangers" "action=pass, reason=store error, " "$accepted"
	only_of_room "strangers"
	admin list --json >"$RIG/log/list"
	for n in "${WAITING[@]}"; do
		has "$RIG/log/list" "\"$n" || fail "$n waits and is not remembered"
	done
	tally_begin
	for n in {1..10}; do
		tally live "$KNOWN" u1@example.org
		tally_anew 203.0.113.7 "$KNOWN" u1@example.org
	done
	tally_end "known, the disk is full" 20 0
	answers_logged "known" "action=pass, reason=triplet found, " 20
}

# Some strangers may still be taken in.
defer_where_told() {
	local n
	conf_set on_error '"defer"'
	for n in {1..15}; do
		session_rcpt 450 "on_error = defer" live "d$n.${LONG:0:50}@${LONG:0:60}.test" u1@example.org
		[[ $REPLY_TEXT = *"4.3.0 "*"Temporary service problem" ]] && break
	done
	like "on_error = defer" "Temporary service problem" "$REPLY_TEXT"
	conf_set on_error '"pass"'
}

room_again() {
	local n
	disk_has_room
	tally_begin
	for n in {1..10}; do
		tally live "after$n@sender.test" u1@example.org
		tally_anew 203.0.113.7 "anew$n@sender.test" u1@example.org
	done
	tally_end "room again: strangers" 0 20
	wait_delay
	tally_begin
	for n in {1..10}; do
		tally live "anew$n@sender.test" u1@example.org
		tally_anew 203.0.113.7 "after$n@sender.test" u1@example.org
	done
	tally_end "room again: their retries" 20 0
	table_good "room again"
}
