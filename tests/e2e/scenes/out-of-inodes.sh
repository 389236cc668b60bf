# out-of-inodes - the table's file system has blocks but no file can be made: not the first table,
# and not the files that a table in use may lack.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

INODES=40 # of which the whole state directory needs fewer than ten
KNOWN=known@sender.test

scene() {
	disk_tmpfs "size=16m,nr_inodes=$INODES"
	postfix_mx
	no_first_table
	from_one_to_all
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	with_a_table
	postfix_quiet
}

# inodes_left COUNT: files take all others
inodes_left() {
	local n=0
	rm -rf "$RIG/db/files"
	mkdir "$RIG/db/files"
	while [ "$(stat -f -c %d "$RIG/db")" -gt "$1" ]; do
		n=$((n + 1))
		: >"$RIG/db/files/$n"
	done
	is "inodes left" "$1" "$(stat -f -c %d "$RIG/db")"
}

# afresh: an empty directory that no living helper knows
afresh() {
	postfix_reload mx
	within 10 helpers_are 0 || fail "helpers outlive the reload: $(helpers)"
	find "$RIG/db" -mindepth 1 -delete
}

# strangers NAME: two of them, in a session each. Letters: a number of its own in an address is as
# good as any other.
strangers() {
	local n
	tally_begin
	for n in a b; do
		tally_anew 203.0.113.7 "$1.$n@sender.test" u1@example.org
	done
}

no_first_table() {
	inodes_left 0
	session_open live 203.0.113.7
	strangers none
	tally live none.live@sender.test u1@example.org
	tally_end "no inode left: strangers" 3 0
	answers_logged "no inode left" "action=pass, reason=store error, " 3
	logged "the cause" "$GREYLIST_LOG" "warning: $RIG/db/gate: cannot be locked: No space left on device"
	is "what was made" "files" "$(ls "$RIG/db")"
	rm -rf "$RIG/db/files"
	tally_begin
	tally live none.live@sender.test u1@example.org
	session_close live
	tally_end "inodes again: who was in a session all along" 0 1
	strangers none
	tally_end "inodes again: strangers" 0 2
	table_good "inodes again"
}

# The making ends at another file each time, and leaves none behind that would cost the next one
# its inode.
from_one_to_all() {
	local left lefts=(2 5 8) before passed=0
	[ -z "${GREYLIST_TEST_FULL:-}" ] || lefts=(1 2 3 4 5 6 7 8)
	for left in "${lefts[@]}"; do
		afresh
		inodes_left "$left"
		: >"$GREYLIST_LOG"
		strangers "left$left"
		answers_logged "$left inodes" "action=pass, reason=store error, " "${TOLD[accepted]}"
		[ "${TOLD[accepted]}" -eq 0 ] && break
		passed=$((passed + 1))
		tally_end "$left inodes left: strangers" 2 0
		logged "$left inodes" "$GREYLIST_LOG" "No space left on device"
		is "half a table with $left inodes" "" "$(find "$RIG/db" -name '*table*' -o -name '*lock*')"
		before=$(ls -A "$RIG/db")
		strangers "left$left"
		tally_end "$left inodes left: strangers once more" 2 0
		is "files left behind with $left inodes" "$before" "$(ls -A "$RIG/db")"
		rm -rf "$RIG/db/files"
		strangers "left$left"
		tally_end "and then enough" 0 2
		table_good "after $left inodes"
	done
	tally_end "$left inodes left: strangers" 0 2
	table_good "with $left inodes"
	[ "$passed" -gt 1 ] || fail "a table needs only $left inodes?"
}

# A table needs no other file: everybody is served, even where statistics were lost.
with_a_table() {
	rm -rf "$RIG/db/files"
	expect 450 "who will be known" 203.0.113.7 "$KNOWN" u1@example.org
	wait_delay
	expect 250 "who is known" 203.0.113.7 "$KNOWN" u1@example.org
	session_open live 203.0.113.7
	tally_begin
	tally live "$KNOWN" u1@example.org
	rm "$RIG/db/counters"
	inodes_left 0
	tally live "$KNOWN" u1@example.org
	tally_anew 203.0.113.7 "$KNOWN" u1@example.org
	tally_end "a table and no inode left: known" 3 0
	: >"$GREYLIST_LOG"
	strangers table
	tally live table.live@sender.test u1@example.org
	tally_end "a table and no inode left: strangers" 0 3
	answers_logged "a table and no inode left" "action=greylist, reason=new, " 3
	not_logged "a table and no inode left" "$GREYLIST_LOG" "warning: "
	rm -rf "$RIG/db/files"
	wait_delay
	strangers table
	tally live table.live@sender.test u1@example.org
	session_close live
	tally_end "inodes again: their retries" 3 0
	postfix_reload mx
	tally_begin
	tally_anew 203.0.113.7 "$KNOWN" u1@example.org
	tally_end "inodes again: known" 1 0
	within 5 test -f "$RIG/db/counters" || fail "inodes again: no counters"
	table_good "inodes again"
}
