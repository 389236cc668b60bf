# wiring - the very lines of conf/*.example, and proof that they are in force. Sourced by run.

# What main.cf gets: the example without its comments, and for per-request
# with the commented line in place of the other.
wiring_main_cf() {
	local example=$SOURCE/conf/main.cf.example lines
	if [ "$WIRING" = per-request ]; then
		lines=$(sed -e '/^ *check_policy_service /d' \
			-e 's/^# *\(check_policy_service .*request_limit=1.*\)/    \1/' "$example")
	else
		lines=$(<"$example")
	fi
	lines=$(grep -v -e '^#' -e '^$' <<<"$lines")
	[ "$(grep -c check_policy_service <<<"$lines")" -eq 1 ] ||
		die "main.cf.example has not one line for $WIRING"
	printf '%s\n' "$lines"
}

# What master.cf gets: only user=, the path and -c are ours.
wiring_master_cf() {
	local example=$SOURCE/conf/master.cf.example
	[ "$(grep -c '^greylist ' "$example")" -eq 1 ] || die "master.cf.example has not one service"
	grep '^greylist ' "$example" | sed -e "s|user=[^ ]*|user=$OWNER|" \
		-e "s|argv=[^ ]*|argv=$RIG/bin/greylist-policy -c $RIG/greylist.conf|"
}

# wiring_check SENDER REQUESTS: demands that so many requests of one session, all
# of that sender, were served by one process, or by one each.
wiring_check() {
	local setting processes=1
	setting=$(postconf -c "$RIG/mx/etc" -hx smtpd_recipient_restrictions)
	like "smtpd_recipient_restrictions" 'unix:private/greylist' "$setting"
	case $WIRING in
	per-connection)
		[[ $setting != *request_limit* ]] || fail "request_limit in: $setting"
		;;
	per-request)
		like "smtpd_recipient_restrictions" 'request_limit=1' "$setting"
		processes=$2
		;;
	esac
	within 10 wiring_logged "$1" "$2" || fail "not $2 requests of $1 in the log"
	is "helper processes for $2 requests of $1" "$processes" "$(pids_of "sender=$1," | grep -c .)"
}

wiring_logged() {
	[ "$(grep -scF -- "sender=$1," "$GREYLIST_LOG")" = "$2" ]
}
