#!/usr/bin/perl
# syslog.pl SOCKET FILE - a syslog daemon's reading half: each message becomes a line.
use strict;
use warnings;
use IO::Handle;
use Socket;

my ($socket, $file) = @ARGV;
open(my $out, '>>', $file) or die "$file: $!";
$out->autoflush(1);
socket(my $in, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($in, sockaddr_un("$socket.new")) or die "$socket: $!";
chmod(0666, "$socket.new") or die "$socket: $!";
rename("$socket.new", $socket) or die "$socket: $!";
while (defined recv($in, my $message, 65536, 0)) {
	$message =~ s/[\r\n\0]+\z//;
	print {$out} "$message\n";
}
