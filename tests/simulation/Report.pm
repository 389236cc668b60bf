# Report - the table: a line for each sender, beside one another what each receiver did.
package Report;
use strict;
use warnings;
use Law;

sub clock {
	my ($seconds) = @_;
	return sprintf '%d:%02d:%02d', $seconds / 3600, $seconds / 60 % 60, $seconds % 60;
}

# How many at once; of the others at which retry, the median and the worst delay; how many never.
sub cells {
	my @fates = @_;
	my @waited = sort { $a->{delay} <=> $b->{delay} } grep { $_->{attempt} } @fates;
	my ($range, $median, $worst) = ('-') x 3;
	if (@waited) {
		my @retries = sort { $a <=> $b } map { $_->{attempt} } @waited;
		$range = $retries[0] == $retries[-1] ? $retries[0] : "$retries[0]-$retries[-1]";
		($median, $worst) = map { clock($_->{delay}) } @waited[ $#waited / 2, -1 ];
	}
	my $at_once = grep { Law::at_once($_) } @fates;
	my $never = grep { !defined $_->{attempt} } @fates;
	return sprintf ' | %4d %5s %8s %9s %4d', $at_once, $range, $median, $worst, $never;
}

sub line {
	return sprintf '%-23s %9s %4s %-6s %-7s%s', @_;
}

# RECEIVERS: title and fates of each; LISTED: marks for each sender's name.
sub table {
	my ($messages, $receivers, $listed) = @_;
	my (@order, %mine);
	for my $at (0 .. $#$messages) {
		my $sender = $messages->[$at]{sender};
		push @order, $sender unless $mine{ $sender->{name} };
		push @{ $mine{ $sender->{name} } }, $at;
	}
	my @lines = (line(('') x 5, join '', map { sprintf ' | %-34s', $_->{title} } @$receivers),
		line(qw(sender addresses /16s listed expect), ' | once retry   median     worst lost' x @$receivers));
	for my $sender (@order) {
		my $name = $sender->{name};
		my $addresses = $sender->{hosts}{own} ? '1 each' : $sender->{hosts}{count};
		my @cells = map { cells(@{ $_->{fates} }[ @{ $mine{$name} } ]) } @$receivers;
		push @lines, line($name, $addresses, Law::sixteens($sender), $listed->{$name},
			$sender->{expect}, join '', @cells);
	}
	return map { s/ +$//r . "\n" } @lines;
}

1;
