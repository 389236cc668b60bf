#!/bin/sh
# manlint.sh SOURCE - mandoc finds nothing to warn of in the three man pages.
set -eu

source=$1
command -v mandoc >/dev/null || {
	echo "SKIP: no mandoc"
	exit 77
}
wrong=0
for page in conf/greylist.conf.5 policy/greylist-policy.8 policy/admin/greylist-admin.8; do
	if [ ! -s "$source/$page" ]; then
		echo "FAIL: $page is empty or missing"
		wrong=1
	elif mandoc -T lint -W warning "$source/$page"; then
		echo "ok: $page"
	else
		wrong=1
	fi
done
exit $wrong
