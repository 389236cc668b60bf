# no-user - master.cf names a user that does not exist.
. "$here/lib/trouble.sh"

scene() {
	local owner=$OWNER
	OWNER=no-such-user
	postfix_make_mx
	OWNER=$owner
	postfix_start_mx
	trouble_accepts "user missing"
	logged "the cause" "$MAIL_LOG" "no-such-user"
	postconf -c "$RIG/mx/etc" -F "greylist/unix/command=$(wiring_master_cf | sed 's/.* 0 spawn/spawn/')"
	postfix_reload mx
	trouble_over "user missing"
}
