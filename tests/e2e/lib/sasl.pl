#!/usr/bin/perl
# sasl.pl SOCKET USER PASSWORD - whom smtpd asks about logins: one user, PLAIN and nothing else.
#
# It speaks as much of Dovecot's authentication protocol, version 1, as smtpd does with
# smtpd_sasl_type = dovecot and a client that sends its answer along with AUTH.
use strict;
use warnings;
use IO::Handle;
use MIME::Base64;
use Socket;

my ($path, $user, $password) = @ARGV;
$SIG{CHLD} = 'IGNORE';
socket(my $in, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($in, sockaddr_un("$path.new")) or die "$path: $!";
chmod(0666, "$path.new") or die "$path: $!";
listen($in, 10) or die "listen: $!";
rename("$path.new", $path) or die "$path: $!";
while (accept(my $smtpd, $in)) {
	my $child = fork;
	defined $child or die "fork: $!";
	next if $child;
	serve($smtpd);
	exit;
}

sub serve {
	my ($smtpd) = @_;
	$smtpd->autoflush(1);
	print {$smtpd} "VERSION\t1\t1\n", "MECH\tPLAIN\tplaintext\n", "SPID\t$$\n", "CUID\t1\n",
		"COOKIE\t", '0' x 32, "\n", "DONE\n";
	while (my $line = <$smtpd>) {
		chomp $line;
		my ($command, $id, $mechanism, @parameters) = split /\t/, $line;
		print {$smtpd} verdict($id, $mechanism, @parameters) if $command eq 'AUTH';
	}
}

# RFC 4616: whom to act as, which is nobody else here, who logs in, and the password
sub verdict {
	my ($id, $mechanism, @parameters) = @_;
	my ($answer) = map { /^resp=(.*)/ } @parameters;
	my (undef, $who, $secret) = split /\0/, decode_base64($answer // '');
	return "OK\t$id\tuser=$user\n"
		if $mechanism eq 'PLAIN' && ($who // '') eq $user && ($secret // '') eq $password;
	return "FAIL\t$id\treason=wrong\n";
}
