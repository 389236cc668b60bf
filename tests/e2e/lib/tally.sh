# tally - what SMTP clients were told, recipient by recipient. Sourced by the scenes that count.

declare -A TOLD=() # accepted, deferred (by greylisting), trouble (any other answer) -> how many
ANSWER=''          # which of them the last one was
ANEW=0             # a session of its own has a name of its own

tally_begin() {
	TOLD=([accepted]=0 [deferred]=0 [trouble]=0)
}

# tally SESSION SENDER RECIPIENT...: one transaction of an open session
tally() {
	local session=$1 recipient
	session_say "$session" RSET
	session_say "$session" "MAIL FROM:<$2>"
	shift 2
	for recipient in "$@"; do
		session_say "$session" "RCPT TO:<$recipient>"
		tally_answer
	done
}

# tally_anew CLIENT SENDER RECIPIENT...: the same in a session of its own, from CLIENT
tally_anew() {
	local client=$1
	shift
	ANEW=$((ANEW + 1))
	session_open "anew$ANEW" "$client"
	tally "anew$ANEW" "$@"
	session_close "anew$ANEW"
}

tally_answer() {
	case $REPLY_TEXT in
	"250 "*) ANSWER=accepted ;;
	"450 4.2.0 "*": Greylisted, please retry in "*) ANSWER=deferred ;;
	*)
		ANSWER=trouble
		fail "told of trouble: '$REPLY_TEXT'"
		;;
	esac
	TOLD[$ANSWER]=$((TOLD[$ANSWER] + 1))
}

# tally_end WHAT [ACCEPTED DEFERRED]: prints the counts and demands them
tally_end() {
	local counts="${TOLD[accepted]} accepted, ${TOLD[deferred]} deferred by us"
	note "$1: $counts, ${TOLD[trouble]} told of trouble"
	[ $# -lt 3 ] || is "$1" "$2 accepted, $3 deferred by us" "$counts"
}

# answers_logged WHAT TEXT COUNT: demands so many of our own lines with the text since the log
# was emptied
answers_logged() {
	within 5 lines_are "$GREYLIST_LOG" "$2" "$3" ||
		fail "$1: wanted $3 lines with '$2', got $(grep -cF -- "$2" "$GREYLIST_LOG")"
}

lines_are() {
	[ "$(grep -cF -- "$2" "$1")" -eq "$3" ]
}
