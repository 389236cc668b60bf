#!/bin/sh
# run.sh HELPER - logwatch and logcheck's patterns read what the helper logs as Postgrey.
#
# The helper answers one request of each kind, with log_ident = "postgrey". The real
# logwatch has to sort every verdict into its postgrey section, and the patterns that
# Debian ships for logcheck have to take every verdict for an everyday line, in the
# way logcheck applies them. Warnings are for people to see: neither may swallow them.
set -u
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
helper=$1
patterns=/etc/logcheck/ignore.d.server/postgrey
for needed in "$(command -v logwatch)" "$patterns"; do
	[ -e "$needed" ] || { echo "SKIP: needs Debian's logwatch and postgrey" && exit 77; }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
wrong=0

fail() {
	echo "FAIL: $*"
	wrong=1
}

# configure NAME LINE...: NAME.conf, with the lines behind what all of them have
configure() {
	name=$1
	shift
	cat >"$name.conf" <<-END
		log_ident = "postgrey"
		log_target = "$work/mail.log"
		client_lists = {"$work/clients"}
		recipient_lists = {"$work/recipients"}
		sender_lists = {"$work/senders"}
		suffix_lists = {}
		relays = {"192.0.2.25"}
	END
	printf '%s\n' "$@" >>"$name.conf"
}

# ask CONFIGURATION ADDRESS SENDER RECIPIENT [ATTRIBUTE...]
ask() {
	configuration=$1 address=$2 sender=$3 recipient=$4
	shift 4
	printf '%s\n' request=smtpd_access_policy protocol_state=RCPT client_name="${name:-unknown}" \
		client_address="$address" sender="$sender" recipient="$recipient" "$@" '' |
		"$helper" -c "$configuration.conf" -1 >>replies
}

echo 192.0.2.1 >clients
echo postmaster@ >recipients
echo friend@example.com >senders
mkdir table
configure on "database = \"$work/table\"" 'delay = 1s' 'retry_window = 1h' 'auto_whitelist = 1'
configure slow "database = \"$work/table\"" 'auto_whitelist = 0'
configure off "database = \"$work/table\"" 'mode = "off"'
configure dry "database = \"$work/table\"" 'mode = "dry-run"'
configure stuck "database = \"$work/clients\""

name=mail.example.com
ask on 203.0.113.7 a@example.com b@example.org
ask on 2001:db8::7 a@example.com b@example.org
ask on 203.0.113.8 '' b@example.org
name=unknown
ask on 203.0.113.9 a@example.com c@example.org queue_id=4E1F20A7C3
ask slow 198.51.100.7 'odd=name, sender=x@example.com' 'per%cent@example.org'
ask dry 198.51.100.8 a@example.com b@example.org
ask off 198.51.100.9 a@example.com b@example.org
ask on 192.0.2.1 a@example.com b@example.org
ask on 192.0.2.25 a@example.com b@example.org
ask on 203.0.113.9 a@example.com postmaster@example.org
ask on 203.0.113.9 friend@example.com b@example.org
ask on 203.0.113.9 a@example.com b@example.org sasl_username=me
ask on unknown a@example.com b@example.org
sleep 1.1
ask slow 198.51.100.7 'odd=name, sender=x@example.com' 'per%cent@example.org'
name=mail.example.com
ask on 203.0.113.7 a@example.com b@example.org
ask on 2001:db8::7 a@example.com b@example.org
ask on 203.0.113.8 '' b@example.org
ask on 203.0.113.7 other@example.com b@example.org
ask slow 203.0.113.7 a@example.com b@example.org
ask stuck 203.0.113.7 a@example.com b@example.org

# How many lines of the log have the text.
logged() {
	grep -c -F "$1" mail.log
}

# Each kind of line has to be there, or nothing would be shown.
while IFS= read -r text; do
	[ "$(logged "$text")" -gt 0 ] || fail "the helper logged no '$text'"
done <<END
postgrey[
action=greylist, reason=new, client_name=
action=greylist, reason=early-retry (
action=would-greylist, reason=new
action=pass, reason=triplet found, delay=
action=pass, reason=triplet found, client_name=
action=pass, reason=client AWL
action=pass, reason=client whitelist
action=pass, reason=recipient whitelist
action=pass, reason=sender whitelist
action=pass, reason=relay
action=pass, reason=authenticated
action=pass, reason=mode
action=pass, reason=incomplete request
action=pass, reason=store error
4E1F20A7C3: action=
client_address=203.0.113.8, recipient=
whitelisted: mail.example.com[203.0.113.7]
whitelisted: mail.example.com[2001:DB8:0:0:0:0:0:7]
warning: 
END

verdicts=$(logged ' action=')
whitelisted=$(logged ' whitelisted: ')
warnings=$(logged ': warning: ')

logwatch --logdir "$work" --service postfix --detail 10 --range all --output stdout \
	--hostname mx >report 2>&1 || fail "logwatch ended with $?"
total=$(sed -n 's/^ *\([0-9]*\) *Postgrey  .*/\1/p' report | head -1)
[ "${total:-0}" -eq $((verdicts + whitelisted)) ] ||
	fail "logwatch counted ${total:-no} lines of Postgrey's, not $((verdicts + whitelisted))"
sed -n '/\*\*Unmatched Entries\*\*/,/Postfix End/p' report | grep 'postgrey\[' >unmatched
grep -v ': warning: ' unmatched && fail 'logwatch did not know these lines'
[ "$(awk '{ n += $1 } END { print n + 0 }' unmatched)" -eq "$warnings" ] ||
	fail "logwatch shows $(cat unmatched), not all of $warnings warnings"
# the parts of a line went where they belong
grep -qE '^ +[0-9]+ +Early-retry' report || fail 'logwatch knows no early retry'
grep -qE '^ +[0-9]+ +Whitelisted' report || fail 'logwatch knows no whitelisted client'
grep -q 'Postgrey Delays Percentiles' report || fail 'logwatch found no delay'

# As logcheck does it: every rule without blanks at its end and without comments.
sed -e '/^#/d' -e '/^$/d' -e 's/[[:space:]]*$//' "$patterns" >rules
grep -E -v -f rules mail.log >left
# Debian ships no pattern for "whitelisted:", so logcheck reports Postgrey's own as well.
grep -v -e ': warning: ' -e ' whitelisted: ' left && fail 'logcheck would report these lines'
[ "$(wc -l <left)" -eq $((warnings + whitelisted)) ] || fail 'logcheck would hide a warning'

if [ $wrong -ne 0 ]; then
	cat mail.log report
	exit 1
fi
echo "ok: $verdicts verdicts, $whitelisted whitelisted clients, $warnings warnings"
