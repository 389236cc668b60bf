# Senders - reads senders.txt; the grammar is described there.
package Senders;
use strict;
use warnings;

my %known = (
	kind => qr/^(?:legitimate|spam)$/,
	expect => qr/^(?:prompt|late|network|lost|out|passes)$/,
	addresses => qr/^(?:one a message|[1-9]\d*(?:, (?:[1-9]\d* a message|none twice))?)$/,
	retries => qr/\S/,
	source => qr/\S/,
	pool => qr/\S/,
	'queue-runs' => qr/^\S+$/,
	host => qr{^\d+(?:\.\d+){3}/\d+ \S+$},
);
my %seconds = (s => 1, m => 60, h => 3600, d => 86400);

# "6:02", "4h30m", "900s"
sub duration {
	my ($text) = @_;
	return $1 * 60 + $2 if $text =~ /^(\d+):([0-5]\d)$/;
	die "\"$text\" is no time\n" unless $text =~ /^(?:\d+[smhd])+$/;
	my $sum = 0;
	$sum += $1 * $seconds{$2} while $text =~ /(\d+)([smhd])/g;
	return $sum;
}

# Seconds after the first attempt, each later than the one before it.
sub schedule {
	my ($text) = @_;
	return [] if $text eq 'none';
	my @times;
	my @words = split ' ', $text;
	while (defined(my $word = shift @words)) {
		my $last = $times[-1] // 0;
		if ($word ne 'every') {
			push @times, duration($word);
			die "$word does not come after what stands before it\n" if $times[-1] <= $last;
			next;
		}
		my ($step, $until, $end) = splice @words, 0, 3;
		die "\"every\" wants \"every TIME until TIME\"\n" unless ($until // '') eq 'until' && defined $end;
		my ($gap, $limit) = (duration($step), duration($end));
		die "\"every $step\" has no end\n" unless $gap > 0;
		push @times, $last += $gap while $last + $gap <= $limit;
	}
	return \@times;
}

# What the words of "addresses" mean.
sub hosts {
	my ($text) = @_;
	return { own => 1 } if $text eq 'one a message';
	my ($count, $each) = $text =~ /^(\d+)(?:, (\d+) a message)?/;
	return { count => $count, each => $each // $count, none_twice => scalar($text =~ /none twice/) };
}

sub finish {
	my ($sender) = @_;
	for my $key (qw(kind expect host addresses retries source pool)) {
		die "$sender->{name} has no \"$key\"\n" unless defined $sender->{$key};
	}
	$sender->{retries} = schedule($sender->{retries});
	$sender->{hosts} = hosts($sender->{addresses});
	$sender->{run} = duration($sender->{'queue-runs'}) if $sender->{'queue-runs'};
	die "$sender->{name} makes more attempts than it has hosts\n"
		if $sender->{hosts}{none_twice} && @{ $sender->{retries} } >= $sender->{hosts}{count};
	$sender->{host} = [ map { [ split ' ' ] } @{ $sender->{host} } ];
	return $sender;
}

sub take {
	my ($sender, $key, $value) = @_;
	die "there is no key \"$key\"\n" unless $known{$key};
	die "\"$value\" is no value for \"$key\"\n" unless $value =~ $known{$key};
	if ($key eq 'host') {
		push @{ $sender->{host} }, $value;
		return;
	}
	die "\"$key\" stands here twice\n" if defined $sender->{$key};
	$sender->{$key} = $value;
}

# Lines of the file as [ number, text ]: comments gone, continuations joined.
sub lines {
	my ($file) = @_;
	my @lines;
	while (my $line = <$file>) {
		next if $line =~ /^#/;
		$line =~ s/\s+\z//;
		if (@lines && $lines[-1][1] ne '' && $line =~ s/^\s+(?=\S)/ /) {
			$lines[-1][1] .= $line;
			next;
		}
		push @lines, [ $., $line ];
	}
	return @lines;
}

# The senders in their order; dies with file and line.
sub read_file {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	my (@senders, $sender);
	for my $line (lines($file), [ 0, '' ]) {
		my ($number, $text) = @$line;
		eval {
			if ($text eq '') {
				push @senders, finish($sender) if $sender;
				$sender = undef;
			} elsif ($text !~ /^([a-z-]+): (.+)/) {
				die "this is not \"key: value\"\n";
			} elsif ($1 eq 'sender') {
				die "a blank line is missing before it\n" if $sender;
				$sender = { name => $2 };
			} else {
				die "no \"sender\" before it\n" unless $sender;
				take($sender, $1, $2);
			}
			1;
		} or die "$path:", $number || 'end', ": $@";
	}
	return @senders;
}

1;
