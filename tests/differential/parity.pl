#!/usr/bin/perl
# parity.pl ADMIN [POSTGREY] - greylist and the real Postgrey answer the same.
#
# Long random sequences of requests go to Postgrey, at times of our choosing
# (policy_test_time), and to `greylist-admin replay` with the same options and the same list
# files. Every action and every log line has to be equal, or to differ by a correction that
# Model.pm names: there the rules of both sides stand, and each side has to follow its own to
# the letter. Without Postgrey: exit 77.
use strict;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__);
use File::Temp ();
use Time::HiRes qw(time);
use Crowd;
use Model;
use Postgrey;

$| = 1;
$SIG{$_} = sub { die "ended by a signal\n" } for qw(HUP INT TERM);

my ($admin, $program) = (@ARGV, '/usr/sbin/postgrey');
my $full = ($ENV{GREYLIST_TEST_FULL} // '') eq '1';
my $seed = $ENV{GREYLIST_TEST_SEED} // 20240229;
my ($rounds, $requests) = ($full ? 7 : 1, 3_000);
my ($hour, $day) = (3600, 86400);
my %usual = (delay => 300, window => 2 * $day, max_age => 35 * $day, awl => 5, v4 => 24, v6 => 64);

# What both are told; a phase changes options on the way, with a restart of Postgrey.
my @runs = (
	{ name => 'defaults', option => {%usual} },
	{ name => 'short memory', option => { %usual, window => 6 * $hour, max_age => 2 * $day, awl => 2,
		v4 => 28, v6 => 48 } },
	{ name => 'by host, private', option => { %usual, delay => 60, awl => 0, v4 => 32, v6 => 128,
		by_host => 1, privacy => 1 } },
	{ name => 'changing delay', option => { %usual, awl => 3 },
		phases => [ map { { delay => $_ } } 7200, 120, 900, 300 ] },
	{ name => 'changing clock', option => { %usual, clock => 1, awl => 3 } },
);

sub write_file {
	my ($path, @text) = @_;
	open my $file, '>', $path or die "$path: $!\n";
	print $file @text;
	close $file or die "$path: $!\n";
}

sub configure {
	my ($work, $option) = @_;
	write_file("$work/greylist.conf", <<END);
database = "$work/none"
delay = $option->{delay}
retry_window = $option->{window}
max_age = $option->{max_age}
auto_whitelist = $option->{awl}
ipv4_prefix = $option->{v4}
ipv6_prefix = $option->{v6}
sync = "none"
hostname = "mx.test"
text = "Come back in %s s, %r"
header = "X-Greylist: delayed %t seconds at %h"
client_lists = {"$work/clients"}
recipient_lists = {"$work/recipients"}
sender_lists = {}
suffix_lists = {}
identity = network
recipients = each
client_certificates = ignore
log_target = "none"
END
	return unless $option->{privacy};
	open my $file, '>>', "$work/greylist.conf" or die;
	print $file "privacy = true\n";
}

# One answer per request: its action and its log lines.
sub replay {
	my ($work, $bytes) = @_;
	write_file("$work/requests", @$bytes);
	my @answers;
	open my $output, '-|', $admin, '-c', "$work/greylist.conf", 'replay', '--json', '--database',
		"$work/try", "$work/requests" or die "$admin: $!\n";
	while (<$output>) {
		my ($action, $log) = /"action":("(?:[^"\\]|\\.)*").*"log":\[(.*)\]\}$/ or die "replay printed: $_";
		push @answers, { action => text($action), log => [ map { text($_) } $log =~ /"(?:[^"\\]|\\.)*"/g ] };
	}
	close $output or die "greylist-admin replay: exit $?\n";
	die scalar(@answers), ' answers to ', scalar(@$bytes), " requests\n" if @answers != @$bytes;
	return \@answers;
}

sub text {
	my ($json) = @_;
	return substr($json, 1, -1) =~ s/\\([^u])/$1/gr;
}

# Gives Postgrey's log lines to their requests; "whitelisted" stands before the verdict there.
sub share_log {
	my ($answers, $crowd, @lines) = @_;
	@lines = grep { /action=|^whitelisted: / } @lines;
	for my $at (0 .. $#$answers) {
		my @log;
		while (!$crowd->[$at]{missing} && @lines) {
			chomp(my $line = shift @lines);
			push @log, $line;
			last if $line !~ /^whitelisted: /;
		}
		$answers->[$at]{log} = [ reverse @log ];
	}
	die scalar(@lines), " lines too many in Postgrey's log\n" if @lines;
}

# As the model puts it: action, reason, whether the client was whitelisted.
sub outcome {
	my ($answer) = @_;
	my ($reason) = ($answer->{log}[0] // '') =~ /action=(.*?)(?:, client_name=.*)?$/;
	return join '|', $answer->{action}, $reason // '', $answer->{log}[1] ? 'whitelisted' : '';
}

sub exemption {
	my ($answer) = @_;
	return ($answer->{log}[0] // '') =~ /reason=((?:client|recipient) whitelist)/ ? $1 : '';
}

# What the lists say is not modelled: both programs read the same files.
sub note_lists {
	my ($request, $theirs, $ours) = @_;
	$request->{their_list} = exemption($theirs);
	$request->{our_list} = exemption($ours);
	$request->{our_list} = $request->{their_list}
		if ($ours->{log}[0] // 'reason=authenticated') =~ /reason=(?:authenticated|incomplete)/;
	return if $request->{our_list} eq $request->{their_list} || Crowd::lists_may_differ($request);
	return "the lists differ: $request->{their_list} and $request->{our_list}";
}

my %models;
sub fresh_models {
	%models = (theirs => Model->new, ours => Model->new(keys %Model::corrections));
	$models{$_} = Model->new($_) for keys %Model::corrections;
}

# Undefined: equal. Otherwise the names of the corrections that explain it, or what is wrong.
sub compare {
	my ($request, $option, $theirs, $ours) = @_;
	my $trouble = note_lists($request, $theirs, $ours);
	my %told = map { $_ => $models{$_}->decide($request, $option) } keys %models;
	my ($their, $our) = (outcome($theirs), outcome($ours));
	return (undef, $trouble) if $trouble;
	return (undef, "Postgrey: $their\nits model: $told{theirs}") if $their ne $told{theirs};
	return (undef, "greylist: $our\nits model: $told{ours}") if $our ne $told{ours};
	if ($their eq $our) {
		return if "@{ $theirs->{log} }" eq "@{ $ours->{log} }"
			|| ($theirs->{log}[1] && $request->{text} =~ /^::ffff:/i);
		return (undef, "Postgrey's log: @{ $theirs->{log} }\ngreylist's log: @{ $ours->{log} }");
	}
	my @names = grep { $told{$_} eq $our } sort keys %Model::corrections;
	return @names ? $names[0] : 'several';
}

sub report {
	my ($run, $tally, $seconds) = @_;
	my ($count, $explained, $reasons) = @$tally{qw(count explained reasons)};
	printf "%s: %d requests, %d equal, %d corrected, %.1f s\n", $run->{name}, $count,
		$tally->{equal}, $count - $tally->{equal}, $seconds;
	printf "  %7d  %s\n", $explained->{$_}, $Model::corrections{$_} // 'more than one of these'
		for sort { $explained->{$b} <=> $explained->{$a} || $a cmp $b } keys %$explained;
	print '  ', join(', ', map { "$reasons->{$_} $_" } sort keys %$reasons), "\n";
}

sub ask_both {
	my ($work, $postgrey, $crowd, $count) = @_;
	my @requests = map { $crowd->next } 1 .. $count;
	my @bytes = map { Crowd::bytes($_) } @requests;
	my $before = () = $postgrey->log;
	my @theirs = map { { action => $postgrey->ask($_) } } @bytes;
	my @lines = $postgrey->log;
	share_log(\@theirs, \@requests, @lines[ $before .. $#lines ]);
	return (\@requests, \@theirs, replay($work, \@bytes), \@bytes);
}

sub tally {
	my ($tally, $name, $ours) = @_;
	$tally->{count}++;
	$name ? $tally->{explained}{$name}++ : $tally->{equal}++;
	my ($reason) = ($ours->{log}[0] // 'reason=none,') =~ /reason=(.*?)(?: \(|, |,$)/;
	$tally->{reasons}{$reason}++;
}

# One sequence on two fresh tables.
sub run {
	my ($run, $seed, $tally) = @_;
	my $work = File::Temp->newdir('parity.XXXXXX', TMPDIR => 1);
	my %option = %{ $run->{option} };
	write_file("$work/clients", Crowd::client_list());
	write_file("$work/recipients", Crowd::recipient_list());
	mkdir "$work/try", 0750 or die "$work/try: $!\n";
	my $postgrey = Postgrey->new(%option, program => $program, lists => "$work");
	my $crowd = Crowd->new($seed, \%option);
	my @phases = ({}, @{ $run->{phases} // [] });
	fresh_models();
	for my $phase (@phases) {
		%option = (%option, %$phase);
		configure($work, \%option);
		$postgrey->start(%$phase);
		$_->restart for values %models;
		my ($asked, $theirs, $ours, $bytes) = ask_both($work, $postgrey, $crowd,
			int $requests / @phases);
		$postgrey->stop;
		for my $at (0 .. $#$asked) {
			my ($name, $trouble) = compare($asked->[$at], \%option, $theirs->[$at], $ours->[$at]);
			die "FAIL: $run->{name}, seed $seed, request $asked->[$at]{number}: $trouble\n\n",
				$bytes->[$at] if $trouble;
			tally($tally, $name, $ours->[$at]);
		}
	}
}

unless (-x $program) {
	print "no $program\n";
	exit 77;
}
print "seed $seed\n";
my ($count, $equal) = (0, 0);
for my $run (@runs) {
	my $began = time;
	my %tally = (count => 0, equal => 0, explained => {}, reasons => {});
	run($run, $seed++, \%tally) for 1 .. $rounds;
	report($run, \%tally, time - $began);
	$count += $tally{count};
	$equal += $tally{equal};
}
printf "%d requests, %d equal, %d as a named correction has it, 0 others\n", $count, $equal,
	$count - $equal;
