package IdTokenH2;

# A small HTTP/2 client (RFC 9113) over plain TCP: several streams on one
# connection, bodies that are not read, streams that are reset. Of an answer it
# reads the status and the body, of HPACK (RFC 7541) no more than that takes.

use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();
use Time::HiRes qw(time);

use constant { DATA => 0, HEADERS => 1, RST => 3, SETTINGS => 4, PING => 6,
    WINDOW_UPDATE => 8, CONTINUATION => 9 };
use constant { END_STREAM => 1, ACK => 1, END_HEADERS => 4 };

my %indexed = (8 => 200, 9 => 204, 10 => 206, 11 => 304, 12 => 400, 13 => 404,
    14 => 500);

sub new {
    my ($class, $port) = @_;
    my $socket = IO::Socket::INET->new("127.0.0.1:$port")
        or die "connect: $!";
    my $self = bless { socket => $socket, port => $port, next => 1,
        in => '', answers => {} }, $class;
    print {$socket} "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    $self->frame(SETTINGS, 0, 0, '');
    return $self;
}

sub frame {
    my ($self, $type, $flags, $stream, $data) = @_;
    print { $self->{socket} } substr(pack('N', length $data), 1),
        pack('CCN', $type, $flags, $stream), $data;
    $self->{socket}->flush;
    return;
}

# An HPACK string, never Huffman-coded.
sub string {
    my ($text) = @_;
    my $size = length $text;
    return chr($size) . $text if $size < 127;
    my $out = chr 127;
    for ($size -= 127; $size >= 128; $size >>= 7) {
        $out .= chr($size & 127 | 128);
    }
    return $out . chr($size) . $text;
}

# Sends a request; the number of its stream. A body that is undefined is none,
# open => 1 leaves the stream open behind it.
sub request {
    my ($self, $request, $headers, $body, %opt) = @_;
    my ($method, $path) = split ' ', $request;
    my $stream = $self->{next};
    $self->{next} += 2;

    my @fields = ([':method', $method], [':scheme', 'http'],
        [':path', $path], [':authority', "127.0.0.1:$self->{port}"],
        map { [split /: /, $_, 2] } @$headers);
    my $block = join '',
        map { "\0" . string(lc $_->[0]) . string($_->[1]) } @fields;

    my @parts = unpack '(a16000)*', $block;
    my $end   = defined $body || $opt{open} ? 0 : END_STREAM;
    for my $i (0 .. $#parts) {
        $self->frame($i ? CONTINUATION : HEADERS,
            ($i ? 0 : $end) | ($i == $#parts ? END_HEADERS : 0),
            $stream, $parts[$i]);
    }
    if (defined $body) {
        my @data = unpack '(a16000)*', $body;
        @data = ('') if !@data;
        for my $i (0 .. $#data) {
            $self->frame(DATA, $i == $#data && !$opt{open} ? END_STREAM : 0,
                $stream, $data[$i]);
        }
    }
    return $stream;
}

sub reset_stream {
    my ($self, $stream) = @_;
    $self->frame(RST, 0, $stream, pack 'N', 8);
    return;
}

# The answer to a stream: {status, body}, or {} if there is none.
sub answer {
    my ($self, $stream, $seconds) = @_;
    my $until = time + (defined $seconds ? $seconds : 30);
    while (!$self->{answers}{$stream}{done}) {
        last if time > $until || !$self->read_frame($until - time);
    }
    return $self->{answers}{$stream};
}

sub get {
    my ($self, $request, @headers) = @_;
    return $self->answer($self->request($request, \@headers))->{status} || 0;
}

sub read_frame {
    my ($self, $seconds) = @_;
    my $select = IO::Select->new($self->{socket});
    while (length $self->{in} < 9
        || length $self->{in} < 9 + unpack 'N', "\0" . $self->{in})
    {
        return if !$select->can_read($seconds);
        sysread $self->{socket}, $self->{in}, 65536, length $self->{in}
            or return;
    }
    my $size = unpack 'N', "\0" . $self->{in};
    my ($type, $flags, $stream) = unpack 'x3CCN', $self->{in};
    my $data = substr $self->{in}, 9, $size;
    substr $self->{in}, 0, 9 + $size, '';

    my $answer = $self->{answers}{$stream} ||= { body => '' };
    if ($type == HEADERS) {
        my $first = ord $data;
        ($first, $data) = (ord substr($data, 1), substr $data, 1)
            if ($first & 0xe0) == 0x20;
        $answer->{status} = $first & 0x80
            ? $indexed{ $first & 0x7f } : substr $data, 2, 3;
    } elsif ($type == DATA) {
        $answer->{body} .= $data;
        for my $of ($size ? (0, $flags & END_STREAM ? () : $stream) : ()) {
            $self->frame(WINDOW_UPDATE, 0, $of, pack 'N', $size);
        }
    } elsif ($type == SETTINGS && !($flags & ACK)) {
        $self->frame(SETTINGS, ACK, 0, '');
    } elsif ($type == PING && !($flags & ACK)) {
        $self->frame(PING, ACK, 0, $data);
    }
    $answer->{done} = 1
        if $type == RST
        || (($type == DATA || $type == HEADERS) && $flags & END_STREAM);
    return 1;
}

1;
