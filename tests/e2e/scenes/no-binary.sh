# no-binary - the helper is not installed.
. "$here/lib/trouble.sh"

scene() {
	mv "$RIG/bin/greylist-policy" "$RIG/bin/away"
	postfix_mx
	trouble_accepts "helper binary missing"
	logged "the cause" "$MAIL_LOG" "$RIG/bin/greylist-policy"
	mv "$RIG/bin/away" "$RIG/bin/greylist-policy"
	trouble_over "helper binary missing"
}
