# damaged - the table is damaged, each time another way, while Postfix is at work. The mail goes on,
# counted at the SMTP client; the table is put aside and greylisting comes back by itself.

TRIES=0

scene() {
	postfix_mx
	expect "450 450" "a stranger" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	damage_with "heads of zeros" overwrite 0 2
	damage_with "pages of zeros" overwrite 2 100
	damage_with "a file cut off" shorten
	postfix_quiet
}

table() {
	printf '%s' "$RIG/db/$(readlink "$RIG/db/table")"
}

# overwrite FIRST COUNT: pages of the table's file, where it has them
overwrite() {
	local pages
	pages=$(($(stat -c %s "$(table)/data.mdb") / 4096))
	[ $(($1 + $2)) -le $pages ] || set -- "$1" $((pages - $1))
	dd if=/dev/zero of="$(table)/data.mdb" bs=4096 seek="$1" count="$2" conv=notrunc status=none
}

shorten() {
	truncate -s 12288 "$(table)/data.mdb"
}

fill() {
	local n
	for n in 1 2 3 4 5 6 7 8; do
		mail "198.51.100.$n" "fill$n@sender.test" u1@example.org
	done
}

# damage_with WHAT COMMAND...: a session is open meanwhile, as it would be on a busy server
damage_with() {
	local what=$1 damaged passed=0 deferred=0 tries
	shift
	rm -rf "$RIG"/db/table.*.corrupt # one an hour is put aside
	fill
	session_open "$what" 203.0.113.7
	session_rcpt 450 "$what: before" "$what" "before$TRIES@sender.test" u1@example.org
	damaged=$(table)
	"$@"
	for tries in 1 2 3 4 5 6; do
		TRIES=$((TRIES + 1))
		session_say "$what" RSET
		session_say "$what" "MAIL FROM:<s$TRIES@sender.test>"
		session_say "$what" "RCPT TO:<u1@example.org>"
		case $CODES in
		250) passed=$((passed + 1)) ;;
		450) deferred=$((deferred + 1)) ;;
		*) fail "$what: try $tries: $REPLY_TEXT" ;;
		esac
	done
	is "$what: the last answer" 450 "$CODES"
	session_close "$what"
	note "$what: of 6 attempts $passed passed and $deferred were greylisted"
	[ "$passed" -le 3 ] || fail "$what: $passed attempts passed"
	[ -d "$damaged.corrupt" ] || fail "$what: nothing was put aside: $(ls "$RIG/db")"
	logged "$what" "$GREYLIST_LOG" "was put aside as $damaged.corrupt and an empty one, "
	expect 450 "$what: a stranger" 192.0.2.7 "after$TRIES@sender.test" u1@example.org
	wait_delay
	expect 250 "$what: his retry" 192.0.2.7 "after$TRIES@sender.test" u1@example.org
}
