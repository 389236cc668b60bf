# mta-opensmtpd - OpenSMTPD as the sender.
#
# Its schedule is compiled in: 400 s after the first try, then 1600 s, 3600 s and so on. So an
# operator in a hurry sits beside it.

# shellcheck source=/dev/null
. "$here/lib/mta.sh"

MTA=opensmtpd
MTA_DEFERRED='result="?TempFail"?.*450 4\.2\.0 .*Greylisted'
MTA_BOUNCED='result="?PermFail'

scene() {
	mta_scene 192.0.2.30 192.0.2.1
}

mta_start() {
	host_root opensmtpd "${E2E_MTAS:-}/opensmtpd" opensmtpd:931:931 opensmtpq:932:932
	install -d -m 755 "$RIG/opensmtpd/var/lib/opensmtpd/empty"
	install -d -m 711 "$RIG/opensmtpd/var/spool/smtpd"
	opensmtpd_conf >"$RIG/opensmtpd/etc/smtpd.conf"
	host_run opensmtpd smtpd || die "smtpd does not start"
	opensmtpd_operator &
}

opensmtpd_conf() {
	cat <<-END
		listen on 127.0.0.1 port $MTA_PORT
		action smarthost relay host "smtp+notls://$MX_ADDRESS:2525" helo opensmtpd.sender.test
		match from any for any action smarthost
	END
}

opensmtpd_operator() {
	while sleep 2; do
		smtpctl schedule all >/dev/null
	done
}

# It wants to be of the group that an installed one is set to.
smtpctl() {
	host_run opensmtpd setpriv --regid opensmtpq --clear-groups smtpctl "$@"
}

mta_queue() {
	smtpctl show queue
}
