# stop-reload - Postfix is reloaded and stopped while sessions live: no helper stays.

scene() {
	postfix_mx
	reloaded
	stopped
}

sessions_open() {
	local name
	for name in one two three; do
		session_open "$name" 203.0.113.7
		session_rcpt 450 "session $name, before the $1" "$name" "$name@$1.test" u1@example.org
	done
	helpers_live
}

# One helper a session, or none between two requests
helpers_live() {
	local wanted=3
	[ "$WIRING" = per-connection ] || wanted=0
	within 10 helpers_are "$wanted" || fail "wanted $wanted helpers, got $(helper_count)"
}

reloaded() {
	local name
	sessions_open reload
	postfix_reload mx
	for name in one two three; do
		session_rcpt 450 "session $name, after the reload" "$name" "$name@reload.test" u2@example.org
		verdict greylist new 203.0.113.7 "$name@reload.test" u2@example.org
	done
	helpers_live
	for name in one two three; do
		session_close "$name"
	done
	within 10 helpers_are 0 || fail "helpers outlive the sessions after a reload: $(helpers)"
}

stopped() {
	local name
	sessions_open stop
	wiring_check one@reload.test 2
	postfix_stop mx
	within 10 helpers_are 0 || fail "helpers outlive the stop: $(helpers)"
	for name in one two three; do
		session_drop "$name"
	done
}
