package IdTokenRevoked;

# The file of logouts, as another program would write it: its records
# (src/core/idt_revoke/state_record.h) and digests.

use strict;
use warnings;
no warnings 'portable';    # numbers of 64 bits

use Digest::SHA qw(sha256);
use Exporter qw(import);

use IdToken;

our @EXPORT = qw(revocation append_file file_records put_state worker_user);

my %kinds = (sid => 1, sub => 2, sub_without_sid => 3, session => 4, jti => 5,
    all => 6, watermark => 7);

sub add64 {
    use integer;
    return $_[0] + $_[1];
}

sub rotate {
    my ($x, $n) = @_;
    return (($x << $n) | ($x >> (64 - $n)));
}

# SipHash-2-4.
sub siphash {
    my ($k0, $k1, $text) = @_;
    my @v = ($k0 ^ 0x736f6d6570736575, $k1 ^ 0x646f72616e646f6d,
        $k0 ^ 0x6c7967656e657261, $k1 ^ 0x7465646279746573);
    my $rounds = sub {
        for (1 .. $_[0]) {
            $v[0] = add64($v[0], $v[1]);
            $v[1] = rotate($v[1], 13) ^ $v[0];
            $v[0] = rotate($v[0], 32);
            $v[2] = add64($v[2], $v[3]);
            $v[3] = rotate($v[3], 16) ^ $v[2];
            $v[0] = add64($v[0], $v[3]);
            $v[3] = rotate($v[3], 21) ^ $v[0];
            $v[2] = add64($v[2], $v[1]);
            $v[1] = rotate($v[1], 17) ^ $v[2];
            $v[2] = rotate($v[2], 32);
        }
    };
    my $last = length($text) << 56;
    while (length $text >= 8) {
        my $word = unpack 'Q<', substr($text, 0, 8, '');
        $v[3] ^= $word;
        $rounds->(2);
        $v[0] ^= $word;
    }
    $last |= unpack 'Q<', $text . "\0" x (8 - length $text);
    $v[3] ^= $last;
    $rounds->(2);
    $v[0] ^= $last;
    $v[2] ^= 0xff;
    $rounds->(4);
    return $v[0] ^ $v[1] ^ $v[2] ^ $v[3];
}

sub sized { return pack('Q<', length $_[0]) . $_[0] }

sub half { return substr sha256($_[0]), 0, 16 }

sub value {
    my ($provider, $kind, $value) = @_;
    $kind = 2 if $kind == 3;
    return half($provider . chr($kind) . sized($value) . sized(''));
}

# A record: revocation(sid => 's1', cut => TIME, until => TIME,
# owner => 'ann', issuer => ..., client_id => ...)
sub revocation {
    my ($name, $value, %opt) = @_;
    my $provider = half('provider'
        . sized($opt{issuer} || $IdToken::issuer)
        . sized($opt{client_id} || $IdToken::client_id));
    my $kind   = $kinds{$name} or die "no kind $name";
    my $digest = $kind < 6 ? value($provider, $kind, $value) : "\0" x 16;
    my $owner  = defined $opt{owner}
        ? value($provider, 2, $opt{owner}) : "\0" x 16;
    my $cut    = defined $opt{cut} ? $opt{cut} : time;
    my $record = 'idR1' . chr($kind) . "\0\0\0" . $provider . $digest . $owner
        . pack 'Q<Q<', $cut, defined $opt{until} ? $opt{until} : $cut + 86500;
    return $record
        . pack 'Q<', siphash(0x69642d746f6b656e, 0x7265766f6b656421, $record);
}

# The user as whom workers run: the file has to be his.
sub worker_user { return $> == 0 ? 'nobody' : scalar getpwuid $> }

sub give {
    my ($path, $mode) = @_;
    my (undef, undef, $uid) = getpwnam worker_user();
    chown $uid, -1, $path or die "$path: $!";
    chmod $mode, $path or die "$path: $!";
    return;
}

# A file DIR/revocations with such content, for a start.
sub put_state {
    my ($dir, $content) = @_;
    if (!-d $dir) {
        mkdir $dir or die "$dir: $!";
        give($dir, 0700);
    }
    my $path = "$dir/revocations";
    open my $file, '>:raw', $path or die "$path: $!";
    print {$file} $content;
    close $file or die "$path: $!";
    give($path, 0600);
    return $path;
}

sub append_file {
    my ($path, $content) = @_;
    open my $file, '>>:raw', $path or die "$path: $!";
    print {$file} $content;
    close $file or die "$path: $!";
    return;
}

# How many records, and bytes beyond them.
sub file_records {
    my ($path) = @_;
    my $size = -s $path || 0;
    return ($size - $size % 80) / 80 . '+' . $size % 80;
}

1;
