# mta-sendmail - Sendmail as the sender.

# shellcheck source=/dev/null
. "$here/lib/mta.sh"

MTA=sendmail
MTA_DEFERRED='stat=Deferred: 450 4\.2\.0 .*Greylisted'
MTA_BOUNCED='DSN: |stat=User unknown|stat=Service unavailable'

scene() {
	mta_scene 203.0.113.140 203.0.113.129
}

mta_start() {
	host_root sendmail "${E2E_MTAS:-}/sendmail" smmta:933:933 smmsp:934:934
	install -d -m 755 "$RIG/sendmail/etc/mail"
	install -d -m 700 "$RIG/sendmail/var/spool/mqueue"
	sendmail_mc | host_run sendmail m4 -D_CF_DIR_=/usr/share/sendmail/cf/ \
		/usr/share/sendmail/cf/m4/cf.m4 - >"$RIG/sendmail/etc/mail/sendmail.cf" ||
		die "no sendmail.cf"
	host_run sendmail /usr/libexec/sendmail/sendmail -bD -q2s &
}

# Neither load average: on a busy machine it would put mail off, and then take none.
sendmail_mc() {
	cat <<-END
		OSTYPE(linux)dnl
		FEATURE(no_default_msa)dnl
		FEATURE(nocanonify)dnl
		FEATURE(accept_unresolvable_domains)dnl
		DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=$MTA_PORT')dnl
		define(\`confDOMAIN_NAME', \`sendmail.sender.test')dnl
		define(\`SMART_HOST', \`smtp:[$MX_ADDRESS]')dnl
		define(\`SMTP_MAILER_ARGS', \`TCP \$h 2525')dnl
		define(\`confTO_IDENT', \`0')dnl
		define(\`confDONT_PROBE_INTERFACES', \`True')dnl
		define(\`confMIN_QUEUE_AGE', \`0')dnl
		define(\`confQUEUE_LA', \`10000')dnl
		define(\`confREFUSE_LA', \`10000')dnl
		undefine(\`ALIAS_FILE')dnl
		MAILER(smtp)dnl
	END
}

mta_queue() {
	host_run sendmail find /var/spool/mqueue -name '[qQ]f*'
}
