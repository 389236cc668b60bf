# host - other machines: a network namespace each, with one cable to ours, and where it is
# wanted a root and a host name of its own. Sourced by the scenes that have them.

declare -A HOST_PID=() # host -> the process that keeps its namespaces

# hosts_begin: before the first of them
hosts_begin() {
	mkdir -p /run/netns
	mount -t tmpfs netns /run/netns || die "cannot mount"
}

# host_make NAME ADDRESS OURS: the name has at most 15 letters, as an interface's has
host_make() {
	ip netns add "$1" && ip -n "$1" link set lo up || die "no network namespace"
	ip link add "$1" type veth peer name eth0 netns "$1" || die "no cable to $1"
	ip address add "$3/24" dev "$1" && ip link set "$1" up &&
		ip -n "$1" address add "$2/24" dev eth0 && ip -n "$1" link set eth0 up ||
		die "no addresses for the cable to $1"
	NETNS[$1]=$1
}

# host_root NAME UNPACKED USER...: $RIG/NAME becomes its root. Its /usr is what was unpacked
# over this machine's; users are NAME:ID:GROUP-ID. The mounts are in a mount namespace of its
# own, so whoever removes $RIG meets none.
host_root() {
	local name=$1 unpacked=$2 root=$RIG/$1 link
	shift 2
	[ -d "$unpacked/usr" ] || die "nothing is unpacked in $unpacked: run the test e2e.mta-roots"
	mkdir -m 755 "$root" "$root"/{usr,etc,dev,proc,run,var}
	mkdir -m 1777 "$root/tmp"
	ln -s ../run "$root/var/run"
	for link in bin sbin lib lib32 lib64; do
		[ ! -L "/$link" ] || ln -s "usr/$link" "$root/$link"
	done
	[ -L "$root/bin" ] || die "/bin is no link into /usr: this machine's /usr is no root's half"
	host_etc "$name" "$root" "$@"
	nsenter --net="/run/netns/$name" unshare --mount --uts --propagation private sh -c '
		mount -t overlay -o "ro,lowerdir=$2/usr:/usr" usr "$1/usr" &&
			mount --rbind /dev "$1/dev" && mount --bind /proc "$1/proc" &&
			echo "$3" >/proc/sys/kernel/hostname && : >"$1.ready" && exec sleep infinity' \
		host "$root" "$unpacked" "$name.sender.test" &
	HOST_PID[$name]=$!
	within 10 test -e "$root.ready" || die "host $name has no root of its own"
}

# There is no name server: 127.0.0.1 says so at once.
host_etc() {
	local name=$1 etc=$2/etc user id group
	shift 2
	cp /etc/passwd /etc/group "$etc"
	for user in "$@"; do
		IFS=: read -r user id group <<<"$user"
		printf '%s:x:%s:%s::/nonexistent:/usr/sbin/nologin\n' "$user" "$id" "$group" >>"$etc/passwd"
		getent group "$group" >/dev/null || printf '%s:x:%s:\n' "$user" "$group" >>"$etc/group"
	done
	printf '%s: files\n' passwd group shadow services protocols >"$etc/nsswitch.conf"
	printf 'hosts: files dns\n' >>"$etc/nsswitch.conf"
	printf 'nameserver 127.0.0.1\n' >"$etc/resolv.conf"
	printf '%s\n' "127.0.0.1 localhost" "127.0.1.1 $name.sender.test $name" >"$etc/hosts"
	printf '%s\n' "smtp 25/tcp" "domain 53/tcp" "domain 53/udp" >"$etc/services"
	printf '%s\n' "ip 0 IP" "tcp 6 TCP" "udp 17 UDP" >"$etc/protocols"
}

# host_run NAME COMMAND...: in its root
host_run() {
	local name=$1
	shift
	nsenter --target "${HOST_PID[$name]}" --mount --net --uts chroot "$RIG/$name" "$@"
}
