# Postgrey - the real one, in a directory of its own, on a port of 127.0.0.1.
package Postgrey;
use strict;
use warnings;
use File::Spec ();
use File::Temp ();
use IO::Socket::INET;
use POSIX qw(WNOHANG);

# OPTIONS: program, lists (a directory), delay, window, max_age, awl, v4, v6, and the flags
# by_host and privacy.
sub new {
	my ($class, %option) = @_;
	my $place = -d '/dev/shm' && -w _ ? '/dev/shm' : File::Spec->tmpdir;
	my $directory = File::Temp->newdir('postgrey.XXXXXX', DIR => $place);
	my $self = bless { %option, directory => $directory }, $class;
	my @owner = $> == 0 ? getpwnam 'postgrey' : getpwuid $>;
	die "there is no user postgrey\n" unless @owner;
	($self->{user}, $self->{group}) = ($owner[0], scalar getgrgid $owner[3]);
	chown $owner[2], $owner[3], $directory or die "chown $directory: $!\n" if $> == 0;
	return $self;
}

sub arguments {
	my ($self, $port) = @_;
	return ("--inet=127.0.0.1:$port", "--dbdir=$self->{directory}", "--user=$self->{user}",
		"--group=$self->{group}", "--delay=$self->{delay}",
		'--retry-window=' . $self->{window} / 3600 . 'h', '--max-age=' . $self->{max_age} / 86400,
		"--auto-whitelist-clients=$self->{awl}",
		$self->{by_host} ? '--lookup-by-host'
		: ("--ipv4cidr=$self->{v4}", "--ipv6cidr=$self->{v6}"),
		$self->{privacy} ? '--privacy' : (), '--hostname=mx.test',
		'--greylist-text=Come back in %s s, %r',
		'--x-greylist-header=X-Greylist: delayed %t seconds at %h',
		"--whitelist-clients=$self->{lists}/clients",
		"--whitelist-recipients=$self->{lists}/recipients");
}

# A port that is free now may be taken in a moment: then the next try has another.
sub start {
	my ($self, %change) = @_;
	@$self{ keys %change } = values %change;
	for my $try (1 .. 5) {
		my $probe = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!\n";
		my $port = $probe->sockport;
		close $probe;
		return if $self->start_at($port);
	}
	die "postgrey does not start:\n", $self->log;
}

sub start_at {
	my ($self, $port) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		open STDERR, '>>', "$self->{lists}/log" or die;
		open STDOUT, '>&', \*STDERR or die;
		open STDIN, '<', '/dev/null' or die;
		exec $self->{program}, $self->arguments($port) or die "$self->{program}: $!\n";
	}
	$self->{pid} = $pid;
	for (1 .. 200) {
		return 0 if waitpid($pid, WNOHANG) == $pid;
		my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
		# where nobody listens yet, a socket can connect to itself
		if ($socket && $socket->sockport != $port) {
			$self->{socket} = $socket;
			return 1;
		}
		select undef, undef, undef, 0.05;
	}
	$self->stop;
	return 0;
}

# The action it answers to the bytes of one request.
sub ask {
	my ($self, $bytes) = @_;
	my $socket = $self->{socket};
	local $SIG{ALRM} = sub { die "postgrey does not answer: $bytes" };
	alarm 20;
	print $socket $bytes;
	my $action = <$socket> // die "postgrey hung up: $bytes" . $self->log;
	my $empty = <$socket>;
	alarm 0;
	chomp $action;
	return $action =~ s/^action=//r;
}

# A signal that comes just before Postgrey's select waits until something else happens there: it
# is sent until it is heard.
sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	close $self->{socket} if $self->{socket};
	for my $try (1 .. 100) {
		kill $try < 50 ? 'TERM' : 'KILL', $pid;
		return if waitpid($pid, WNOHANG) == $pid;
		select undef, undef, undef, 0.05;
	}
}

sub log {
	my ($self) = @_;
	open my $file, '<', "$self->{lists}/log" or return '';
	return <$file>;
}

sub DESTROY {
	my ($self) = @_;
	local $?;
	$self->stop;
}

1;
