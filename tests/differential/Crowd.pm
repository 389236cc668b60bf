# Crowd - a small world that sends mail: long random sequences of policy requests.
#
# Every request knows its keys on both sides (their_*: Postgrey's, our_*: greylist's).
package Crowd;
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 inet_pton);

sub pick { return $_[ rand @_ ] }

sub letters {
	my ($count) = @_;
	return join '', map { pick('a' .. 'z') } 1 .. $count;
}

# Lower-case hex with a letter in front and a digit behind: no word of digits only.
sub hex_run {
	my ($count) = @_;
	return 'a' . join('', map { pick(0 .. 9, 'a' .. 'f') } 3 .. $count) . '7';
}

# Each makes an address and its key on both sides; one value where they are the same.
my @senders = (
	(map { my $fixed = $_; sub { $fixed } } 'alice@a.example', 'bob@b.example', '', 'daemon',
		'x_12_y@b.example', 'b2b9@b.example', 'a@b@c.example', 'o/slash@b.example'),
	sub { (pick(qw(carol CAROL cArol)) . '@' . pick(qw(c.example C.Example)), 'carol@c.example') },
	sub { ('dan+' . letters(4) . '@d.example', 'dan@d.example') },
	sub { ('news-' . int(rand 1000) . '-' . int(rand 1000) . '@list.example', 'news-#-#@list.example') },
	sub { (int(rand 1000000) . '@list.example', '#@list.example') },
	sub { ('prvs=0123' . letters(6) . '=joe@j.example', 'joe@j.example') },
	sub { ('prvs=joe=0123' . letters(6) . '@j.example', 'joe@j.example') },
	sub { 'joe@j.example' },
);

# Those that Postgrey takes for strangers every time.
my @changing = (
	sub {
		my $address = 'SRS0=' . letters(4) . '=' . letters(2) . '=o.example=eve@f.example';
		return ($address, lc $address, 'srs0=#=#=o.example=eve@f.example');
	},
	sub {
		my $address = 'bounce-' . hex_run(24) . '@bulk.example';
		return ($address, $address, 'bounce-#@bulk.example');
	},
	sub {
		my $uuid = join '-', map { hex_run($_) } 8, 4, 4, 4, 12;
		return ("m-$uuid\@bulk.example", "m-$uuid\@bulk.example", 'm-#@bulk.example');
	},
	sub {
		my $address = 'PRVS=0123' . letters(6) . '=joe@j.example';
		return ($address, lc $address, 'joe@j.example');
	},
	sub {
		my $tag = '0123' . letters(6);
		return ("prvs=$tag=joe+a=b\@j.example", "prvs=$tag=joe\@j.example", 'joe@j.example');
	},
	sub { my $address = ('l' x 600) . letters(1) . '@long.example'; ($address, $address, $address) },
);

# One in four is exempt.
my @names = ((map { 'unknown' } 1 .. 5), qw(mail.a.example mail7.pool.example mail8.pool.example
	notexempt.example exempt.example.org x.dot.example y.star.example
	host.exempt.example exempt.example EXEMPT.example tail.Two.Exempt.example));

# Text of the address, and what both sides take it for.
sub client {
	my ($text, $option) = @_;
	my $mapped = $text =~ /^::ffff:(.*)/i ? $1 : undef;
	return {
		text => $text,
		name => pick(@names),
		our_address => unpack('H*', $mapped ? inet_pton(AF_INET, $mapped) : packed($text)),
		their_address => unpack('H*', packed($text)),
		our_net => network($mapped // $text, $option),
		their_net => network($text, $option),
	};
}

sub packed {
	my ($text) = @_;
	return inet_pton($text =~ /:/ ? AF_INET6 : AF_INET, $text);
}

sub network {
	my ($text, $option) = @_;
	my $bits = unpack 'B*', packed($text);
	return length($bits) . ':'
		. substr $bits, 0, $option->{ length $bits == 32 ? 'v4' : 'v6' };
}

my @addresses = qw(192.0.2.7 192.0.2.8 192.0.2.19 192.0.2.200 198.51.100.9 198.51.100.10
	198.51.100.200 203.0.113.5 203.0.114.5 10.20.0.7 10.20.1.7 172.16.5.4 172.16.5.250
	2001:db8:1:2::5 2001:DB8:1:2:0:0:0:9 2001:db8:1:3::5 2001:db8:2:2::5 2001:db8:ee:1::1
	fe80::1 ::ffff:192.0.2.7 ::ffff:172.16.9.4 ::FFFF:172.16.5.4);

sub addresses {
	return (@addresses,
		(map { sprintf '172.16.%d.%d', rand 12, rand 256 } 1 .. 90),
		(map { sprintf '2001:db8:%x:%x::%x', pick(1, 7), rand 4, 1 + rand 4095 } 1 .. 40),
		(map { sprintf '::ffff:172.16.%d.%d', rand 12, rand 256 } 1 .. 4));
}

my @recipients = ((map { "$_\@in.example" } 'a' .. 'z'), qw(U@In.Example v+ext@in.example
	postmaster@in.example
	POSTMASTER+x@other.example postmasters@in.example
	opt@out.example opt+list@out.example opt@sub.out.example opta@out.example
	any@free.example any@mx.free.example any@xfree.example list-7@in.example LIST-8@IN.example
	user/slash@in.example r.s@in.example a%b@in.example "q@"@in.example u@in.example.), 'a b@in.example',
	'"a,b"@in.example');

# What few ever see: no domain, an empty extension, a second '@', a dot at the end.
my @odd_recipients = qw(postmaster free.example u@[192.0.2.1] postmaster+@in.example
	postmaster@b@in.example opt+a@b@out.example any@free.example. opt@out.example@in.example);

# Where the two read the same list otherwise, as greylist-policy(8) says.
sub lists_may_differ {
	my ($request) = @_;
	return 1 if $request->{text} =~ /^10\.20\.0\./;
	return $request->{recipient} =~ /^[^@]*$|\+@|@.*@|\.$/;
}

sub new {
	my ($class, $seed, $option) = @_;
	srand $seed;
	my @clients = map { client($_, $option) } addresses();
	return bless { now => 1_700_000_000, option => $option, clients => \@clients, past => [],
		count => 0, queue => [] }, $class;
}

sub client_list {
	return <<'END';
# the same bytes on both sides
exempt.example   # and below
192.0.2.200
198.51.100.201/25   # its bits behind the prefix do not count
203.0.113
2001:db8:ee::/48
10.20
.dot.example
*.star.example
user@mail.a.example
300.1.2.3
/^mail\d+\.pool\./
/^10\.20\.1\.7$/   # looks like an address, and is asked of the name
END
}

sub recipient_list {
	return <<'END';
/^List-.*@in\./
postmaster@
opt@out.example   # only there
free.example
END
}

# On to a second at which something may change, seen from an earlier attempt.
sub wait_for {
	my ($self, $since) = @_;
	my $option = $self->{option};
	my $chance = rand;
	my $limit = $chance < 0.75 ? $option->{delay} : $chance < 0.98 ? 3600
		: $chance < 0.997 ? $option->{window} : $option->{max_age};
	my $then = $since + $limit + pick(-1, 0, 0, 1);
	$self->{now} = $then if $then > $self->{now} && !($option->{clock} && $limit > 3600);
}

sub pass_time {
	my ($self, $since) = @_;
	if ($self->{option}{clock}) {
		$self->{now} = 1_700_000_000 + int rand 40 * 3600 if rand() < 0.03;
		$self->{now} -= int rand 7200 if rand() < 0.05;
		$self->{now} = 1_700_000_000
			if $self->{now} > 1_700_000_000 + 40 * 3600 || $self->{now} < 1_700_000_000;
	}
	$self->{now} += rand() < 0.5 ? 0 : int rand 20;
	$self->wait_for($since) if rand() < 0.3;
}

sub new_message {
	my %names = map { pick(rand() < 0.02 ? @odd_recipients : @recipients) => 1 }
		1 .. pick(1, 1, 1, 2, 3);
	return { client => $_[0]{clients}[ @{ $_[0]{clients} } * rand() * rand() ], recipients => [ sort keys %names ],
		sender => pick(rand() < 0.1 ? @changing : @senders) };
}

# Requests of one attempt to deliver a message: one for each recipient.
sub attempt {
	my ($self, $message) = @_;
	my ($sender, $their, $our) = $message->{sender}->();
	$their //= $sender;
	my $instance = sprintf '%x.%x.%x.0', 4000 + $self->{count}, $self->{now}, rand 1_000_000;
	my %request = (%{ $message->{client} }, time => $self->{now}, sender => $sender,
		their_sender => $their, our_sender => $our // $their,
		instance => rand() < 0.05 ? undef : $instance, state => rand() < 0.01 ? 'DATA' : 'RCPT',
		sasl => rand() < 0.01, missing => rand() < 0.005, queue_id => pick('', '', '4F9D195432C'));
	return map { { %request, recipient => rand() < 0.005 ? '' : $_ } } @{ $message->{recipients} };
}

# Somebody new, or an earlier message again, perhaps from a neighbour; now and then the client
# sends two at once.
sub refill {
	my ($self) = @_;
	my $past = $self->{past};
	my $old = @$past && rand() < 0.7 ? $past->[ -1 - @$past * rand() * rand() ] : undef;
	my $message = $old // $self->new_message;
	$self->pass_time($message->{time} // $self->{now});
	if ($old && rand() < 0.2) {
		my $neighbour = pick(@{ $self->{clients} });
		$message = { %$old, client => $neighbour } if $neighbour->{our_net} eq $old->{client}{our_net};
	}
	my @requests = $self->attempt($message);
	my ($other) = grep { $old && $_->{client} == $message->{client} && $_ != $old } reverse @$past;
	if ($other && rand() < 0.5) {
		my @others = $self->attempt($other);
		@requests = map { ($requests[$_] // (), $others[$_] // ()) } 0 .. 2;
	}
	$self->{queue} = \@requests;
	push @$past, { %$message, time => $self->{now} } if !$old || rand() < 0.3;
	shift @$past if @$past > 60;
}

sub next {
	my ($self) = @_;
	$self->refill unless @{ $self->{queue} };
	return { %{ shift @{ $self->{queue} } }, number => ++$self->{count} };
}

# The bytes, in any order of the attributes.
sub bytes {
	my ($request) = @_;
	my @lines = ("protocol_state=$request->{state}", 'protocol_name=ESMTP', 'etrn_domain=',
		"client_address=$request->{text}", "client_name=$request->{name}",
		"recipient=$request->{recipient}", "queue_id=$request->{queue_id}",
		"policy_test_time=$request->{time}", 'helo_name=a=b');
	push @lines, "sender=$request->{sender}" unless $request->{missing};
	push @lines, "instance=$request->{instance}" if defined $request->{instance};
	push @lines, 'sasl_username=' . ($request->{sasl} ? 'joe' : '');
	my $at = rand @lines;
	return join "\n", 'request=smtpd_access_policy', @lines[ $at .. $#lines ],
		@lines[ 0 .. $at - 1 ], '', '';
}

1;
