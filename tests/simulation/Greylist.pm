# Greylist - greylist-admin replay as one that is asked and answers, a request at a time.
package Greylist;
use strict;
use warnings;
use IPC::Open2 qw(open2);

# ADMIN, a directory to write to, a name for the configuration there, and lines of it.
sub new {
	my ($class, $admin, $work, $name, @lines) = @_;
	my $path = "$work/$name.conf";
	open my $file, '>', $path or die "$path: $!\n";
	print $file map { "$_\n" } "database = \"$work/none\"", 'log_target = "none"', @lines;
	close $file or die "$path: $!\n";
	my $self = bless { name => $name }, $class;
	$self->{pid} = open2($self->{from}, $self->{to}, $admin, '-c', $path, 'replay', '--json', '-');
	$self->{to}->autoflush(1);
	return $self;
}

# Whether it passes, and the reason as the log has it.
sub ask {
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	local $SIG{ALRM} = sub { die "$self->{name}: greylist-admin replay waits for more before it answers\n" };
	alarm 120;
	print { $self->{to} } $bytes;
	my $line = readline $self->{from};
	alarm 0;
	die "$self->{name}: greylist-admin replay ended early\n" unless defined $line;
	my ($verdict, $reason) = $line =~ /"verdict":"([^"]*)","reason":"([^"]*)"/
		or die "$self->{name}: replay printed $line";
	return { pass => $verdict eq 'pass', reason => $reason };
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	close $self->{to};
	close $self->{from};
	waitpid $pid, 0;
	die "$self->{name}: greylist-admin replay: exit $?\n" if $?;
}

1;
