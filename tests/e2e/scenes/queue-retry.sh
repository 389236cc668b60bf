# queue-retry - a real sending Postfix is deferred, retries from its queue, and loses nothing.

MESSAGES=10

scene() {
	postfix_mx
	sender_start
	# A message and a recipient of its own for each: 1user@ to 10user@
	smtp-source -m "$MESSAGES" -s 1 -N -f sender@sender.test -t user@example.org \
		127.0.0.1:2526 || fail "smtp-source cannot send"
	within 120 all_delivered || fail "delivered: $(recipients | grep -c .) of $MESSAGES"
	within 20 queue_empty || fail "left in the sender's queue: $(queue)"
	each_once
	deferred_first
	postfix_quiet
}

# The sender: an ordinary Postfix, in a hurry.
sender_start() {
	postfix_make sender 127.0.0.1:2526
	postfix_set sender 'mynetworks = 127.0.0.1/32' 'relay_transport = smtp:[127.0.0.1]:2525' \
		'smtpd_recipient_restrictions = permit_mynetworks, reject' \
		'smtpd_authorized_xclient_hosts ='
	postfix_hurry sender
	postfix_start sender
}

# The recipients of what arrived, one a line, twice where it arrived twice
recipients() {
	grep -rhi '^X-Rcpt-Args: ' "$RIG/sink"
}

all_delivered() {
	[ "$(recipients | grep -c .)" -ge "$MESSAGES" ]
}

queue() {
	postqueue -c "$RIG/sender/etc" -j
}

queue_empty() {
	[ -z "$(queue)" ]
}

each_once() {
	is "deliveries" "$MESSAGES" "$(recipients | grep -c .)"
	is "recipients reached" "$MESSAGES" "$(recipients | sort -u | grep -c .)"
	is "X-Greylist headers" "$MESSAGES" "$(grep -rh '^X-Greylist: ' "$RIG/sink" | grep -c .)"
	is "bounces" 0 "$(grep -c 'status=bounced' "$RIG/sender/log/mail.log")"
}

# Every message was turned away at first, by our own text, and sent later.
deferred_first() {
	local log=$RIG/sender/log/mail.log queued
	queued=$(grep 'status=deferred' "$log" | grep 'said: 450 4\.2\.0 .*Greylisted' |
		sed -n 's/.*smtp\[[0-9]*\]: \([0-9A-F]*\): .*/\1/p' | sort -u)
	is "messages deferred" "$MESSAGES" "$(grep -c . <<<"$queued")"
	is "messages sent" "$MESSAGES" "$(grep -c 'status=sent' "$log")"
	is "strangers in our log" "$MESSAGES" \
		"$(grep -c 'action=greylist, reason=new,.*sender=sender@sender\.test' "$GREYLIST_LOG")"
}
