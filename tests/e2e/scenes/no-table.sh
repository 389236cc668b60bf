# no-table - the table's directory cannot be read, then belongs to somebody else.
. "$here/lib/trouble.sh"

scene() {
	chmod 000 "$RIG/db"
	postfix_mx
	trouble_accepts "table unreadable"
	logged "the cause" "$GREYLIST_LOG" "$RIG/db"
	logged "a warning" "$GREYLIST_LOG" "warning: "
	chmod 750 "$RIG/db"
	trouble_over "table unreadable"

	postfix_reload mx # a helper that has the table open needs no leave any more
	: >"$GREYLIST_LOG"
	chown -R daemon "$RIG/db"
	trouble_accepts "table of another owner"
	logged "the cause" "$GREYLIST_LOG" "$RIG/db"
	chown -R "$OWNER" "$RIG/db"
	trouble_over "table of another owner"
}
