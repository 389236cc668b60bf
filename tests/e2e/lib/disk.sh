# disk - a small file system for the table, and trouble with it. Sourced by the scenes that make it.

# disk_tmpfs OPTIONS: one in memory, of the helper's user, before the first mail comes
disk_tmpfs() {
	mount -t tmpfs -o "mode=750,uid=$(id -u "$OWNER"),gid=$(id -g "$OWNER"),$1" disk "$RIG/db" ||
		die "cannot mount"
}

# disk_full: not one block is left. Files become blocks one by one: the next is taken as soon as
# somebody else gives one back.
disk_full() {
	dd if=/dev/zero of="$RIG/db/fill" bs=4096 oflag=append conv=notrunc 2>/dev/null
	is "blocks left" 0 "$(stat -f -c %a "$RIG/db")"
}

disk_has_room() {
	rm "$RIG/db/fill"
}

# table_good WHAT: every page and entry of the table is read
table_good() {
	admin check --deep --json >"$RIG/log/check"
	jq -se 'all(.[]; .name != "table-damaged")' "$RIG/log/check" >/dev/null &&
		has "$RIG/log/check" "entries read, each is what its key says" ||
		fail "$1: the table is not good: $(cat "$RIG/log/check")"
}
