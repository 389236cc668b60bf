# Law - whether every message fared as senders.txt expects of its sender.
package Law;
use strict;
use warnings;

use constant DELAY => 180; # greylist's default

# The first attempt that comes when the delay is over, or -1.
sub first_after_delay {
	my ($message) = @_;
	my $times = $message->{times};
	for my $at (1 .. $#$times) {
		return $at if $times->[$at] >= DELAY;
	}
	return -1;
}

sub at_once {
	my ($fate) = @_;
	return defined $fate->{attempt} && $fate->{attempt} == 0;
}

# At that attempt, or earlier from an address that was whitelisted automatically.
sub is_prompt {
	my ($message, $fate) = @_;
	my $first = first_after_delay($message);
	return 0 unless defined $fate->{attempt};
	return $fate->{attempt} == $first
		|| ($fate->{answer}{reason} eq 'client AWL' && ($fate->{attempt} < $first || $first < 0));
}

# What is wrong with a message's fate, where it may also be seen what became of it by networks.
sub prompt {
	my ($message, $fate) = @_;
	return is_prompt($message, $fate) ? '' : 'is not accepted at its first retry after the delay';
}

sub alike {
	my (undef, $fate, $other) = @_;
	my $same = ($fate->{attempt} // -1) == ($other->{attempt} // -1);
	return $same ? '' : 'fares otherwise than by its network';
}

sub refused {
	my (undef, $fate) = @_;
	return defined $fate->{attempt} ? 'is accepted' : '';
}

my %law = (prompt => \&prompt, passes => \&prompt, late => \&alike, network => \&alike,
	lost => \&refused, out => \&refused);

sub told {
	my ($fate) = @_;
	return 'never accepted' unless defined $fate->{attempt};
	return "attempt $fate->{attempt} (the first is 0), after $fate->{delay} s, $fate->{answer}{reason}";
}

# All that is wrong, one message of each sender; the two lists say what became of the messages with
# greylist's defaults, and where it goes by networks only.
sub offences {
	my ($messages, $fates, $by_network) = @_;
	my (%wrong, %late, %slow);
	for my $at (0 .. $#$messages) {
		my ($message, $fate, $other) = ($messages->[$at], $fates->[$at], $by_network->[$at]);
		my $sender = $message->{sender};
		my ($name, $expect) = @$sender{qw(name expect)};
		my $wrong = $law{$expect}->($message, $fate, $other);
		$wrong{$name} //= "$name: mail from $message->{from} $wrong: " . told($fate)
			. '; by network: ' . told($other) if $wrong;
		$late{$name} ||= !is_prompt($message, $fate) if $expect eq 'late';
		$slow{$name} ||= 1 if $expect eq 'prompt' && !is_prompt($message, $other);
	}
	return ((map { $wrong{$_} } sort keys %wrong),
		(map { "$_ is expected to be late, and is not" } grep { !$late{$_} } sort keys %late),
		keys %slow < 3 ? 'networks alone do as well: this shows nothing' : ());
}

# Across how many /16s the hosts of a sender are.
sub sixteens {
	my ($sender) = @_;
	my %seen = map { ($_->{address} =~ /^(\d+\.\d+)/)[0] => 1 } @{ $sender->{all} };
	return scalar keys %seen;
}

# What senders.txt has too little of.
sub missing {
	my @good = grep { $_->{kind} eq 'legitimate' } @_;
	my @pools = grep { !$_->{hosts}{own} && sixteens($_) > 1 } @good;
	return ((@good < 12 ? 'fewer than 12 legitimate senders' : ()),
		(@pools < 3 ? 'fewer than 3 pools across /16s' : ()),
		((grep { $_->{host}[0][1] eq 'unknown' } @pools) ? () : 'no pool without verified names'));
}

1;
