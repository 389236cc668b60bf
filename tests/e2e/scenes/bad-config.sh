# bad-config - greylist.conf is wrong, missing, unreadable.
. "$here/lib/trouble.sh"

scene() {
	postfix_make_mx
	printf 'no_such_option = 1\n' >>"$RIG/greylist.conf"
	postfix_start_mx
	trouble_accepts "unknown option"
	logged "the cause" "$GREYLIST_LOG" "$RIG/greylist.conf:$(grep -c . "$RIG/greylist.conf"): "
	conf_write
	trouble_over "unknown option"

	conf_set delay '"soon"'
	trouble_accepts "bad value"
	logged "the cause" "$GREYLIST_LOG" \
		"$RIG/greylist.conf:$(grep -n '^delay' "$RIG/greylist.conf" | cut -d : -f 1): "
	conf_set delay "\"${DELAY}s\""
	trouble_over "bad value"

	printf 'delay = "3s' >"$RIG/greylist.conf"
	trouble_accepts "syntax error"
	logged "the cause" "$SYSLOG" "$RIG/greylist.conf:"
	conf_write
	trouble_over "syntax error"

	rm "$RIG/greylist.conf"
	: >"$SYSLOG"
	trouble_accepts "file missing"
	logged "the cause" "$SYSLOG" "$RIG/greylist.conf"
	conf_write
	trouble_over "file missing"

	chmod 600 "$RIG/greylist.conf"
	: >"$SYSLOG"
	trouble_accepts "file unreadable"
	logged "the cause" "$SYSLOG" "$RIG/greylist.conf"
	chmod 644 "$RIG/greylist.conf"
	trouble_over "file unreadable"
}
