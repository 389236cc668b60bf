# setup-postfix - greylist-admin wires a Postfix, proves it, and takes everything out again.

SETUP_LIST='permit_mynetworks,
    # a comment inside the list
    permit_sasl_authenticated   reject_unauth_destination,
    check_client_access cidr:{{198.51.100.0/24 OK}}'
SETUP_CHECK='check_policy_service { unix:private/greylist, timeout=10s, default_action=DUNNO }'
SETUP_SAID=

scene() {
	[ -n "${GREYLIST_HELPER:-}" ] || die "GREYLIST_HELPER does not say where greylist-admin looks"
	ETC=$RIG/mx/etc MAIL_LOG=$RIG/mx/log/mail.log
	postfix_make mx 127.0.0.1:2525
	postfix_set mx 'relay_transport = discard:'
	sed -i 's/^delay.*/& # kept/' "$RIG/greylist.conf"
	setup_pieces
	setup_dry_run
	setup_wires
	setup_again
	setup_mode
	setup_undone
	setup_debian
	setup_later_edits
	setup_by_hand
	setup_refusals
	setup_broken
}

# setup CODE WHAT OPTION...: runs the command and demands its exit code
setup() {
	local wanted=$1 what=$2 code
	shift 2
	setup_age
	SETUP_SAID=$(admin setup-postfix --postfix-config "$ETC" --user "$OWNER" "$@" 2>&1)
	code=$?
	[ "$code" = "$wanted" ] || fail "$what: wanted exit $wanted, got $code: $SETUP_SAID"
}

# Postfix's programs wait until a file is no longer new before they read it: make it old.
setup_age() {
	touch -d '1 minute ago' "$ETC"/*.cf
	[ ! -d "$ETC/greylist.undo" ] || find "$ETC/greylist.undo" -type f -exec touch -d '1 minute ago' {} +
}

# Every byte, owner and mode of what the command may edit, and the names beside them.
setup_state() {
	(cd "$ETC" && ls -A && cat main.cf master.cf && stat -c '%n %U:%G %a' main.cf master.cf)
	cat "$RIG/greylist.conf"
	stat -c '%n %U:%G %a' "$RIG/greylist.conf"
}

setup_unchanged() {
	[ "$(setup_state)" = "$SETUP_BEFORE" ] ||
		fail "$1: not as before: $(diff <(printf '%s\n' "$SETUP_BEFORE") <(setup_state))"
}

setup_list() {
	setup_age
	postconf -c "$ETC" -h smtpd_recipient_restrictions
}

# An empty file system where greylist-admin looks for the helper, for this scene's eyes only.
setup_install() {
	local under=${GREYLIST_HELPER%/*}
	while [ ! -d "$under" ]; do
		under=${under%/*}
	done
	[ -n "$under" ] && mount -t tmpfs -o mode=755 helper "$under" || die "cannot mount"
}

setup_helper() {
	mkdir -p "${GREYLIST_HELPER%/*}"
	install -m 755 "$1" "$GREYLIST_HELPER.new"
	mv "$GREYLIST_HELPER.new" "$GREYLIST_HELPER"
}

setup_pieces() {
	SETUP_BEFORE=$(setup_state)
	setup_install
	setup 69 "no helper"
	like "no helper" "$GREYLIST_HELPER" "$SETUP_SAID"
	setup_helper "$HELPER"
	setup 78 "no user" --user no-such-user
	like "no user" 'adduser .*no-such-user' "$SETUP_SAID"
	mv "$RIG/db" "$RIG/db.away"
	setup 78 "no table directory"
	like "no table directory" "install -d -o $OWNER" "$SETUP_SAID"
	mv "$RIG/db.away" "$RIG/db"
	SETUP_SAID=$(PATH=/nowhere "$ADMIN" -c "$RIG/greylist.conf" setup-postfix 2>&1)
	is "no postconf" 69 $?
	like "no postconf" 'apt-get install postfix' "$SETUP_SAID"
	setup 64 "no such mode" --mode off
	setup 78 "no such directory" --postfix-config /nowhere
	setup_unchanged "a missing piece"
}

setup_dry_run() {
	printf 'smtpd_recipient_restrictions = %s\n# the end, without a newline' "$SETUP_LIST" \
		>>"$ETC/main.cf"
	chown "$OWNER" "$ETC/main.cf"
	chmod 640 "$ETC/main.cf"
	SETUP_BEFORE=$(setup_state)
	setup 0 "dry run" --dry-run --mode dry-run
	like "dry run" "greylist/unix" "$SETUP_SAID"
	like "dry run" "greylist_time_limit" "$SETUP_SAID"
	like "dry run" 'after: +"dry-run"' "$SETUP_SAID"
	setup_unchanged "dry run"
}

setup_wires() {
	setup 0 "first set-up"
	INSTANCES+=(mx)
	like "first set-up" "Postfix does not run: starting it" "$SETUP_SAID"
	like "first set-up" 'proved: .*action=DEFER_IF_PERMIT' "$SETUP_SAID"
	is "the list" "permit_mynetworks, permit_sasl_authenticated reject_unauth_destination,\
 check_client_access cidr:{{198.51.100.0/24 OK}}, reject_unlisted_recipient, $SETUP_CHECK" \
		"$(setup_list)"
	is "the service" "greylist unix - n n - 0 spawn user=$OWNER argv=$GREYLIST_HELPER -c\
 $RIG/greylist.conf" "$(postconf -c "$ETC" -M greylist/unix | tr -s ' ')"
	is "the limit" 3600 "$(postconf -c "$ETC" -h greylist_time_limit)"
	is "owner and mode of main.cf" "$OWNER 640" "$(stat -c '%U %a' "$ETC/main.cf")"
	is "who may read what is kept" "root 700" "$(stat -c '%U %a' "$ETC/greylist.undo")"
	is "records of the probe" "" "$(listed 192.0.2.)"
	is "files that are not the owner's" "" "$(find "$RIG/db" ! -user "$OWNER")"
	expect 450 "a stranger" 203.0.113.7 a@sender.test u@example.org
	expect 250 "the list's own exception" 198.51.100.7 a@sender.test u@example.org
}

setup_again() {
	SETUP_BEFORE=$(setup_state)
	setup 0 "second set-up"
	like "second set-up" "nothing to change" "$SETUP_SAID"
	like "second set-up" "proved" "$SETUP_SAID"
	setup_unchanged "second set-up"
}

setup_mode() {
	local conf
	conf=$(<"$RIG/greylist.conf")
	setup 0 "first day" --mode dry-run
	like "first day" 'proved: .*action=DUNNO.*would be greylisted' "$SETUP_SAID"
	is "greylist.conf" "$conf"$'\n''mode = "dry-run"' "$(<"$RIG/greylist.conf")"
	expect 250 "a stranger on the first day" 203.0.113.7 b@sender.test u@example.org
	setup 0 "second day" --mode on
	is "greylist.conf" "$conf"$'\n''mode = "on"' "$(<"$RIG/greylist.conf")"
	expect 450 "a stranger on the second day" 203.0.113.7 c@sender.test u@example.org
	setup 0 "first week" --mode learn
	like "first week" 'proved: .*action=DUNNO.*remembered as passed' "$SETUP_SAID"
	is "greylist.conf" "$conf"$'\n''mode = "learn"' "$(<"$RIG/greylist.conf")"
	is "records of the probe" "" "$(listed 192.0.2.)"
	expect 250 "a stranger in the first week" 203.0.113.7 d@sender.test u@example.org
	setup 0 "second week" --mode on
	expect 250 "the same in the second week" 203.0.113.7 d@sender.test u@example.org
	setup 0 "back to the first day" --mode dry-run
}

setup_undone() {
	local was
	setup 0 "undo, dry run" --undo --dry-run
	like "undo, dry run" 'main\.cf: put back as it was' "$SETUP_SAID"
	[ -e "$ETC/greylist.undo" ] || fail "undo --dry-run forgets what is kept"
	setup 0 "undo" --undo
	was=$(printf 'smtpd_recipient_restrictions = %s\n# the end, without a newline' "$SETUP_LIST")
	is "the end of main.cf" "$was" "$(tail -c "${#was}" "$ETC/main.cf")"
	is "owner and mode of main.cf" "$OWNER 640" "$(stat -c '%U %a' "$ETC/main.cf")"
	[ ! -e "$ETC/greylist.undo" ] || fail "undo leaves greylist.undo"
	is "the mode" "" "$(grep ^mode "$RIG/greylist.conf")"
	is "the service" "" "$(postconf -c "$ETC" -M greylist/unix 2>/dev/null)"
	within 10 setup_passes || fail "greylisting goes on after the undo: $REPLY_TEXT"
	setup 0 "nothing to undo" --undo
	like "nothing to undo" "nothing to undo" "$SETUP_SAID"
}

setup_passes() {
	mail 203.0.113.7 d@sender.test u@example.org
	[ "$CODES" = 250 ]
}

# As Debian ships it: no list at all, and relaying guarded elsewhere.
setup_debian() {
	sed -i '/^smtpd_relay_restrictions/,$d' "$ETC/main.cf"
	cat >>"$ETC/main.cf" <<-END
		service_throttle_time = 1s
		smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
	END
	SETUP_BEFORE=$(setup_state)
	setup 0 "Debian's main.cf"
	is "the list where there was none" "permit_mynetworks, permit_sasl_authenticated,\
 reject_unauth_destination, reject_unlisted_recipient, $SETUP_CHECK" "$(setup_list)"
	setup 0 "Debian's main.cf, undo" --undo
	setup_unchanged "Debian's main.cf, undo"
}

setup_later_edits() {
	setup 0 "set-up, to be edited" --mode dry-run
	postfix_set mx "smtpd_recipient_restrictions = reject_non_fqdn_recipient, $(setup_list), reject_non_fqdn_sender" \
		'biff = yes'
	postconf -c "$ETC" -M 'mine/unix=mine unix - - n - - discard'
	sed -i 's/ # kept/ # still kept/' "$RIG/greylist.conf"
	setup 0 "set-up of edited files"
	setup 0 "undo of edited files" --undo
	is "the admin's list" "reject_non_fqdn_recipient, reject_non_fqdn_sender" "$(setup_list)"
	is "the admin's parameter" yes "$(postconf -c "$ETC" -h biff)"
	is "the admin's service" 1 "$(grep -c '^mine ' "$ETC/master.cf")"
	is "our service" 0 "$(grep -c greylist "$ETC/master.cf")"
	is "our words in main.cf" 0 "$(grep -c greylist_ "$ETC/main.cf")"
	is "the admin's greylist.conf" "1 0" \
		"$(grep -c 'still kept' "$RIG/greylist.conf") $(grep -c ^mode "$RIG/greylist.conf")"
}

# What an admin wired without us is left alone, and taken out when asked to.
setup_by_hand() {
	local list="reject_unauth_destination, check_policy_service unix:private/greylist"
	postfix_set mx "smtpd_recipient_restrictions = $list"
	setup 0 "half of it by hand"
	is "the admin's line" "$list" "$(setup_list)"
	like "half of it by hand" "reject_unlisted_recipient does not stand in front" "$SETUP_SAID"
	rm -r "$ETC/greylist.undo"
	setup 0 "undo without anything kept" --undo
	is "the list" "reject_unauth_destination" "$(setup_list)"
	is "our words" 0 "$(cat "$ETC/main.cf" "$ETC/master.cf" | grep -cE '^greylist|private/greylist')"
}

# refused WHAT LIST: with this list nothing is changed, and the lines are printed
refused() {
	postfix_set mx "smtpd_recipient_restrictions = $2"
	refused_now "$1"
}

refused_now() {
	SETUP_BEFORE=$(setup_state)
	setup 78 "$1"
	like "$1" 'Nothing was changed.*check_policy_service \{ unix:private/greylist.*greylist unix - n n - 0 spawn' \
		"$SETUP_SAID"
	setup_unchanged "$1"
}

setup_refusals() {
	postfix_set mx 'smtpd_restriction_classes = strict' 'strict = reject_non_fqdn_sender, permit'
	refused "a restriction class" "reject_unauth_destination, strict"
	like "a restriction class" '"strict"' "$SETUP_SAID"
	refused "a map" "reject_unauth_destination, texthash:$ETC/main.cf"
	refused "a final reject" "permit_auth_destination, reject"
	refused "an open brace" "reject_unauth_destination, check_policy_service { inet:127.0.0.1:9"
	postfix_set mx 'smtpd_recipient_restrictions = reject_unauth_destination'
	postconf -c "$ETC" -M '25/inet=25 inet n - n - - smtpd -o smtpd_recipient_restrictions=reject'
	refused_now "another list for port 25"
	postconf -c "$ETC" -MX 25/inet
	postconf -c "$ETC" -M 'greylist/unix=greylist unix - n n - - spawn user=nobody argv=/other'
	refused_now "another service greylist"
	postconf -c "$ETC" -MX greylist/unix
	setup 0 "after the refusals" --dry-run
}

setup_broken() {
	printf '#!/bin/sh\nexit 1\n' >"$RIG/broken"
	setup_helper "$RIG/broken"
	setup 69 "broken helper"
	like "broken helper" 'without greylisting until this is mended' "$SETUP_SAID"
	expect 250 "mail past a broken helper" 203.0.113.7 e@sender.test u@example.org
	setup_helper "$HELPER"
	setup 0 "mended helper"
	expect 450 "mail past a mended helper" 203.0.113.7 f@sender.test u@example.org
}
