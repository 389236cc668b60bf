#!/bin/sh
# postgrey.sh TABLE - the table's "postgrey" lines are what the real Postgrey makes.
#
# Its normalisation is taken out of the installed program and asked for each sender.
set -eu
table=$1 program=/usr/sbin/postgrey
[ -r "$program" ] || { echo "SKIP: needs Debian's postgrey" && exit 77; }

exec perl - "$program" "$table" <<'END'
use strict;
use warnings;
my ($program, $table) = @ARGV;
open(my $from, '<', $program) or die "$program: $!";
my $text = do { local $/; <$from> };
my ($normalise) = $text =~ /^sub do_sender_substitutions\S*(\s*\{.*?^\})/ms
	or die "this Postgrey has no do_sender_substitutions";
$normalise = eval "sub $normalise" or die $@;
my ($sent, $key, $said, $count, $wrong) = (undef, undef, undef, 0, 0);

sub compare {
	return if !defined $sent;
	my $is = lc $normalise->({}, $sent);
	my $wanted = $said // $key;
	$count++;
	return if $is eq $wanted;
	print "FAIL: $sent: Postgrey makes $is, not $wanted\n";
	$wrong++;
}

open(my $rows, '<', $table) or die "$table: $!";
while (<$rows>) {
	chomp;
	my ($word, $rest) = /^(form|from|key|postgrey)(?: (.*))?$/ or next;
	compare() if $word eq 'form' || $word eq 'from';
	undef $sent if $word eq 'form';
	($sent, $said) = ($rest // '', undef) if $word eq 'from';
	$key = $rest // '' if $word eq 'key';
	$said = $rest if $word eq 'postgrey';
}
compare();
die "no senders in $table\n" if !$count;
print "ok: $count senders\n" if !$wrong;
exit($wrong ? 1 : 0);
END
