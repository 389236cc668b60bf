#!/usr/bin/perl
# policy.pl SOCKET [NAME=VALUE...] - a policy client without an smtpd around it.
#
# Sends the attributes as one request and prints the reply's first line. Without
# attributes it begins a request, says no more, and stays until the service goes.
use strict;
use warnings;
use Socket;

my ($path, @attributes) = @ARGV;
socket(my $service, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($service, sockaddr_un($path)) or die "$path: $!";
my $request = join("\n", "request=smtpd_access_policy", @attributes, "");
$request .= "\n" if @attributes;
syswrite($service, $request) == length $request or die "write: $!";
my $reply = <$service>;
print $reply // "no reply\n";
