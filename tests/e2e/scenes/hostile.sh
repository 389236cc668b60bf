# hostile - what clients may write that is meant to be misread: by us, by who reads our log, by a
# terminal. What Postfix takes is deferred once, known at the retry, and one clean line in the log.
. "$here/lib/tally.sh"
. "$here/lib/disk.sh"

ESC=$'\e[31m\e]0;owned\a' # colours, and a title for the window
declare -A FIRST=()       # case -> what the first attempt was told
CASE=0

scene() {
	postfix_make_mx
	postfix_set mx 'smtputf8_enable = yes'
	postfix_start_mx
	expect "450 450" "two recipients" 203.0.113.7 wiring@sender.test u1@example.org,u2@example.org
	wiring_check wiring@sender.test 2
	: >"$GREYLIST_LOG"
	all_cases first
	wait_delay
	all_cases retry
	log_is_clean
	log_can_be_read
	table_is_clean
	postfix_quiet
}

# A case is: what Postfix does (take, or any: that depends on its version), MAIL, RCPT, and what
# else the client says: EHLO, and attributes of XCLIENT.
all_cases() {
	local n long
	CASE=0
	TOLD=([accepted]=0 [deferred]=0 [refused]=0 [trouble]=0)
	"$1" take '<plain@sender.test>' '<u1@example.org>'
	"$1" take $'<j\xc3\xb6rg@m\xc3\xbcnchen.test> SMTPUTF8' '<u1@example.org>'
	"$1" take $'<\xe5\xbc\xa0@\xe4\xbe\x8b.test> SMTPUTF8' $'<\xe2\x82\xac@example.org>'
	"$1" take $'<\xe2\x80\xae\xe2\x80\x8fabc@sender.test> SMTPUTF8' '<u1@example.org>'
	"$1" any $'<j\xc3\xb6rg@sender.test>' '<u1@example.org>'
	"$1" any $'<j\xf6rg@sender.test>' '<u1@example.org>'
	"$1" any $'<\x9b31m\x80\xff@sender.test>' '<u1@example.org>'
	"$1" any $'<\xc0\xaf\xed\xa0\x80@sender.test> SMTPUTF8' '<u1@example.org>'
	for n in 63g 64h 65i 255j 256k 512l 999m; do # a letter each, lest they are one sender
		long=$(printf "%0${n%?}d" 0 | tr 0 "${n: -1}")
		"$1" take "<$long@sender.test>" '<u1@example.org>'
		"$1" any '<long@sender.test>' "<$long@example.org>"
	done
	"$1" take '<"a b"@sender.test>' '<u1@example.org>'
	"$1" take '<"a\"b\\c"@sender.test>' '<"u \"1\\"@example.org>'
	"$1" take '<"a, recipient=root@example.org"@sender.test>' '<u1@example.org>'
	"$1" take '<"a: action=pass, reason=triplet found"@sender.test>' '<"u, x=y"@example.org>'
	"$1" any '<"to=<x>, from=<y>"@sender.test>' '<u1@example.org>'
	"$1" take '<a=b%s%n%%d@sender.test>' '<u1@example.org>'
	"$1" any '<%n%s%r@sender.test>' '<%s%n%r@example.org>'
	"$1" take '<sender=x@sender.test>' '<recipient=x@example.org>'
	"$1" any $'<a\rb@sender.test>' '<u1@example.org>'
	"$1" any $'<"a\rrequest=x\r\vb"@sender.test>' $'<"u\r\f1"@example.org>'
	"$1" any "<\"a$ESC\"@sender.test>" '<u1@example.org>'
	"$1" any "<a$ESC@sender.test>" "<u$ESC@example.org>"
	"$1" any '<escaped-helo@sender.test>' '<u1@example.org>' "$ESC.test"
	"$1" any '<long-helo@sender.test>' '<u1@example.org>' "$long"
	"$1" any '<xclient-helo@sender.test>' '<u1@example.org>' x.test 'HELO=x+1B[31m+0Arequest+3Dy+0D+0A'
	"$1" any '<xclient-name@sender.test>' '<u1@example.org>' x.test 'NAME=mail+1B[31m.test'
	"$1" any '<xclient-lf@sender.test>' '<u1@example.org>' x.test 'NAME=mail+0Asender+3Dx'
	"$1" any '<xclient-comma@sender.test>' '<u1@example.org>' x.test 'NAME=a,+20sender+3Dx.test'
	"$1" any '<xclient-utf8@sender.test>' '<u1@example.org>' x.test 'NAME=m+C3+BC.test'
	note "$CASE cases, $1: ${TOLD[accepted]} accepted, ${TOLD[deferred]} deferred by us," \
		"${TOLD[refused]} refused by Postfix, ${TOLD[trouble]} told of trouble"
}

# Each case comes from a network of its own.
client() {
	printf '198.18.%s.7' "$CASE"
}

# attempt MAIL RCPT [EHLO [XCLIENT]]: the answer goes to ANSWER
attempt() {
	CASE=$((CASE + 1))
	ANSWER=refused
	session_open hostile "$(client)"
	[ $# -lt 4 ] || session_say hostile "XCLIENT ADDR=$(client) $4"
	[[ $CODES != 5* ]] && session_say hostile "EHLO ${3:-client.sender.test}"
	[[ $CODES != 5* ]] && session_say hostile "MAIL FROM:$1"
	[[ $CODES != 5* ]] && session_say hostile "RCPT TO:$2"
	case $REPLY_TEXT in
	5*) TOLD[refused]=$((TOLD[refused] + 1)) ;;
	*) tally_answer ;;
	esac
	session_close hostile
}

first() {
	local does=$1
	shift
	attempt "$@"
	FIRST[$CASE]=$ANSWER
	case $does/$ANSWER in
	take/deferred | any/deferred | any/refused) ;;
	*) fail "first attempt, case $CASE, $1 $2: $ANSWER: $REPLY_TEXT" ;;
	esac
}

retry() {
	local wanted=accepted
	shift
	attempt "$@"
	[ "${FIRST[$CASE]}" != refused ] || wanted=refused
	is "retry, case $CASE, $1 $2" "$wanted" "$ANSWER"
}

# clean FILE: UTF-8, and nothing in it that is no character to look at
clean() {
	perl -CSD -Mwarnings=FATAL,utf8 -ne 'chomp; exit 1 if /[^\t\x20-\x7e\x{a0}-\x{10ffff}]/ ||
		/[\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]/' "$1"
}

# Of each case that was taken two lines, and no other line at all.
log_is_clean() {
	local n taken=0
	for n in "${!FIRST[@]}"; do
		[ "${FIRST[$n]}" = deferred ] || continue
		taken=$((taken + 1))
		answers_logged "case $n" "client_address=198.18.$n.7," 2
	done
	is "lines of the log" $((2 * taken)) "$(wc -l <"$GREYLIST_LOG")"
	is "lines that begin as ours" $((2 * taken)) "$(grep -acE \
		'^[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [^ ]+ greylist-policy\[[0-9]+\]: action=' "$GREYLIST_LOG")"
	clean "$GREYLIST_LOG" || fail "the log is not clean"
	note "$taken cases taken, two clean lines of log each"
}

# Some lines can be read in several ways: that is said then.
log_can_be_read() {
	local lines
	lines=$(($(wc -l <"$GREYLIST_LOG") / 2)) # it takes both attempts for one
	admin explain - <"$GREYLIST_LOG" >"$RIG/log/explained" 2>&1 || fail "explain: $?"
	clean "$RIG/log/explained" || fail "what explain prints is not clean"
	admin explain --json - <"$GREYLIST_LOG" >"$RIG/log/explained" || fail "explain --json: $?"
	clean "$RIG/log/explained" || fail "what explain --json prints is not clean"
	is "attempts explained" "$lines" "$(jq -s length "$RIG/log/explained")"
	is "lines explained as of somebody else" "" "$(jq -r '.attempt.client' "$RIG/log/explained" |
		grep -v '^198\.18\.[0-9]*\.7$')"
	is "others than their readers take them for" 0 "$(jq -s '[.[] | select(.verdict != "pass" and
		(.notes | length == 0))] | length' "$RIG/log/explained")"
	note "$lines attempts explained, $(jq -s '[.[] | select(.notes != [])] | length' \
		"$RIG/log/explained") of them with a note of doubt"
}

# One triplet of each network: whoever came twice came with the same key.
table_is_clean() {
	local n
	admin list >"$RIG/log/list"
	clean "$RIG/log/list" || fail "what list prints is not clean"
	admin list --json >"$RIG/log/list"
	clean "$RIG/log/list" || fail "what list --json prints is not clean"
	jq -s . "$RIG/log/list" >/dev/null || fail "what list --json prints is no JSON"
	for n in "${!FIRST[@]}"; do
		is "triplets of case $n" "$([ "${FIRST[$n]}" = deferred ] && echo 1 || echo 0)" \
			"$(jq -r 'select(.type == "triplet") | .client' "$RIG/log/list" | grep -cxF "198.18.$n.0/24")"
	done
	table_good "hostile addresses"
}
