# auth_id_token_source: where the token is looked for, and how often it may be
# there.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use Test::More;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(),
    http      => 'large_client_header_buffers 40 8k; client_header_buffer_size 4k;',
    server    => <<'END',
    auth_id_token tenant;
    add_header Got "<$id_token_source $id_token_error>" always;
    location = /default { empty_gif; }
    location = /bearer { auth_id_token_source bearer; empty_gif; }
    location = /cookie { auth_id_token_source cookie=idt; empty_gif; }
    location = /both { auth_id_token_source bearer cookie=idt; empty_gif; }
    location = /turned { auth_id_token_source cookie=idt bearer; empty_gif; }
    location = /cookies { auth_id_token_source cookie=a cookie=b; empty_gif; }
    location = /host { auth_id_token_source cookie=__Host-idt; empty_gif; }
    location = /dotted { auth_id_token_source cookie=idt.1 cookie=idt; empty_gif; }
    location = /optional { auth_id_token_source bearer cookie=idt; auth_id_token_mode optional; empty_gif; }
END
);

my $token = token();
my $by    = $IdTokenProtocol::version;
my $bob   = token(sub => 'bob');
my $pad   = token(claims => { pad => 'x' x 9000 });

sub ask {
    my ($path, @headers) = @_;
    for (@headers) { s/TOKEN/$token/g; s/BOB/$bob/g; }
    my $answer = $nginx->get($path, @headers);
    (my $got = "$answer->{status} " . (defined $answer->{got} ? $answer->{got} : '')) =~ s/[<>]//g;
    $got =~ s/ +/ /g;
    $got =~ s/ $//;
    return $got;
}

my ($missing, $malformed, $ambiguous) = ('401 token_missing', '400 credentials_malformed', '400 credentials_ambiguous');

# bearer
for my $row (
    ['Bearer TOKEN', '200 bearer'],
    ['bearer TOKEN', '200 bearer'],
    ['BEARER TOKEN', '200 bearer'],
    ['Bearer     TOKEN', '200 bearer'],
    ['  Bearer TOKEN  ', $by == 1 ? '200 bearer' : $malformed],
    ["Bearer\tTOKEN", $malformed],
    ['Bearer', $malformed],
    ['Bearer ', $malformed],
    ['Bearer TOKEN x', $malformed],
    ['Bearer TOKEN,', $malformed],
    ['Bearer TOKEN, Basic YTpi', $malformed],
    ['Bearer "TOKEN"', $malformed],
    ['Bearer TOK:EN', $malformed],
    ["Bearer TOKEN\x{e4}", $malformed],
    ['BearerTOKEN', $missing],
    ['Bearers TOKEN', $missing],
    ['Basic YTpi', $missing],
    ['DPoP TOKEN', $missing],
    ['Token TOKEN', $missing],
    ['TOKEN', $missing],
    ['', $missing],
    ['Bearer =', $malformed],
    ['Bearer x', '401 bearer token_format'],
    ['Bearer TOKEN=', '401 bearer base64url'],
    ) {
    my ($value, $want) = @$row;
    is(ask('/default', "Authorization: $value"), $want, "Authorization: '$value'");
}
is(ask('/bearer', 'Authorization: Bearer TOKEN'), '200 bearer', 'the default by name');
is(ask('/default', 'authorization: Bearer TOKEN'), '200 bearer', 'the name of the header in lower case');
is(ask('/default', 'Proxy-Authorization: Bearer TOKEN'), $missing, 'another header');
is(ask('/default', 'Cookie: idt=TOKEN'), $missing, 'a cookie is no source by default');
is($nginx->get("/default?access_token=$token&id_token=$token")->{status}, 401, 'the query never is');
like(ask('/default', 'Authorization: Bearer TOKEN', 'Authorization: Bearer TOKEN'), qr/^400/, 'two Authorization headers');

# one cookie
for my $row (
    ['idt=TOKEN', '200 cookie'],
    ['a=1; idt=TOKEN', '200 cookie'],
    ['idt=TOKEN; a=1', '200 cookie'],
    ['a=1;idt=TOKEN;b=2', '200 cookie'],
    ['a=1 ; idt = TOKEN ;b=2', '200 cookie'],
    ['idt="TOKEN"', '200 cookie'],
    ['idt=TOKEN; idt=TOKEN', '200 cookie'],
    ['idt=TOKEN; idt=BOB', $ambiguous],
    ['idt=TOKEN; idt=', '200 cookie'],
    ['idt=TOKEN; idt=x', '200 cookie'],
    ['idt=; idt=TOKEN', '200 cookie'],
    ['IDT=TOKEN', $missing],
    ['idtx=TOKEN', $missing],
    ['xidt=TOKEN', $missing],
    ['idt', $missing],
    ['=TOKEN', $missing],
    ['a=idt=TOKEN', $missing],
    ['a=1, idt=TOKEN', $missing],
    ['a="1; idt=TOKEN; b=2"', '200 cookie'],
    ['idt=', $missing],
    ['idt=""', $missing],
    ['idt=x', '401 cookie token_format'],
    ['idt="TOKEN', '401 cookie base64url'],
    ['idt=Bearer TOKEN', '401 cookie base64url'],
    ['idt=TOKEN=', '401 cookie base64url'],
    ) {
    my ($value, $want) = @$row;
    is(ask('/cookie', "Cookie: $value"), $want, "Cookie: $value");
}
is(ask('/cookie', 'Authorization: Bearer TOKEN'), $missing, 'a header is no source there');
is(ask('/cookie', 'Authorization: Bearer x', 'Cookie: idt=TOKEN'), '200 cookie', 'and does not matter');
is(ask('/host', 'Cookie: __Host-idt=TOKEN'), '200 cookie', 'a name with a prefix');
is(ask('/host', 'Cookie: idt=TOKEN'), $missing, 'without it');

# several Cookie headers
is(ask('/cookie', 'Cookie: a=1', 'Cookie: idt=TOKEN', 'Cookie: b=2'), '200 cookie', 'three headers');
is(ask('/cookie', 'Cookie: idt=TOKEN', 'Cookie: idt=TOKEN'), '200 cookie', 'the same twice');
is(ask('/cookie', 'Cookie: idt=TOKEN', 'Cookie: idt=BOB'), $ambiguous, 'two tokens');

# split
sub pieces {
    my ($text, @sizes) = @_;
    my ($at, $n, @pieces) = (0, 0);
    for my $size (@sizes, length $text) {
        push @pieces, 'idt.' . $n++ . '=' . substr $text, $at, $size;
        $at += $size;
        last if $at >= length $text;
    }
    return @pieces;
}
my @three = pieces($token, 100, 100);
my @many  = pieces($token, (15) x 31);
is(scalar @many, 32, '32 pieces');
my $size = int(length($pad) / 10) + 1;
for my $row (
    ['two pieces', '200 cookie', pieces($token, 300)],
    ['three pieces', '200 cookie', @three],
    ['in another order', '200 cookie', @three[2, 0, 1]],
    ['among others', '200 cookie', 'a=1', $three[0], 'b=2', @three[1, 2], 'c=3'],
    ['one piece', '200 cookie', "idt.0=$token"],
    ['quoted pieces', '200 cookie', map { s/=(.*)/="$1"/r } @three],
    ['an empty piece between', '200 cookie', 'idt.0=' . substr($token, 0, 9), 'idt.1=', 'idt.2=' . substr($token, 9)],
    ['an emptied piece behind', '200 cookie', @three, 'idt.3='],
    ['emptied pieces alone', $missing, 'idt.0=', 'idt.1='],
    ['an emptied piece beside the whole', '200 cookie', "idt=$token", 'idt.0='],
    ['a piece, once emptied', '200 cookie', 'idt.1=', @three],
    ['32 pieces', '200 cookie', @many],
    ['the same piece twice', '200 cookie', @three, $three[1]],
    ['a piece twice with other values', '200 cookie', @three, 'idt.1=x'],
    ['a gap', $malformed, @three[0, 2]],
    ['no first piece', $malformed, @three[1, 2]],
    ['the last is not there', '401 cookie base64url', @three[0, 1]],
    ['pieces swapped', '401 cookie base64url', 'idt.1=' . substr($token, 0, 99), 'idt.0=' . substr($token, 99)],
    ['the whole and pieces', '200 cookie', "idt=$token", @three],
    ['the whole and one piece', '200 cookie', "idt=$token", 'idt.0=x'],
    ['a leading zero', $missing, map { s/\.(\d)/.0$1/r } @three],
    ['no number', $missing, "idt.=$token"],
    ['a word', $missing, "idt.x=$token"],
    ['a sign', $missing, "idt.-1=$token"],
    ['number 32', $missing, "idt.32=$token"],
    ['number 100', $missing, "idt.100=$token"],
    ['piece 32 beside good ones', '200 cookie', @three, 'idt.32=x'],
    ['piece 31 alone', $malformed, "idt.31=$token"],
    ['another name', $missing, map { s/idt/idu/r } @three],
    ) {
    my ($title, $want, @cookies) = @$row;
    my $got = ask('/cookie', 'Cookie: ' . join '; ', @cookies);
    $got =~ s/(signature\w*|payload_json|base64url|token_format|header_json)$/base64url/ if $want =~ /base64url/;
    is($got, $want, "split: $title");
}
is(ask('/cookie', map {"Cookie: $_"} @three), '200 cookie', 'split: each in a header of its own');
my @big = pieces($pad, ($size) x 9);
is(ask('/cookie', map {"Cookie: $_"} @big), '200 cookie', 'split: a token of 12 KB');
is(ask('/cookie', map {"Cookie: idt.$_=" . 'x' x 4000} 0 .. 16), '401 cookie token_too_long', 'split: more than 64 KiB')
    if $by != 2;    # no client sends so much
is(ask('/dotted', "Cookie: idt.1=$token"), '200 cookie', 'a name that is a piece of another');

# two sources
for my $path ('/both', '/turned') {
    is(ask($path, 'Authorization: Bearer TOKEN'), '200 bearer', "$path: header");
    is(ask($path, 'Cookie: idt=TOKEN'), '200 cookie', "$path: cookie");
    is(ask($path), $missing, "$path: neither");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: idt=TOKEN'), '200 bearer', "$path: both, the same");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: idt=BOB'), $ambiguous, "$path: both, of two persons");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: idt='), '200 bearer', "$path: an emptied cookie beside the header");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: idt=x'), '200 bearer', "$path: both, one bad");
    is(ask($path, 'Authorization: Bearer x', 'Cookie: idt=TOKEN'), '200 cookie', "$path: both, the other bad");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: idt.0=x'), '200 bearer', "$path: header and a piece");
    is(ask($path, 'Authorization: Basic YTpi', 'Cookie: idt=TOKEN'), '200 cookie', "$path: another scheme beside the cookie");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: other=1'), '200 bearer', "$path: other cookies beside the header");
    is(ask($path, 'Authorization: Bearer', 'Cookie: idt=TOKEN'), '200 cookie', "$path: half a header beside the cookie");
    is(ask($path, 'Authorization: Bearer TOKEN', 'Cookie: idt.1=x'), '200 bearer', "$path: half a cookie beside the header");
    is(ask($path, 'Authorization: Bearer', 'Cookie: idt.1=x'), $malformed, "$path: half of each");
}
is(ask('/cookies', 'Cookie: a=TOKEN'), '200 cookie', 'the first of two cookies');
is(ask('/cookies', 'Cookie: b=TOKEN'), '200 cookie', 'the second');
is(ask('/cookies', 'Cookie: a=TOKEN; b=TOKEN'), '200 cookie', 'both');
is(ask('/cookies', 'Cookie: a=TOKEN; b=BOB'), $ambiguous, 'both, of two persons');
is(ask('/cookies', 'Cookie: a=TOKEN; b.0=x'), '200 cookie', 'one and a piece');

# whatever is presented must be good
is(ask('/optional'), '200 token_missing', 'optional: nothing');
is(ask('/optional', 'Cookie: idt=; a=1', 'Authorization: Basic YTpi'), '200 token_missing', 'optional: nothing of ours');
is(ask('/optional', "Authorization:\tBearer TOKEN"), '200 bearer', 'optional: a token behind a tab');
for my $header ('Authorization: Bearer', 'Authorization: Bearer x', 'Authorization: Bearer a b', "Authorization:\tBearer x", 'Cookie: idt=x',
    'Cookie: idt.0=x', 'Cookie: idt.1=x', 'Cookie: idt=a; idt=b') {
    like(ask('/optional', $header), qr/^40[01]/, "optional: $header");
}

my $log = join "\n", grep {/ id_token /} split /\n/, $nginx->log =~ s/, request: "[^"]*"//gr;
unlike($log, qr/eyJ[\w-]+\.eyJ/, 'no token in a log line of the module');
is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
