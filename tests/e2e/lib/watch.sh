# watch - logs, processes, delivered messages. Sourced by run.

MAIL_LOG=''     # Postfix's, of the instance with greylisting
GREYLIST_LOG='' # the helper's own
SYSLOG=''       # what arrived at /dev/log

# has FILE TEXT: whether the file has a line with that very text
has() {
	grep -qsF -- "$2" "$1"
}

# logged WHAT FILE TEXT: demands the text in the log; both Postfix's and ours come late
logged() {
	within 5 has "$2" "$3" || fail "$1: no '$3' in ${2##*/}"
}

not_logged() {
	! has "$2" "$3" || fail "$1: there is '$3' in ${2##*/}"
}

# verdict ACTION REASON CLIENT SENDER RECIPIENT [DELAY]: demands our own log line, to the byte
# from "action=" on. An empty SENDER has no attribute.
verdict() {
	local line="action=$1, reason=$2${6:+, delay=$6}, client_name=$CLIENT_NAME, client_address=$3"
	line+="${4:+, sender=$4}, recipient=$5"
	logged "verdict" "$GREYLIST_LOG" "$line"
}

# pids_of TEXT: the helper processes that logged lines with the text, one a line
pids_of() {
	grep -sF -- "$1" "$GREYLIST_LOG" |
		sed -n 's/.* greylist-policy\[\([0-9]*\)\]: .*/\1/p' | sort -u
}

# helpers: the pids of all living helper processes
helpers() {
	local dir words
	for dir in /proc/[0-9]*; do
		mapfile -d '' -t words 2>/dev/null <"$dir/cmdline" || continue
		case " ${words[*]:0:3} " in
		*" $RIG/bin/greylist-policy "*) printf '%s\n' "${dir#/proc/}" ;;
		esac
	done
}

helper_count() {
	helpers | grep -c .
}

helpers_are() {
	[ "$(helper_count)" -eq "$1" ]
}

# delivered SUBJECT: the file that smtp-sink made of the message, once it is there
delivered() {
	grep -lrsxF -- "Subject: $1" "$RIG/sink"
}

# header_count SUBJECT: how many X-Greylist headers the delivered message has
header_count() {
	local file
	within 20 delivered "$1" >/dev/null || die "message '$1' was never delivered"
	file=$(delivered "$1")
	is "copies of '$1'" 1 "$(grep -c . <<<"$file")"
	sed '/^$/q' "$(head -1 <<<"$file")" | grep -c '^X-Greylist: '
}
