# trouble - mail passes while greylisting is broken, and it is back after the repair. Sourced
# by the scenes that break it.

TRIES=0 # a sender of its own for each message, so that none has a triplet

# trouble_accepts WHAT: two recipients of a stranger are accepted; the seconds are printed
trouble_accepts() {
	TRIES=$((TRIES + 1))
	expect "250 250" "$1" 203.0.113.7 "broken$TRIES@sender.test" u1@example.org,u2@example.org
	note "$1: two recipients accepted after $TOOK s"
}

# trouble_over WHAT: a stranger is deferred again
trouble_over() {
	local begun
	begun=$(now)
	within 10 trouble_defers || fail "$1: no greylisting after the repair"
	note "$1: greylisting returned $(since "$begun") s after the repair"
}

trouble_defers() {
	TRIES=$((TRIES + 1))
	mail 203.0.113.7 "repaired$TRIES@sender.test" u1@example.org
	[ "$CODES" = 450 ]
}
