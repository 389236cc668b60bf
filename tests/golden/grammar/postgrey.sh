#!/bin/sh
# postgrey.sh TABLE... - the tables tell the truth about the real Postgrey's lists.
#
# The reading of the lists is taken out of the installed program; each line of a table is
# read by it, and each row's subject held against what came out, as Postgrey does.
set -eu
program=/usr/sbin/postgrey
[ -r "$program" ] || { echo "SKIP: needs Debian's postgrey" && exit 77; }

exec perl - "$program" "$@" <<'END'
use strict;
use warnings;
use File::Temp;
use NetAddr::IP;
my ($program, @tables) = @ARGV;
open(my $from, '<', $program) or die "$program: $!";
my $text = do { local $/; <$from> };

sub taken {
	my ($name) = @_;
	my ($body) = $text =~ /^sub \Q$name\E\S*(\s*\{.*?^\})/ms
		or die "this Postgrey has no $name";
	return eval "sub $body" || die $@;
}
my %read = (clients => taken('read_clients_whitelists'),
	recipients => taken('read_recipients_whitelists'));

# What Postgrey makes of a list with this line only; what it warns of is not our matter.
sub compiled {
	my ($list, $line) = @_;
	my $file = File::Temp->new;
	print $file "$line\n";
	close $file;
	my $self = { postgrey => { "whitelist_${list}_files" => ["$file"] } };
	local $SIG{__WARN__} = sub { };
	eval { $read{$list}->($self); 1 } or return { whitelist_clients => [], whitelist_ips => [] };
	return $self->{postgrey};
}

sub passes {
	my ($rules, $list, $subject) = @_;
	return grep { $subject =~ $_ } @{$rules->{whitelist_recipients}} if $list eq 'recipients';
	my $is_address = $subject =~ /:/ || $subject =~ /^[\d.]+$/;
	my $name = $is_address ? 'unknown' : $subject;
	my $ip = NetAddr::IP->new($is_address ? $subject : '198.51.100.1');
	return 1 if grep { $name =~ $_ } @{$rules->{whitelist_clients}};
	return grep { $ip->within($_) } @{$rules->{whitelist_ips}};
}

my %wanted = (match => 1, 'only-there' => 1, miss => 0, 'only-here' => 0);
my ($list, $line, $rules, $count, $wrong) = ('', '', undef, 0, 0);
@ARGV = @tables;
while (<>) {
	chomp;
	if (/^line (\w+) (.*)$/) {
		($list, $line) = ($1, $2);
		$rules = $read{$list} ? compiled($list, $line) : undef;
	} elsif (/^(\S+) (.*)$/ && exists $wanted{$1} && $rules) {
		my ($word, $subject) = ($1, $2);
		my $is = passes($rules, $list, $subject) ? 1 : 0;
		$count++;
		next if $is == $wanted{$word};
		print "FAIL: $list, $line: $word $subject, but Postgrey says $is\n";
		$wrong++;
	}
}
die "no rows\n" if !$count;
print "ok: $count rows\n" if !$wrong;
exit($wrong ? 1 : 0);
END
