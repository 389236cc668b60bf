# mta-exim - Exim as the sender.

# shellcheck source=/dev/null
. "$here/lib/mta.sh"

MTA=exim
MTA_DEFERRED=' == .*450 4\.2\.0 .*Greylisted'
MTA_BOUNCED=' \*\* '

scene() {
	mta_scene 198.51.100.20 198.51.100.1
}

mta_start() {
	host_root exim "${E2E_MTAS:-}/exim" Debian-exim:930:930
	install -d -m 755 "$RIG/exim/etc/exim4"
	install -d -m 750 -o 930 -g 930 "$RIG"/exim/var/{spool,log}/exim4 "$RIG/exim/run/exim4"
	exim_conf >"$RIG/exim/etc/exim4/exim4.conf"
	# Started by process 1, it takes that for init and does not fork.
	host_run exim exim4 -bdf -q2s &
}

# As in Debian's own for a smart host, but for the intervals: a queue run every 2 s finds
# that each message is due.
exim_conf() {
	cat <<-END
		primary_hostname = exim.sender.test
		local_interfaces = 127.0.0.1.$MTA_PORT
		log_file_path = syslog
		host_lookup =
		acl_smtp_rcpt = accept
		begin routers
		smarthost:
		  driver = manualroute
		  route_list = * $MX_ADDRESS byname
		  transport = smtp
		begin transports
		smtp:
		  driver = smtp
		  port = 2525
		begin retry
		* * F,1h,1s
	END
}

mta_queue() {
	host_run exim exim4 -bp
}
