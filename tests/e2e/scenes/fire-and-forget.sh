# fire-and-forget - senders that try once stay out: swaks and smtp-source, each on a host of its own.

# shellcheck source=/dev/null
. "$here/lib/host.sh"

scene() {
	hosts_begin
	host_make swaks 203.0.113.10 203.0.113.1
	host_make source 198.51.100.10 198.51.100.1
	postfix_make_mx 0.0.0.0:2525
	postfix_start_mx

	mail_replies "$(enter swaks swaks --server 203.0.113.1 --port 2525 --timeout 60 \
		--ehlo client.sender.test --from swaks@sender.test --to u1@example.org,u2@example.org 2>&1)"
	is "what swaks is told" "450 450" "$CODES"
	like "what smtp-source is told" ': 450 4\.2\.0 .*Greylisted' "$(enter source smtp-source -s 1 -m 1 \
		-f source@sender.test -t u1@example.org 198.51.100.1:2525 2>&1)"

	wait_delay
	is "what has arrived" "" "$(find "$RIG/sink" -type f)"
	is "what Postfix has queued" "" "$(postqueue -c "$RIG/mx/etc" -j)"
	is "who waits" "198.51.100.0/24 source@sender.test u1@example.org waiting 1
203.0.113.0/24 swaks@sender.test u1@example.org waiting 1
203.0.113.0/24 swaks@sender.test u2@example.org waiting 1" "$(triplets)"
	is "verdicts" "3 greylist, reason=new" "$(sed -e 's/.*action=//' -e 's/, client_name=.*//' \
		"$GREYLIST_LOG" | sort | uniq -c | sed 's/^ *//')"
	wiring_check swaks@sender.test 2

	# None of them was shut out for good: the first that comes back is let in.
	mail_replies "$(enter swaks swaks --server 203.0.113.1 --port 2525 --timeout 60 \
		--ehlo client.sender.test --from swaks@sender.test --to u1@example.org \
		--header 'Subject: back' --body test 2>&1)"
	is "swaks, by hand once more" 250 "$CODES"
	is "headers of the mail that came back" 1 "$(header_count back)"
	postfix_quiet
}

triplets() {
	admin list --json | jq -r 'select(.type == "triplet") |
		"\(.client) \(.sender) \(.recipient) \(.state) \(.attempts)"' | sort
}
