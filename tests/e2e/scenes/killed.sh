# killed - a helper is killed between two requests, another inside one.

scene() {
	postfix_mx
	between_requests
	inside_a_request
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
}

between_requests() {
	session_open live 203.0.113.7
	session_rcpt 450 "before the kill" live k1@sender.test u1@example.org
	case $WIRING in
	per-connection)
		within 10 helpers_are 1 || die "no helper waits for the next request"
		kill_helper "$(helpers)"
		;;
	per-request)
		within 10 helpers_are 0 || fail "a helper outlives its request"
		;;
	esac
	session_rcpt 450 "after the kill" live k2@sender.test u2@example.org
	verdict greylist new 203.0.113.7 k2@sender.test u2@example.org
	wait_delay
	session_rcpt 250 "what the killed helper acknowledged" live k1@sender.test u1@example.org
	logged "first pass" "$GREYLIST_LOG" "action=pass, reason=triplet found, delay="
	session_close live
}

# The helper before it may be on its way out still, so a count would not do.
inside_a_request() {
	local before
	before=$(helpers)
	perl "$here/lib/policy.pl" "$RIG/mx/spool/private/greylist" >/dev/null &
	within 10 newcomer "$before" >/dev/null || die "no helper for a second client"
	kill_helper "$(newcomer "$before")"
	wait $!
	expect 450 "after the kill inside a request" 192.0.2.7 k3@sender.test u1@example.org
	verdict greylist new 192.0.2.7 k3@sender.test u1@example.org
}

# newcomer PIDS: the helper that is none of them
newcomer() {
	helpers | grep -vxF -- "${1:-none}"
}

# kill_helper PID: kills a helper, which has to be a child of our own spawn
kill_helper() {
	local pid=$1 parent
	parent=$(sed -n 's/^PPid:\t//p' "/proc/$pid/status")
	is "the helper's parent" spawn "$(cat "/proc/$parent/comm")"
	is "the helper's user" "$(id -u "$OWNER")" "$(stat -c %u "/proc/$pid")"
	kill -KILL "$pid"
	within 10 test ! -e "/proc/$pid" || fail "cannot kill $pid"
}
