#!/usr/bin/perl
# world.pl SEED START COUNT FIRST SECOND - two days of mail, as lines for ask.pl.
#
# On the first day strangers come, COUNT attempts in all, and some of them come again: too
# early, in time, or never. On the second day many of the first day's come back. Everything
# follows from SEED; START is where the first day begins.
use strict;
use warnings;

use constant DAY => 86400;

my ($seed, $now, $count, $first, $second) = @ARGV;
my ($clients, $number, @known) = (int($count / 3) + 5, 0);
srand($seed);

sub below { return int(rand($_[0])) }

sub client {
	my $n = below($clients);
	return sprintf('2001:db8:%x:%x::%x', $n % 7, $n % 50, 1 + $n) if $n % 6 == 0;
	return sprintf('198.51.%d.%d', $n / 250 % 250, 1 + $n % 250);
}

sub sender {
	my $n = below(60);
	return '' if $n == 0;
	return "List-$n+tag$n\@Lists.test" if $n < 6;
	return "bounce-$n-x9\@b$n.test" if $n < 12;
	return "a/b$n\@slash.test" if $n == 12;
	return "nodomain$n" if $n == 13;
	return "prvs=abcdefghi$n=user\@batv.test" if $n == 14;
	return "user$n\@s" . below(400) . '.test';
}

sub stranger {
	my $recipient = below(40) == 0 ? 'sales/eu@d.test' : 'R' . below(30) . '@D.test';
	return [client(), sender(), $recipient];
}

# One day; a triplet comes back from among the last `reach`.
sub day {
	my ($file, $attempts, $again, $reach) = @_;
	my $step = 2 * DAY / $attempts;
	open(my $out, '>', $file) or die "$file: $!\n";
	for (1 .. $attempts) {
		$now += rand($step);
		my $back = @known && rand() < $again;
		my $span = $reach < @known ? $reach : @known;
		my $triplet = $back ? $known[-1 - below($span)] : stranger();
		push @known, $triplet if !$back;
		$number++;
		print $out join("\t", int($now), @$triplet, sprintf('%x.%x', $seed, $number)), "\n";
	}
	close $out or die "$file: $!\n";
}

day($first, $count, 0.35, $count / 8 + 1);
day($second, $count / 3, 0.8, $count);
