# smtp - dialogues: whole messages by swaks, and sessions that stay open. Sourced by run.

CLIENT_NAME=mail.sender.test # "unknown" is one that has none
CLIENT_HELO=client.sender.test
SWAKS=()       # options of swaks, which then sends the mail; they win over those it is given
CODES=''      # the reply codes of the last mail's RCPTs, separated by blanks
REPLY_TEXT='' # the last reply to RCPT, whole
TOOK=''       # seconds of the last mail
declare -A SESSION=() # open sessions: name -> file descriptor

# A server that hangs up is the scene's business, and no reason to die.
trap : PIPE

# mail CLIENT SENDER RECIPIENT[,RECIPIENT...] [SUBJECT]: one message as if from CLIENT
# (an address, or "unknown"); an empty SENDER is the null sender. Fills CODES, REPLY_TEXT, TOOK.
mail() {
	local begun
	begun=$(now)
	if [ ${#SWAKS[@]} -eq 0 ]; then
		mail_by_hand "$@"
	else
		mail_by_swaks "$@"
	fi
	TOOK=$(since "$begun")
}

mail_by_swaks() {
	mail_replies "$(swaks --server 127.0.0.1 --port 2525 --timeout 120 --ehlo "$CLIENT_HELO" \
		--xclient "NAME=$(xclient_name) ADDR=$(xclient_address "$1")" \
		--from "${2:-<>}" --to "$3" --header "Subject: ${4:-none}" --body "test" \
		"${SWAKS[@]}" 2>&1)"
}

# The same dialogue without a process: swaks takes longer to start than Postfix to answer.
mail_by_hand() {
	local recipient codes=() text=''
	CODES='' REPLY_TEXT=''
	session_connect mail || return
	session_greet mail "$1"
	[ "$CODES" != 250 ] || session_say mail "MAIL FROM:<$2>"
	if [ "$CODES" = 250 ]; then
		for recipient in ${3//,/ }; do
			session_say mail "RCPT TO:<$recipient>"
			codes+=("$CODES") text=$REPLY_TEXT
		done
		[[ " ${codes[*]} " != *' 250 '* ]] || mail_body "$2" "$3" "${4:-none}"
	fi
	session_close mail
	CODES=${codes[*]} REPLY_TEXT=$text
}

mail_body() { # SENDER RECIPIENTS SUBJECT
	session_say mail DATA
	[ "$CODES" = 354 ] || return
	session_say mail "$(printf '%s\r\n' "From: <$1>" "To: $2" "Subject: $3" "Date: $(date -R)" '' \
		test .)"
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
	session_connect "$1" || die "no connection"
	session_greet "$1" "$2"
	is "session $1" 250 "$CODES"
}

session_connect() {
	local fd
	exec {fd}<>/dev/tcp/127.0.0.1/2525 || return
	SESSION[$1]=$fd
	session_reply "$1" # the greeting
}

session_greet() {
	session_say "$1" "EHLO $CLIENT_HELO"
	session_say "$1" "XCLIENT NAME=$(xclient_name) ADDR=$(xclient_address "$2")"
	session_say "$1" "EHLO $CLIENT_HELO"
}

# session_say NAME COMMAND: sends it; the reply's code in CODES, its last line in REPLY_TEXT
session_say() {
	printf '%s\r\n' "$2" >&"${SESSION[$1]}"
	printf -- '-> %s\n' "$2" >>"$RIG/log/smtp"
	session_reply "$1"
}

session_reply() {
	local line
	CODES='' REPLY_TEXT=''
	while IFS= read -r -t 120 -u "${SESSION[$1]}" line; do
		line=${line%$'\r'}
		printf '<- %s\n' "$line" >>"$RIG/log/smtp"
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
