#!/usr/bin/perl
# ask.pl SOCKET | - : asks a policy service at times of the test's choosing.
#
# Each line of stdin is "TIME CLIENT SENDER RECIPIENT INSTANCE", fields between tabs. The
# requests go to the service, and the actions of its answers to stdout; with "-" the
# requests themselves do. TIME travels as policy_test_time, which Postgrey and
# greylist-admin replay honour.
use strict;
use warnings;
use IO::Socket::UNIX;

$| = 1;
my ($path) = @ARGV;
my $service = $path eq '-' ? undef : IO::Socket::UNIX->new(Peer => $path);
die "$path: $!\n" if $path ne '-' && !$service;
while (my $line = <STDIN>) {
	chomp $line;
	my ($time, $client, $sender, $recipient, $instance) = split /\t/, $line, -1;
	my $request = join "\n", 'request=smtpd_access_policy', 'protocol_state=RCPT',
		"client_address=$client", 'client_name=unknown', "sender=$sender",
		"recipient=$recipient", "instance=$instance", 'etrn_domain=', "policy_test_time=$time", '', '';
	if (!$service) {
		print $request;
		next;
	}
	print {$service} $request;
	$service->flush;
	my $reply = <$service>;
	die "no answer to: $line\n" if !defined $reply;
	<$service>;
	print $reply =~ s/^action=//r;
}
