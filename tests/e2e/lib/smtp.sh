# smtp - dialogues: whole messages by swaks, and sessions that stay open. Sourced by run.

CLIENT_NAME=mail.sender.test # "unknown" is one that has none
SWAKS=()       # more of swaks' options; they win over those that mail() has
CODES=''      # the reply codes of the last mail's RCPTs, separated by blanks
REPLY_TEXT='' # the last reply to RCPT, whole
TOOK=''       # seconds of the last mail
declare -A SESSION=() # open sessions: name -> file descriptor

# mail CLIENT SENDER RECIPIENT[,RECIPIENT...] [SUBJECT]: one message as if from CLIENT
# (an address, or "unknown"); an empty SENDER is the null sender. Fills CODES, REPLY_TEXT, TOOK.
mail() {
	local begun said
	begun=$(now)
	said=$(swaks --server 127.0.0.1 --port 2525 --timeout 120 --ehlo client.sender.test \
		--xclient "NAME=$(xclient_name) ADDR=$(xclient_address "$1")" \
		--from "${2:-<>}" --to "$3" --header "Subject: ${4:-none}" --body "test" \
		"${SWAKS[@]}" 2>&1)
	TOOK=$(since "$begun")
	mail_replies "$said"
}

xclient_name() {
	printf '%s' "${CLIENT_NAME/#unknown/[UNAVAILABLE]}"
}

xclient_address() {
	case $1 in
	unknown) printf '[UNAVAILABLE]' ;;
	*:*) printf 'IPV6:%s' "$1" ;;
	*) printf '%s' "$1" ;;
	esac
}

# What swaks said, from its transcript: a line " -> RCPT", then the reply "<-  250 ..." or
# "<** 450 ..."; with TLS they are " ~> RCPT", "<~  250 ..." and "<~* 450 ..."
mail_replies() {
	local replies
	printf '%s\n' "$1" >>"$RIG/log/swaks"
	replies=$(awk '/^ [-~]> RCPT/ { asked = 1; next } asked && /^<[-*~]/ { print substr($0, 5); asked = 0 }' \
		<<<"$1")
	REPLY_TEXT=$(tail -n 1 <<<"$replies")
	CODES=$(cut -d ' ' -f 1 <<<"$replies" | paste -sd ' ')
}

# expect CODES WHAT MAIL-ARGUMENTS...: sends and demands the codes
expect() {
	local codes=$1 what=$2
	shift 2
	mail "$@"
	[ "$CODES" = "$codes" ] || fail "$what: wanted $codes, got '$CODES' ($REPLY_TEXT)"
}

# wait_delay: until a retry of everything tried so far passes
wait_delay() {
	sleep "$((DELAY + 1))"
}

# session_open NAME CLIENT: a connection that stays
session_open() {
	local fd
	exec {fd}<>/dev/tcp/127.0.0.1/2525 || die "no connection"
	SESSION[$1]=$fd
	session_reply "$1" # the greeting
	session_say "$1" "EHLO client.sender.test"
	session_say "$1" "XCLIENT NAME=$(xclient_name) ADDR=$(xclient_address "$2")"
	session_say "$1" "EHLO client.sender.test"
	is "session $1" 250 "$CODES"
}

# session_say NAME COMMAND: sends it; the reply's code in CODES, its last line in REPLY_TEXT
session_say() {
	printf '%s\r\n' "$2" >&"${SESSION[$1]}"
	session_reply "$1"
}

session_reply() {
	local line
	CODES='' REPLY_TEXT=''
	while IFS= read -r -t 60 -u "${SESSION[$1]}" line; do
		line=${line%$'\r'}
		CODES=${line:0:3} REPLY_TEXT=$line
		[ "${line:3:1}" = - ] || return 0
	done
}

# session_rcpt CODE WHAT NAME SENDER RECIPIENT: one transaction up to RCPT
session_rcpt() {
	session_say "$3" "RSET"
	session_say "$3" "MAIL FROM:<$4>"
	session_say "$3" "RCPT TO:<$5>"
	[ "$CODES" = "$1" ] || fail "$2: wanted $1, got '$REPLY_TEXT'"
}

session_close() {
	session_say "$1" "QUIT"
	session_drop "$1"
}

session_drop() {
	local fd=${SESSION[$1]}
	exec {fd}>&-
	unset "SESSION[$1]"
}

# ask CLIENT SENDER RECIPIENT: the reply of the service itself, for what no SMTP client can send
ask() {
	perl "$here/lib/policy.pl" "$RIG/mx/spool/private/greylist" protocol_state=RCPT \
		"client_address=$1" "client_name=$CLIENT_NAME" "sender=$2" "recipient=$3" instance=1.2.3
}
