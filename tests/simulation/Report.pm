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

# What kind of senders one belongs to.
sub group {
	my ($sender) = @_;
	return 'all spam' if $sender->{kind} eq 'spam';
	return 'all that never retry' if $sender->{expect} eq 'lost';
	return 'all late' if $sender->{expect} eq 'late';
	return 'all small sites' if $sender->{hosts}{own};
	return $sender->{hosts}{each} == 1 ? 'all with one address' : 'all pools';
}

# RECEIVERS: title and fates of each; LISTED: marks for each sender's name. Lines for the senders,
# then for the kinds of them.
sub table {
	my ($messages, $receivers, $listed) = @_;
	my (@order, @groups, %mine);
	for my $at (0 .. $#$messages) {
		my $sender = $messages->[$at]{sender};
		my ($name, $group) = ($sender->{name}, group($sender));
		push @order, $sender unless $mine{$name};
		push @groups, $group unless $mine{$group};
		push @{ $mine{$_} }, $at for $name, $group;
	}
	my $cells = sub {
		my ($key) = @_;
		return join '', map { cells(@{ $_->{fates} }[ @{ $mine{$key} } ]) } @$receivers;
	};
	my @lines = (line(('') x 5, join '', map { sprintf ' | %-34s', $_->{title} } @$receivers),
		line(qw(sender addresses /16s listed expect), ' | once retry   median     worst lost' x @$receivers));
	for my $sender (@order) {
		my $addresses = $sender->{hosts}{own} ? '1 each' : $sender->{hosts}{count};
		push @lines, line($sender->{name}, $addresses, Law::sixteens($sender),
			$listed->{ $sender->{name} }, $sender->{expect}, $cells->($sender->{name}));
	}
	push @lines, map { line($_, ('') x 4, $cells->($_)) } @groups;
	return map { s/ +$//r . "\n" } @lines;
}

1;
