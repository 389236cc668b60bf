# Model - what Postgrey answers, and what greylist answers, from one set of rules.
#
# Without corrections it is Postgrey 1.37. Each correction is one rule
# in which greylist departs from it on purpose; with all of them it is
# greylist. A verdict is one string: action, reason, "whitelisted".
package Model;
use strict;
use warnings;

our %corrections = (
	rcpt => 'decides only at RCPT',
	incomplete => 'an incomplete request is logged, and an empty recipient is incomplete',
	authenticated => 'an authenticated client passes',
	lists => 'a list\'s a.b is refused; a recipient\'s odd extension, second @ or last dot',
	reply => '%r is "unknown" where the recipient has no domain',
	mapped => 'a v4-mapped client is the IPv4 client that it is',
	sender => 'sender keys of SRS, hex runs, UUIDs and more of BATV',
	long => 'values over 512 bytes are not cut',
	age => 'max_age counts at the look-up',
	success => 'a success is stored instead of inferred from two times',
	steps => 'a client counts again an hour after the clock went back',
	message => 'one header for each client and message',
	delay => 'the delay is logged at the first pass of each recipient',
);

# OPTIONS: delay, window, max_age, awl in seconds and a count; text and header are fixed.
sub new {
	my ($class, @fixes) = @_;
	return bless { fix => { map { $_ => 1 } @fixes }, triplets => {}, clients => {},
		messages => {}, ring => [] }, $class;
}

# The last messages are all that Postgrey keeps in memory only.
sub restart {
	my ($self) = @_;
	$self->{ring} = [];
}

sub key {
	my ($fix, $request) = @_;
	my $sender = $request->{ $fix->{sender} ? 'our_sender' : 'their_sender' };
	$sender = lc substr $request->{sender}, 0, 512
		if length $request->{sender} > 512 && !$fix->{long};
	return join '/', $request->{ $fix->{mapped} ? 'our_net' : 'their_net' }, $sender,
		lc $request->{recipient};
}

# Whether the message gets a header; remembers it.
sub is_new_message {
	my ($self, $address, $instance) = @_;
	return 1 unless defined $instance;
	if ($self->{fix}{message}) {
		my $known = ($self->{messages}{$address} // '') eq $instance;
		$self->{messages}{$address} = $instance;
		return !$known;
	}
	return 0 if grep { $_ eq $instance } @{ $self->{ring} };
	unshift @{ $self->{ring} }, $instance;
	splice @{ $self->{ring} }, 10;
	return 1;
}

sub early {
	my ($fix, $request) = @_;
	return '' if $fix->{rcpt} && $request->{state} ne 'RCPT';
	if ($request->{missing} || ($fix->{incomplete} && $request->{recipient} eq '')) {
		return $fix->{incomplete} ? 'pass, reason=incomplete request' : '';
	}
	return 'pass, reason=authenticated' if $fix->{authenticated} && $request->{sasl};
	my $exempt = $request->{ $fix->{lists} ? 'our_list' : 'their_list' };
	return $exempt ? "pass, reason=$exempt" : undef;
}

sub later {
	my ($one, $other) = @_;
	return $one > $other ? $one : $other;
}

# The client's memory; an hour at least between two counts.
sub client {
	my ($self, $address, $option, $now) = @_;
	my $client = $self->{clients}{$address};
	if ($client && $self->{fix}{age} && $now - $client->{seen} > $option->{max_age}) {
		delete $self->{clients}{$address};
		return undef;
	}
	return $client;
}

sub is_trusted {
	my ($self, $client, $option, $now) = @_;
	return 0 unless $option->{awl} && $client && $client->{count} >= $option->{awl};
	my $due = $now >= $client->{last} + 3600;
	my $back = $client->{last} > $now;
	$client->{count}++ if $due || ($back && !$self->{fix}{steps});
	$client->{seen} = later($client->{seen}, $now) if $due || $back;
	$client->{last} = $now if $due || $back;
	return 1;
}

# True where this success takes the client over the threshold.
sub count {
	my ($self, $address, $option, $now, $fresh) = @_;
	my $client = $self->{clients}{$address};
	my $due = !$client || $now >= $client->{last} + 3600;
	my $back = $client && $client->{last} > $now && $self->{fix}{steps};
	$client = $self->{clients}{$address} //= { count => 0, last => 0, seen => $now };
	$client->{count}++ if $due;
	$client->{last} = $now if $due || $back;
	$client->{seen} = later($client->{seen}, $now) if $due || $back || $fresh;
	return $due && $client->{count} == $option->{awl};
}

# The triplet as this attempt leaves it, and whether it had passed before.
sub triplet {
	my ($self, $key, $option, $now) = @_;
	my $fix = $self->{fix};
	my $old = $self->{triplets}{$key};
	my $ok = $old
		&& ($fix->{success} ? $old->{passed} : $old->{last} - $old->{first} >= $option->{delay});
	if ($ok && $fix->{age} && $now - $old->{seen} > $option->{max_age}) {
		$old = undef;
		$ok = 0;
	}
	$old = undef if $old && !$ok && $now - $old->{first} > $option->{window};
	my $first = $old ? $old->{first} : $now;
	if ($first > $now && !($fix->{success} && $ok)) {
		$first = $now;
		$old = undef;
	}
	my $pass = $now - $first >= $option->{delay};
	my $seen = $old ? $old->{seen} : $now;
	$seen = $now if $old && $now - $seen >= ($ok ? 3600 : $pass ? 0 : 60);
	my $new = { first => $first, last => $now, seen => $seen, passed => $ok || $pass };
	$self->{triplets}{$key} = $new;
	return ($new, $ok);
}

# PASS or turned away, as "action|log|whitelisted".
sub decide {
	my ($self, $request, $option) = @_;
	my ($fix, $now) = ($self->{fix}, $request->{time});
	my $early = early($fix, $request);
	return "DUNNO|$early|" if defined $early;
	my $address = $request->{ $fix->{mapped} ? 'our_address' : 'their_address' };
	my $client = $self->client($address, $option, $now);
	return 'DUNNO|pass, reason=client AWL|' if $self->is_trusted($client, $option, $now);

	my ($triplet, $ok) = $self->triplet(key($fix, $request), $option, $now);
	my $waited = $now - $triplet->{first};
	my $missing = $option->{delay} - $waited;
	if ($missing > 0 && !($ok && $fix->{success})) {
		my ($domain) = $request->{recipient} =~ /([^@]*)$/;
		$domain = 'unknown' if $fix->{reply} && $request->{recipient} !~ /@[A-Za-z0-9.-]+$/;
		my $reason = $waited ? "early-retry (${missing}s missing)" : 'new';
		return "DEFER_IF_PERMIT 4.2.0 Come back in $missing s, $domain|greylist, reason=$reason|";
	}
	return 'DUNNO|pass, reason=triplet found|' if $ok;
	my $header = $self->is_new_message($address, $request->{instance});
	my $over = $option->{awl} && $self->count($address, $option, $now, $header) ? 'whitelisted' : '';
	my $delay = $header || $fix->{delay} ? ", delay=$waited" : '';
	my $action = $header ? "PREPEND X-Greylist: delayed $waited seconds at mx.test" : 'DUNNO';
	return "$action|pass, reason=triplet found$delay|$over";
}

1;
