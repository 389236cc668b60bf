# mta - what the scenes of all sending mail servers have in common. Sourced by them.
#
# Each says in MTA who it is and brings these functions:
#   mta_start   configures and starts it: it takes mail at $MTA_PORT of its own 127.0.0.1
#               and sends all of it to $MX_ADDRESS, port 2525, with a retry every 2 s or so
#   mta_queue   prints what is left in its queue, nothing when there is nothing
# and patterns of what its log says of a message that is deferred, and of one that bounced.

# shellcheck source=/dev/null
. "$here/lib/host.sh"

MTA_PORT=2526
MTA_ADDRESS='' MX_ADDRESS=''
MTA_LOG=''                     # where its log is; SYSLOG unless the scene says otherwise
MTA_DEFERRED='' MTA_BOUNCED='' # the patterns

# Who writes to whom: sender, recipients. The last is the null sender.
MTA_MAILS=(
	"one@sender.test u1@example.org"
	"two@sender.test u2@example.org"
	"three@sender.test u1@example.org,u2@example.org,u3@example.org"
	"- u4@example.org"
)

# mta_scene ADDRESS OURS: everything twice, the second time with triplets that are known
mta_scene() {
	local deferrals
	MTA_ADDRESS=$1 MX_ADDRESS=$2 MTA_LOG=$SYSLOG
	hosts_begin
	host_make "$MTA" "$MTA_ADDRESS" "$MX_ADDRESS"
	postfix_make_mx 0.0.0.0:2525
	# A bounce would go the same way, and be found where all other mail is.
	postfix_set mx 'relay_domains = example.org, sender.test'
	postfix_start_mx
	mta_start
	within 20 mta_listens || die "$MTA does not listen"

	mta_round first
	grep -qE -- "$MTA_DEFERRED" "$MTA_LOG" || fail "$MTA's log has no deferred mail"
	deferrals=$(grep -c 'action=greylist' "$GREYLIST_LOG")
	mta_round second
	is "deferrals after the second round" "$deferrals" "$(grep -c 'action=greylist' "$GREYLIST_LOG")"
	is "what $MTA's log says of bounces" "" "$(grep -E -- "$MTA_BOUNCED" "$MTA_LOG")"
	mta_verdicts
	mta_wiring
	postfix_quiet
}

mta_listens() {
	enter "$MTA" bash -c "true </dev/tcp/127.0.0.1/$MTA_PORT" 2>/dev/null
}

# mta_round NAME: sends everything, waits until the queues are empty, and demands each
# recipient's copy once, and nothing besides
mta_round() {
	local i sender recipients begun
	begun=$(now)
	for i in "${!MTA_MAILS[@]}"; do
		read -r sender recipients <<<"${MTA_MAILS[i]}"
		enter "$MTA" swaks --server 127.0.0.1 --port "$MTA_PORT" --timeout 60 \
			--ehlo client.sender.test --from "${sender/#-/<>}" --to "$recipients" \
			--header "Subject: $1 $i" --body test >>"$RIG/log/swaks" 2>&1 ||
			fail "$MTA does not take message $i"
		mta_expected "$1 $i" "$recipients"
	done >>"$RIG/expected"
	within 120 mta_done "$(grep -c . "$RIG/expected")" ||
		fail "$1 round: in $MTA's queue '$(mta_queue)', in the receiver's '$(mx_queue)'"
	note "$1 round: $(since "$begun") s"
	is "what has arrived" "$(sort "$RIG/expected")" "$(arrived)"
}

mta_expected() {
	local recipient
	for recipient in ${2//,/ }; do
		printf '%s: <%s>\n' "$1" "$recipient"
	done
}

# The first look costs least, and none of them needs to come often.
mta_done() {
	[ "$(grep -rh '^X-Rcpt-Args: ' "$RIG/sink" | grep -c .)" -ge "$1" ] &&
		[ -z "$(mta_queue)" ] && [ -z "$(mx_queue)" ] && return
	sleep 0.4
	return 1
}

mx_queue() {
	postqueue -c "$RIG/mx/etc" -j
}

# Every copy in the sink, "SUBJECT: RECIPIENT", sorted
arrived() {
	local file
	for file in "$RIG"/sink/*; do
		[ ! -f "$file" ] || awk '
			/^$/ { exit }
			/^X-Rcpt-Args: / { recipients[++n] = $2 }
			/^Subject: / { subject = substr($0, 10) }
			END {
				for (i = 1; i <= n; i++)
					print subject ": " recipients[i]
			}' "$file"
	done | sort
}

# Our own log, for each sender and recipient: a stranger, perhaps early retries, a pass that
# ends the delay, and from then on passes only, one a round.
mta_verdicts() {
	local sender recipients recipient
	while read -r sender recipients; do
		for recipient in ${recipients//,/ }; do
			mta_verdict "$sender" "$recipient"
		done
	done < <(printf '%s\n' "${MTA_MAILS[@]}")
}

# mta_verdict SENDER RECIPIENT: a recipient may also pass because another of the message did
mta_verdict() {
	local who=", client_name=unknown, client_address=$MTA_ADDRESS" said
	[ "$1" = - ] || who+=", sender=$1"
	who+=", recipient=$2"
	said=$(grep -F -- "$who" "$GREYLIST_LOG" | sed -e 's/.*: action=//' -e 's/, client_name=.*//')
	like "verdicts on $1 to $2" \
		'^greylist new;(greylist [^;]*;)*pass (triplet found [0-9]+|same message)[^;]*;pass [^;]*$' \
		"$(sed -e 's/, reason=/ /' -e 's/, delay=/ /' <<<"$said" | paste -sd ';')"
}

# The three recipients of one session, and then a session of our own.
mta_wiring() {
	local processes=1
	[ "$WIRING" = per-connection ] || processes=3
	is "helper processes for three recipients" "$processes" "$(grep -F 'sender=three@' "$GREYLIST_LOG" |
		head -n 3 | sed 's/.* greylist-policy\[\([0-9]*\)\]: .*/\1/' | sort -u | grep -c .)"
	expect "450 450" "two recipients" 192.0.2.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
}
