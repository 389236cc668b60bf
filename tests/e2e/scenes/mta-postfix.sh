# mta-postfix - Postfix as the sender.

# shellcheck source=/dev/null
. "$here/lib/mta.sh"

MTA=postfix
MTA_DEFERRED='status=deferred .*450 4\.2\.0 .*Greylisted'
MTA_BOUNCED='status=bounced|sender non-delivery'

scene() {
	mta_scene 203.0.113.10 203.0.113.1
}

mta_start() {
	postfix_make postfix "127.0.0.1:$MTA_PORT"
	postfix_set postfix 'mynetworks = 127.0.0.1/32' 'myhostname = postfix.sender.test' \
		'smtpd_recipient_restrictions = permit_mynetworks, reject' \
		"default_transport = smtp:[$MX_ADDRESS]:2525" \
		"relay_transport = smtp:[$MX_ADDRESS]:2525"
	postfix_hurry postfix
	MTA_LOG=$RIG/postfix/log/mail.log
	postfix_start postfix
}

mta_queue() {
	postqueue -c "$RIG/postfix/etc" -j
}
