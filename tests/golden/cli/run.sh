#!/bin/sh
# run.sh SEED ADMIN_AT ADMIN CASE - runs a case's commands and compares what they print.
#
# A case is a file of sections: a line "$ COMMAND", then what it prints,
# then, where there is any, "--- err" with what it says on stderr, and
# "--- exit N" where N is not 0. In the commands `admin` is
# greylist-admin at 2026-01-01 00:00:00 UTC with ./greylist.conf, and
# `admin_real` the program itself; `table` is the seeded table's
# directory. A first line "# root" keeps the case to root, "# postfix" to
# where Postfix is installed: all others have no postconf in PATH, so that
# the machine's own Postfix is not asked. `give FILE...` makes files the
# owner's. What NAME.case needs beside this stands in NAME.rig. UPDATE=1 writes what came out into the case.
set -u
seed=$1 admin_at=$2 real=$3 case=$4
here=$(cd "$(dirname "$case")" && pwd)
case=$here/$(basename "$case")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export TZ=UTC0
now=1767225600
owner=$(id -u)
if [ "$owner" -eq 0 ]; then
	owner=65534
elif head -1 "$case" | grep -q '^# root'; then
	exit 77
fi
path=$work
if head -1 "$case" | grep -q '^# postfix'; then
	path=$PATH:/usr/sbin
	PATH=$path command -v postconf >/dev/null || exit 77
fi
user=$(id -un "$owner")
chmod 755 .
umask 022

admin() { PATH=$path "$admin_at" "$now" greylist.conf "$@"; }
admin_tty() { PATH=$path "$admin_at" -t 80 "$now" greylist.conf "$@"; }
give() { [ "$(id -u)" -ne 0 ] || chown -hR "$owner:$owner" "$@"; }
admin_real() { "$real" "$@"; }

printf 'example.com\n192.0.2.128/25\n' >clients
printf 'postmaster@\n' >recipients
: >senders
cat >greylist.conf <<CONF
database = "$work/table"
client_lists = {"$work/clients"}
recipient_lists = {"$work/recipients"}
sender_lists = {"$work/senders"} suffix_lists = {}
log_target = "none"
CONF
"$seed" table <"$here/table.seed" || exit 1
[ ! -e "${case%.case}.rig" ] || . "${case%.case}.rig"

grep '^[$#] ' "$case" | while IFS= read -r line; do
	printf '%s\n' "$line"
	[ "${line#\#}" = "$line" ] || continue
	(eval "${line#??}") >out 2>err
	code=$?
	cat out
	[ -s err ] && echo '--- err' && cat err
	[ "$code" -ne 0 ] && echo "--- exit $code"
	:
done 2>&1 | sed "s|$work|DIR|g; s|uid $owner\\b|uid OWNER|g; s|user=$user\\b|user=OWNER|g; s|/[^ ]*/greylist/greylist.conf|CONF|g" >actual

if [ "${UPDATE-}" = 1 ]; then
	cp actual "$case"
	exit 0
fi
diff -u "$case" actual
