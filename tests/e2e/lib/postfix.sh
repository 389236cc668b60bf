# postfix - private Postfix instances under $RIG/NAME. Sourced by run.

INSTANCES=()        # those that were started
declare -A NETNS=() # instance -> the network namespace it runs in, where it has one

# enter NAME COMMAND...: runs it where the instance's network is
enter() {
	local netns=${NETNS[$1]:-}
	shift
	if [ -n "$netns" ]; then
		nsenter --net="/run/netns/$netns" "$@"
	else
		"$@"
	fi
}

# postfix_make NAME LISTEN...: LISTEN is host:port as master.cf has it
postfix_make() {
	local dir=$RIG/$1 listen
	mkdir -p "$dir/etc" "$dir/spool" "$dir/data" "$dir/log"
	chown postfix:postfix "$dir/data"
	postfix_base_main_cf "$1" >"$dir/etc/main.cf"
	shift
	{
		for listen in "$@"; do
			printf '%s inet n - n - - smtpd\n' "$listen"
		done
		postfix_base_master_cf
	} >"$dir/etc/master.cf"
}

# What a private Postfix needs; nothing here is about greylisting.
#   mynetworks             not the testers' own address: they are strangers
#   smtpd_authorized_...   XCLIENT is authorized against the client it pretends to be
#   *_error_limit, in_flow a deferred recipient counts as an error, an aborted mail as flow
postfix_base_main_cf() {
	local dir=$RIG/$1
	cat <<-END
		compatibility_level = 3.6
		config_directory = $dir/etc
		queue_directory = $dir/spool
		data_directory = $dir/data
		maillog_file = $dir/log/mail.log
		maillog_file_prefixes = $RIG
		syslog_name = postfix-$1
		myhostname = $1.example.test
		mydomain = example.test
		mydestination =
		inet_interfaces = all
		inet_protocols = all
		mynetworks = 127.0.0.2/32
		alias_maps =
		alias_database =
		biff = no
		append_dot_mydomain = no
		relay_domains = example.org
		relay_recipient_maps =
		default_transport = error:no outbound mail here
		local_transport = error:no local mail here
		smtpd_peername_lookup = no
		smtp_dns_support_level = disabled
		smtp_connection_cache_on_demand = no
		notify_classes =
		bounce_queue_lifetime = 1h
		maximal_queue_lifetime = 1h
		smtpd_authorized_xclient_hosts = 0.0.0.0/0, [::]/0
		smtpd_error_sleep_time = 0
		smtpd_soft_error_limit = 1000
		smtpd_hard_error_limit = 1000
		smtpd_junk_command_limit = 1000
		smtpd_client_connection_count_limit = 0
		in_flow_delay = 0
		smtpd_relay_restrictions =
		service_throttle_time = 1s
	END
	[ -z "$SANITIZED" ] ||
		printf 'export_environment = TZ MAIL_CONFIG LANG ASAN_OPTIONS=%s UBSAN_OPTIONS=%s\n' \
			"$ASAN_OPTIONS" "$UBSAN_OPTIONS"
}

postfix_base_master_cf() {
	cat <<-END
		pickup    unix  n - n 60   1 pickup
		cleanup   unix  n - n -    0 cleanup
		qmgr      unix  n - n 300  1 qmgr
		rewrite   unix  - - n -    - trivial-rewrite
		bounce    unix  - - n -    0 bounce
		defer     unix  - - n -    0 bounce
		trace     unix  - - n -    0 bounce
		verify    unix  - - n -    1 verify
		proxymap  unix  - - n -    - proxymap
		smtp      unix  - - n -    - smtp
		relay     unix  - - n -    - smtp
		error     unix  - - n -    - error
		retry     unix  - - n -    - error
		discard   unix  - - n -    - discard
		showq     unix  n - n -    - showq
		anvil     unix  - - n -    1 anvil
		tlsmgr    unix  - - n 1000? 1 tlsmgr
		postlog   unix-dgram n - n - 1 postlogd
	END
}

# postfix_set NAME PARAMETER=VALUE...
postfix_set() {
	local name=$1
	shift
	postconf -c "$RIG/$name/etc" -e "$@" || die "postconf cannot set: $*"
}

# For one that sends: retries every 2 s. A queue file that a slow smtp(8) still holds when its
# turn comes goes to the incoming queue for 60 s, which qmgr(8) looks at when mail arrives or
# when it is woken: every 300 s as shipped. So have patience for more than 60 s.
postfix_hurry() {
	postfix_set "$1" 'queue_run_delay = 2s' 'minimal_backoff_time = 2s' \
		'maximal_backoff_time = 2s'
	postconf -c "$RIG/$1/etc" -F -e 'qmgr/unix/wakeup=2' || die "postconf cannot set wakeup"
}

# Adds the wiring under test; $MX is then the instance with greylisting.
postfix_greylist() {
	local dir=$RIG/$1 said
	wiring_main_cf >>"$dir/etc/main.cf"
	wiring_master_cf >>"$dir/etc/master.cf"
	MAIL_LOG=$dir/log/mail.log
	said=$(postconf -c "$dir/etc" -n 2>&1 >/dev/null)
	is "complaints of postconf about the example lines" "" "$said"
}

postfix_start() {
	local said
	said=$(enter "$1" postfix -c "$RIG/$1/etc" start 2>&1) || die "postfix $1 does not start: $said"
	INSTANCES+=("$1")
	within 10 has "$RIG/$1/log/mail.log" "daemon started" || die "postfix $1 did not start"
}

# Waits until a new configuration is in force: master says so after its children were told.
postfix_reload() {
	local log=$RIG/$1/log/mail.log before
	before=$(grep -c 'reload -- version' "$log")
	postfix -c "$RIG/$1/etc" reload >/dev/null 2>&1 || fail "postfix $1 does not reload"
	within 10 postfix_reloaded "$log" "$before" || fail "no reload in the log of $1"
}

postfix_reloaded() {
	[ "$(grep -c 'reload -- version' "$1")" -gt "$2" ]
}

postfix_stop() {
	local name kept=()
	postfix -c "$RIG/$1/etc" stop >/dev/null 2>&1 || fail "postfix $1 does not stop"
	for name in "${INSTANCES[@]}"; do
		[ "$name" = "$1" ] || kept+=("$name")
	done
	INSTANCES=("${kept[@]}")
}

postfix_stop_all() {
	local name
	for name in "${INSTANCES[@]}"; do
		postfix_stop "$name"
	done
}

# No port is 25: there smtp(8) takes our other instances for itself, mail looping back.

# The usual one: mx on 127.0.0.1:2525 with greylisting, delivering into sink files.
postfix_mx() {
	postfix_make_mx
	postfix_start_mx
}

postfix_make_mx() {
	postfix_make mx "${1:-127.0.0.1:2525}"
	postfix_set mx 'relay_transport = smtp:[127.0.0.1]:2500' \
		'relay_recipient_maps = regexp:{{!/^unlisted@/ OK}}'
	postfix_greylist mx
}

postfix_start_mx() {
	sink_start mx 127.0.0.1:2500
	postfix_start mx
}

# sink_start NAME HOST:PORT: each message that arrives becomes a file in $RIG/sink
sink_start() {
	enter "$1" smtp-sink -u "$OWNER" -d "$RIG/sink/%H%M%S." "$2" 100 &
}

# No scene but those about trouble leaves a warning of these kinds.
postfix_quiet() {
	local found
	found=$(grep -E 'warning: (command|problem talking)|(fatal|panic|error): ' "$MAIL_LOG")
	is "warnings in Postfix's log" "" "$found"
}
