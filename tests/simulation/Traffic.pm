# Traffic - the messages of a sender, and which host makes which attempt at what time.
#
# All chance is a number made from the seed and the names of what it decides, so it is the same
# for whoever receives the mail, however many attempts that takes.
package Traffic;
use strict;
use warnings;
use Digest::MD5 qw(md5);
use Socket qw(inet_aton inet_ntoa);

use constant { START => 1_700_000_000, DAY => 86400 };

sub new {
	my ($class, $seed, $count, @senders) = @_;
	my $self = bless { seed => $seed, senders => \@senders, messages => [] }, $class;
	for my $sender (@senders) {
		$self->settle($sender, $count);
		push @{ $self->{messages} }, map { $self->message($sender, $_) } 1 .. $count;
	}
	return $self;
}

# From 0 to below $below.
sub chance {
	my ($self, $below, @names) = @_;
	return unpack('N', md5(join '/', $self->{seed}, @names)) % $below;
}

sub letters {
	my ($self, @names) = @_;
	return join '', map { chr 97 + $_ % 26 } unpack 'C8', md5(join '/', $self->{seed}, @names);
}

sub address {
	my ($self, $network, @names) = @_;
	my ($base, $bits) = split m{/}, $network;
	my $size = 2**(32 - $bits);
	my $at = unpack 'N', inet_aton($base);
	return inet_ntoa(pack 'N', $at - $at % $size + 1 + $self->chance($size - 2, @names));
}

sub name {
	my ($self, $pattern, $address, $number, @names) = @_;
	my @octets = split /\./, $address;
	my %text = (a => $octets[0], b => $octets[1], c => $octets[2], d => $octets[3], n => $number,
		D => sprintf('%04d', $octets[3]), E => sprintf('%03d', $octets[3]),
		h => sprintf('%02x%02x%02x%02x', @octets), x => $self->letters(@names));
	$pattern =~ s/%(.)/$text{$1} \/\/ die "$names[0]: %$1 means nothing in a name\n"/ge;
	return $pattern;
}

# The hosts of a sender; no address twice, and no network twice where no host makes two attempts.
sub settle {
	my ($self, $sender, $messages) = @_;
	my %taken;
	my $part = $sender->{hosts}{none_twice} ? qr/^(.*)\./ : qr/^(.*)$/;
	for my $number (1 .. $sender->{hosts}{count} // $messages) {
		my ($network, $pattern) = @{ $sender->{host}[ $number % @{ $sender->{host} } ] };
		my ($try, $address) = (0);
		do {
			die "$sender->{name}: too many hosts for $network\n" if ++$try > 10_000;
			$address = $self->address($network, $sender->{name}, $number, $try);
		} while ($taken{ ($address =~ $part)[0] }++);
		push @{ $sender->{all} }, { address => $address,
			name => $self->name($pattern, $address, $number, $sender->{name}, $number) };
	}
}

# Hosts in an order of chance, as many as asked for.
sub draw {
	my ($self, $sender, $count, @names) = @_;
	my @all = @{ $sender->{all} };
	return @all if $count == @all;
	return map { splice @all, $self->chance(scalar @all, @names, $_), 1 } 1 .. $count;
}

sub message {
	my ($self, $sender, $number) = @_;
	my $hosts = $sender->{hosts};
	my @names = ($sender->{name}, 'message', $number);
	my $attempts = 1 + @{ $sender->{retries} };
	my @mine = $hosts->{own} ? $sender->{all}[ $number - 1 ]
		: $self->draw($sender, $hosts->{none_twice} ? $attempts : $hosts->{each}, @names);
	my $user = $self->letters(@names, 'user');
	return { sender => $sender, names => \@names, hosts => \@mine,
		from => "$user\@" . $self->letters(@names, 'domain') . '.example', to => "$user\@in.example",
		begin => START + $self->chance(DAY, @names), times => $self->times($sender, @names) };
}

# When it is tried, in seconds after its first attempt. The queue's runs go on from a moment of
# chance; two retries that are due at the same run are one.
sub times {
	my ($self, $sender, @names) = @_;
	my ($run, $retries) = @$sender{qw(run retries)};
	return [ 0, @$retries ] unless $run;
	my $first = 1 + $self->chance($run, @names, 'run');
	my @times = (0);
	for my $due (@$retries) {
		my $runs = $due <= $first ? 0 : int(($due - $first + $run - 1) / $run);
		my $time = $first + $runs * $run;
		push @times, $time if $time > $times[-1];
	}
	return \@times;
}

# Who makes attempt $at of a message, from 0.
sub host {
	my ($self, $message, $at) = @_;
	my $hosts = $message->{hosts};
	return $hosts->[$at] if $message->{sender}{hosts}{none_twice};
	return $hosts->[ $self->chance(scalar @$hosts, @{ $message->{names} }, 'attempt', $at) ];
}

# The bytes of the request that Postfix would make of it.
sub request {
	my ($self, $message, $at) = @_;
	my $host = $self->host($message, $at);
	my $time = $message->{begin} + $message->{times}[$at];
	my $instance = sprintf '%x.%x.%x.0', 4096 + $at, $time,
		$self->chance(1_000_000, @{ $message->{names} });
	return join "\n", 'request=smtpd_access_policy', 'protocol_state=RCPT', 'protocol_name=ESMTP',
		"client_address=$host->{address}", "client_name=$host->{name}", 'helo_name=mail.example',
		"sender=$message->{from}", "recipient=$message->{to}", "instance=$instance", 'queue_id=',
		'etrn_domain=', 'sasl_username=', "policy_test_time=$time", '', '';
}

# Everybody's attempts in the order of time, each put to the receiver, which says whether it
# accepts; a message that was accepted is not tried again. Gives for each message what became of
# it: attempt (from 0) and delay, or neither; answer is the last one.
sub deliver {
	my ($self, $receiver) = @_;
	my $messages = $self->{messages};
	my (@fates, %due);
	push @{ $due{ $messages->[$_]{begin} } }, [ $_, 0 ] for 0 .. $#$messages;
	my @times = sort { $a <=> $b } keys %due;
	while (@times) {
		my $now = shift @times;
		for my $one (@{ delete $due{$now} }) {
			my ($number, $at) = @$one;
			my $message = $messages->[$number];
			my $answer = $receiver->ask($self->request($message, $at));
			$fates[$number] = { answer => $answer };
			if ($answer->{pass}) {
				@{ $fates[$number] }{qw(attempt delay)} = ($at, $message->{times}[$at]);
			} elsif ($at < $#{ $message->{times} }) {
				my $next = $message->{begin} + $message->{times}[ $at + 1 ];
				insert(\@times, $next) unless $due{$next};
				push @{ $due{$next} }, [ $number, $at + 1 ];
			}
		}
	}
	return \@fates;
}

# Keeps the list in order.
sub insert {
	my ($list, $value) = @_;
	my ($low, $high) = (0, scalar @$list);
	while ($low < $high) {
		my $middle = int(($low + $high) / 2);
		$list->[$middle] < $value ? ($low = $middle + 1) : ($high = $middle);
	}
	splice @$list, $low, 0, $value;
}

1;
