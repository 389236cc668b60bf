#!/usr/bin/perl
# simulate.pl ADMIN SOURCE [POSTGREY] - what greylisting costs those who send mail.
#
# Every sender of senders.txt sends many messages, each a first contact of two people, to three
# receivers: greylist with its defaults, greylist that goes by networks only, and the real
# Postgrey with its defaults. Their lists of clients are left out, so that nobody is spared; whom
# they would spare is in the column "listed". The clock is simulated, and a message is tried until
# it is accepted or its sender gives up. The table says how late it all was; the test is that
# with greylist's defaults each message fared as senders.txt expects. Without Postgrey: exit 77.
use strict;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__), dirname(__FILE__) . '/../differential';
use File::Copy qw(copy);
use File::Temp ();
use IO::Handle;
use Greylist;
use Law;
use Postgrey;
use Report;
use Senders;
use Traffic;

$| = 1;
$SIG{$_} = sub { die "ended by a signal\n" } for qw(HUP INT TERM);

my ($admin, $source, $program) = (@ARGV, '/usr/sbin/postgrey');
my $seed = $ENV{GREYLIST_TEST_SEED} // 20240229;
my $count = ($ENV{GREYLIST_TEST_FULL} // '') eq '1' ? 200 : 50;
my $debians_list = '/etc/postgrey/whitelist_clients';

unless (-x $program) {
	print "no $program\n";
	exit 77;
}

# A configuration that has the defaults but for what is given here.
sub greylist {
	my ($work, $name, %other) = @_;
	my %option = (client_lists => '{}', recipient_lists => '{}', sender_lists => '{}',
		suffix_lists => "{\"$source/conf/suffixes\"}", %other);
	return Greylist->new($admin, $work, $name, map { "$_ = $option{$_}" } sort keys %option);
}

# The real one, with its defaults and this list of clients.
sub postgrey {
	my ($directory, $clients) = @_;
	mkdir $directory or die "$directory: $!\n";
	copy($clients, "$directory/clients") && copy('/dev/null', "$directory/recipients")
		or die "$clients: $!\n";
	my $postgrey = Postgrey->new(program => $program, lists => $directory, delay => 300,
		window => 2 * 86400, max_age => 35 * 86400, awl => 5, v4 => 24, v6 => 64);
	$postgrey->start;
	return bless { postgrey => $postgrey }, 'Neighbour';
}

{
	# Answers as Greylist does.
	package Neighbour;

	sub ask {
		my ($self, $bytes) = @_;
		return { pass => $self->{postgrey}->ask($bytes) !~ /^DEFER/, reason => '' };
	}

	sub stop { $_[0]{postgrey}->stop }
}

# Marks whose first attempts pass, all of them or (some).
sub note_listed {
	my ($traffic, $receiver, $mark, $listed) = @_;
	my %tally;
	for my $message (@{ $traffic->{messages} }) {
		my $passes = $receiver->ask($traffic->request($message, 0))->{pass};
		$tally{ $message->{sender}{name} }{ $passes ? 'yes' : 'no' }++;
	}
	$receiver->stop;
	for my $name (keys %tally) {
		$listed->{$name} .= !$tally{$name}{yes} ? '-' : $tally{$name}{no} ? "($mark)" : $mark;
	}
}

sub deliver {
	my ($traffic, $title, $receiver) = @_;
	my $fates = $traffic->deliver($receiver);
	$receiver->stop;
	return { title => $title, fates => $fates };
}

my $work = File::Temp->newdir('simulation.XXXXXX', TMPDIR => 1);
my @senders = Senders::read_file(dirname(__FILE__) . '/senders.txt');
my $traffic = Traffic->new($seed, $count, @senders);
print "seed $seed, $count messages from each of ", scalar @senders, " senders\n";

my $network = deliver($traffic, 'network', greylist($work, 'network', identity => '"network"'));
my $name = deliver($traffic, 'network+name', greylist($work, 'name'));
my $neighbour = deliver($traffic, 'Postgrey 1.37', postgrey("$work/plain", '/dev/null'));
my %listed;
my $listing = greylist($work, 'listed', client_lists => "{\"$source/conf/clients\"}");
note_listed($traffic, $listing, 'g', \%listed);
note_listed($traffic, postgrey("$work/debian", $debians_list), 'p', \%listed);

print Report::table($traffic->{messages}, [ $network, $name, $neighbour ], \%listed);
print "once: passed at once, whitelisted automatically; retry, median and worst: of the others;\n",
	"lost: never accepted; listed: exempt by the clients that come with greylist (g), with Debian's\n",
	"Postgrey (p); in brackets where only some of its hosts are\n";
my @wrong = (Law::missing(@senders),
	Law::offences($traffic->{messages}, $name->{fates}, $network->{fates}));
die map { "FAIL: $_\n" } @wrong if @wrong;
print "each message fared as senders.txt expects\n";
