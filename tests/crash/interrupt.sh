#!/bin/sh
# interrupt.sh SEED ADMIN - purge, delete, backup and learn are told to stop, killed, and left without
# room or reader, at random moments. What they say they did is what they did; nothing else is gone; and
# whoever comes next finds a table that works.
set -u

seed=$1 admin=$2
entries=20000 hits_wanted=1 tries_max=40
[ -z "${GREYLIST_TEST_FULL:-}" ] || hits_wanted=10 tries_max=200
# A sanitized build is slower.
[ -n "${GREYLIST_TEST_FULL:-}" ] || ! grep -qE '__(asan|ubsan)_' "$admin" || entries=5000
env --default-signal=INT true 2>/dev/null || exit 77
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
export LC_ALL=C
wrong=0
cd "$dir" || exit 1

configure() { # MAP_LIMIT
	cat >greylist.conf <<EOF
database = "$dir/state"
log_target = "none"
client_lists = {}
recipient_lists = {}
sender_lists = {}
suffix_lists = {}
map_limit = "$1"
EOF
}

fail() {
	wrong=$((wrong + 1))
	echo "$what: $*"
	cat out err
}

tool() { "$admin" -c greylist.conf "$@"; }
begin() { rm -rf state && cp -a seeded state; }
count() { wc -l <"$1"; }

# listed FILE: every entry that is there, in the order of bytes; all of them can be read
listed() {
	tool list >unsorted 2>list.err || fail "list ends with $?"
	[ ! -s list.err ] || fail "list: $(cat list.err)"
	sort unsorted >"$1"
}

# How many the command says are gone: "N triplets and M clients", or "N expired entries".
said() { # FILE
	awk '/ deleted$/ { for (i = 1; i < NF; i++) if ($i ~ /^[0-9]+$/) sum += $i } END { print sum + 0 }' "$1"
}

# Nothing is there that was not, and nothing is gone that was to stay.
nothing_else() {
	listed after
	[ -z "$(comm -13 before after)" ] || fail 'entries are there that were not'
	[ -z "$(comm -23 keepers after)" ] || fail 'entries are gone that were to stay'
	gone=$(($(count before) - $(count after)))
}

# The same command once more, undisturbed: the rest goes.
goes_on() {
	left=$(($(count after) - $(count keepers)))
	tool "$@" >out 2>err || [ "$left" -eq 0 ] || fail 'the next run ends badly'
	[ "$(said out)" -eq "$left" ] || fail "the next run does not delete the $left that are left"
	listed after
	cmp -s keepers after || fail 'the next run leaves other entries'
}

# A share of the time that the whole takes, in seconds.
moment() { # MICROSECONDS
	awk -v whole="$1" -v dice="$(od -An -N2 -tu2 /dev/urandom)" \
		'BEGIN { printf "%.6f", whole * dice / 65536 / 1000000 }'
}

# hit SIGNAL COMMAND...: at random moments, until it was met in the middle of its work often enough
hit() {
	signal=$1 hits=0 tries=0
	shift
	begin
	started=$(date +%s%N)
	tool "$@" >out 2>err
	whole=$((($(date +%s%N) - started) / 1000))
	while [ "$hits" -lt "$hits_wanted" ] && [ "$tries" -lt "$tries_max" ]; do
		tries=$((tries + 1))
		begin
		what="$signal during $*, try $tries"
		timeout --foreground --preserve-status -s "$signal" "$(moment "$whole")" \
			env --default-signal=INT "$admin" -c greylist.conf "$@" >out 2>err
		code=$?
		nothing_else
		"after_$signal" "$@"
		if [ "$gone" -gt 0 ] && [ "$gone" -lt $(($(count before) - $(count keepers))) ]; then
			hits=$((hits + 1))
		fi
	done
	echo "$signal during $*: $tries tries, $hits in the middle"
	[ "$hits" -eq "$hits_wanted" ] || fail 'never met in the middle'
}

# It says what it did and dies of the signal; or it was not at work yet, or done.
after_INT() {
	case $code in
	130 | 0) ;;
	*) fail "it ends with $code" ;;
	esac
	[ "$(said out)" -eq "$gone" ] || fail "$gone are gone"
	[ ! -s err ] || fail 'it complains'
	if [ "$gone" -gt 0 ] && [ "$gone" -lt $(($(count before) - $(count keepers))) ]; then
		grep -q '^interrupted: ' out || fail 'it does not say that it was interrupted'
		[ "$code" -eq 130 ] || fail "it ends with $code"
	fi
	goes_on "$@"
}

after_KILL() {
	[ "$code" -eq 137 ] || [ "$code" -eq 0 ] || fail "it ends with $code"
	goes_on "$@"
}

# Nobody reads any more: the reader is gone before the first line.
without_reader() {
	begin
	what="$* without a reader"
	rm -f closed code
	{
		while [ ! -e closed ]; do sleep 0.01; done
		env --default-signal=PIPE "$admin" -c greylist.conf "$@" 2>err
		echo $? >code
	} | {
		exec <&-
		: >closed
		while [ ! -s code ]; do sleep 0.01; done
	}
	: >out
	nothing_else
	[ "$(cat code)" -eq 141 ] || fail "it ends with $(cat code)"
	[ "$gone" -gt 0 ] && [ "$(said err)" -eq "$gone" ] || fail "$gone are gone"
	goes_on "$@"
}

list_has_no_more_readers() {
	begin
	what='list without a reader'
	{
		env --default-signal=PIPE "$admin" -c greylist.conf list 2>err
		echo $? >code
	} | head -1 >out
	[ "$(count out)" -eq 1 ] && [ "$(cat code)" -eq 141 ] && [ ! -s err ] ||
		fail "it ends with $(cat code)"
}

# The file of the table may not grow any further. Where the last write is cut short, LMDB calls
# that an I/O error.
without_room() {
	begin
	what="$* without room"
	(
		ulimit -f $(($(stat -c %s state/table.1/data.mdb) / 512 + 8))
		tool "$@" >out 2>err
	)
	code=$?
	nothing_else
	case $code in
	0) ;;
	75) grep -q 'state: no space left: ' err || fail 'it does not say why' ;;
	74) grep -q 'state: failed: Input/output error' err || fail 'it does not say why' ;;
	*) fail "it ends with $code" ;;
	esac
	[ "$(said out)" -eq "$gone" ] || fail "$gone are gone"
	goes_on "$@"
}

# A backup that is broken off leaves the one before it as it was, and says that there is none.
backup_is_hit() { # SIGNAL
	hits=0 tries=0
	begin
	tool backup backup >out 2>err || fail 'there is no backup'
	cp backup/data.mdb whole.mdb
	while [ "$hits" -lt "$hits_wanted" ] && [ "$tries" -lt "$tries_max" ]; do
		tries=$((tries + 1))
		what="$1 during backup, try $tries"
		timeout --foreground --preserve-status -s "$1" "$(moment 400000)" \
			env --default-signal=INT "$admin" -c greylist.conf backup backup >out 2>err
		code=$?
		cmp -s backup/data.mdb whole.mdb || [ "$code" -eq 0 ] || fail 'the old one is not whole'
		cp backup/data.mdb whole.mdb
		case $1:$code in
		INT:0 | KILL:0) continue ;;
		INT:130)
			[ ! -e backup/data.mdb.partial ] || fail 'half of one is left'
			grep -q '^greylist-admin: interrupted: no backup was made$' err || continue
			;;
		KILL:137) [ -e backup/data.mdb.partial ] || continue ;;
		*) fail "it ends with $code" ;;
		esac
		hits=$((hits + 1))
	done
	echo "$1 during backup: $tries tries, $hits in the middle"
	[ "$hits" -eq "$hits_wanted" ] || fail 'never met in the middle'
	rm -rf state && mkdir -m 750 state && tool restore backup >out 2>err || fail 'it cannot be restored'
	listed after
	cmp -s before after || fail 'it has other entries'
	tool backup backup >out 2>err && [ ! -e backup/data.mdb.partial ] || fail 'the next one fails'
}

# A mail log of N mails, each of a triplet of its own.
mails() { # N
	awk -v n="$1" -v at="$(date -u +%FT%TZ)" 'BEGIN {
		for (i = 0; i < n; i++) {
			id = sprintf("%010X", i)
			printf "%s mx postfix/smtpd[1]: %s: client=unknown[10.%d.%d.7]\n", at, id, i / 250, i % 250
			printf "%s mx postfix/qmgr[2]: %s: from=<a@b.example>, size=1, nrcpt=1 (queue active)\n", at, id
			printf "%s mx postfix/lmtp[3]: %s: to=<c@d.example>, relay=x, dsn=2.0.0, status=sent (ok)\n", at, id
			printf "%s mx postfix/qmgr[2]: %s: removed\n", at, id
		}
	}'
}

begin_empty() { rm -rf state && mkdir -m 750 state; }

# What it says it wrote is there, nothing else is, and once more it learns the rest.
learn_is_hit() { # SIGNAL
	hits=0 tries=0
	begin_empty
	started=$(date +%s%N)
	tool learn mail.log >out 2>err || fail 'learn ends badly'
	whole=$((($(date +%s%N) - started) / 1000))
	listed learnt
	[ "$(count learnt)" -eq $((2 * entries)) ] || fail "$(count learnt) entries are learnt"
	while [ "$hits" -lt "$hits_wanted" ] && [ "$tries" -lt "$tries_max" ]; do
		tries=$((tries + 1))
		what="$1 during learn, try $tries"
		begin_empty
		timeout --foreground --preserve-status -s "$1" "$(moment "$whole")" \
			env --default-signal=INT "$admin" -c greylist.conf learn mail.log >out 2>err
		code=$?
		case $1:$code in
		INT:0 | INT:130 | KILL:0 | KILL:137) ;;
		*) fail "it ends with $code" ;;
		esac
		[ -e state/table ] || continue
		listed after
		[ -z "$(comm -13 learnt after)" ] || fail 'entries are there that are not in the log'
		[ "$1" != INT ] || [ "$(awk '/ new, / { sum += $2 } END { print sum + 0 }' out)" -eq "$(count after)" ] ||
			fail "$(count after) entries were written"
		if [ "$(count after)" -gt 0 ] && [ "$(count after)" -lt "$(count learnt)" ]; then
			hits=$((hits + 1))
			[ "$1" != INT ] || grep -q '^interrupted; ' out || fail 'it does not say that it was interrupted'
		fi
		tool learn mail.log >out 2>err || fail 'the next one ends badly'
		listed after
		cmp -s learnt after || fail 'the next one does not learn the rest'
	done
	echo "$1 during learn: $tries tries, $hits in the middle"
	[ "$hits" -eq "$hits_wanted" ] || fail 'never met in the middle'
}

# triplets N LETTERS: those of IPv4 are expired, with a sender of so many letters
triplets() {
	awk -v n="$1" -v letters="$2" 'BEGIN {
		for (; letters > 0; letters--)
			long = long "x"
		for (i = 0; i < n; i++)
			printf "triplet 10.%d.%d.0/24 %s%dz@a.example r@b.example 1700000000 1700000000 0 1 0\n",
				i / 250 % 250, i % 250, long, i
	}'
}

# A map that is full to its last page: not even a deletion has room, until there is more.
map_is_full() {
	what='delete in a full map'
	rm -rf state
	triplets 40000 500 | "$seed" state >out 2>err && fail 'the map takes everything'
	listed before
	: >keepers
	configure 16M
	tool delete --client 0.0.0.0/0 >out 2>err
	code=$?
	nothing_else
	[ "$code" -eq 75 ] || fail "it ends with $code"
	grep -q 'state: no space left: .*MAP_FULL' err || fail 'it does not say why'
	[ "$(said out)" -eq "$gone" ] || fail "$gone are gone"
	configure 32M
	goes_on delete --client 0.0.0.0/0
}

configure 64M
: >out
: >err
now=$(date +%s)
{
	triplets "$entries" 1
	awk -v now="$now" 'BEGIN {
		for (i = 0; i < 300; i++) {
			printf "triplet 2001:db8:%x::/64 k%dz@a.example r@b.example %d %d 0 1 0\n", i, i, now, now
			printf "client 2001:db8:%x::1 1 %d\n", i, now
			printf "client 10.%d.7.7 1 1700000000\n", i % 250
		}
	}'
} | "$seed" seeded || exit 1
begin
listed before
grep 2001:db8 before >keepers
what='the table'
[ "$(count before)" -eq $((entries + 850)) ] && [ "$(count keepers)" -eq 600 ] || fail 'is not as it should be'

for signal in INT KILL; do
	hit "$signal" purge
	hit "$signal" purge --state expired
	hit "$signal" delete --client 0.0.0.0/0
done
list_has_no_more_readers
without_reader purge
without_reader delete --client 0.0.0.0/0
backup_is_hit INT
backup_is_hit KILL
mails "$entries" >mail.log
learn_is_hit INT
learn_is_hit KILL
without_room purge
without_room delete --client 0.0.0.0/0
map_is_full

echo "$wrong wrong"
[ "$wrong" -eq 0 ]
