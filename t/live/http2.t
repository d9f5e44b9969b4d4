# The module behind HTTP/2: several requests on one connection, bodies that
# nobody has read, cookies in several fields, requests that wait for keys.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenNginx;
use IdTokenH2;
use IdTokenUpstream;
use Test::More;

start_tenant();
start_upstreams();
my $h2   = IdTokenNginx::free_port();
my $pass = pass_to('proxy');
my $keys = write_file('keys.json', jwks('@rsa1:k1'));

hold();
my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider('tenant', jwks_file => $keys)
        . provider('slow', jwks_file => undef, jwks_uri => tenant_url(), jwks_timeout => '60s'),
    http => <<"END",
    server {
        listen 127.0.0.1:$h2 http2;
        underscores_in_headers on;
        auth_id_token tenant;
        auth_id_token_source bearer cookie=idt;
        auth_id_token_strip on;
        auth_id_token_set_header X-User sub;
        location / { $pass }
        location /slow { auth_id_token slow; $pass }
        location /rule { auth_id_token_require sub = bob; $pass }
        location /index/ { alias html/; index /index.html; }
        location = /index.html { $pass }
    }
END
);
my $client = IdTokenH2->new($h2);
my $token  = token(kid => 'k1');
my $good   = "Authorization: Bearer $token";
my $bad    = 'Authorization: Bearer ' . token(kid => 'k1', exp => -60);

sub body { return $client->answer($client->request(@_))->{body} }

# waiting for keys, while others on the same connection do not
my @parked = map { $client->request('GET /slow', [bearer()]) } 1 .. 5;
my $posted = $client->request('POST /slow', [bearer()], 'x' x 40000);
my $reset  = $client->request('GET /slow', [bearer()]);
my $open   = $client->request('POST /slow', [bearer()], 'x' x 1000, open => 1);
$client->reset_stream($reset);
is($client->get('GET /', $good), 200, 'others are served meanwhile');
is($client->get('GET /', $bad),  401, 'or refused');
my $gone = IdTokenH2->new($h2);
$gone->request('GET /slow', [bearer()]) for 1 .. 3;
close $gone->{socket};
$client->frame(IdTokenH2::DATA, IdTokenH2::END_STREAM, $open, 'y' x 1000);
$nginx->has_read($h2);
release();
for my $stream (@parked) {
    my $answer = $client->answer($stream);
    is($answer->{status}, 200, 'a request that waited');
    is(sent($answer->{body}, 'x_user'), 'alice', 'is proven');
}
my $answer = $client->answer($posted);
is($answer->{status}, 200, 'a request with a body that waited');
like($answer->{body}, qr/\r\n\r\nx{40000}\z/, 'which arrives');
$answer = $client->answer($open);
is($answer->{status}, 200, 'a request whose body was still coming');
like($answer->{body}, qr/\r\n\r\nx{1000}y{1000}\z/, 'which arrives, too');
control('/faults/clear', {});

# one after the other
for my $row (
    ['no token', 401, 'GET /'],
    ['a good one', 200, 'GET /', $good],
    ['an expired one', 401, 'GET /', $bad],
    ['half of one', 400, 'GET /', 'Authorization: Bearer'],
    ['a rule', 403, 'GET /rule', $good],
    ['a rule that is met', 200, 'GET /rule', 'Authorization: Bearer ' . token(kid => 'k1', sub => 'bob')],
    ['two tokens of one person', 200, 'GET /', $good, "Cookie: idt=$token"],
    ['two persons', 400, 'GET /', $good, 'Cookie: idt=' . token(kid => 'k1', sub => 'bob')],
    ['a cookie', 200, 'GET /', "Cookie: idt=$token"],
    ['an internal redirect', 200, 'GET /index/', $good],
    ['an internal redirect without a token', 401, 'GET /index/'],
    ['a forged request', 403, 'POST /', "Cookie: idt=$token"],
    ['our own', 200, 'POST /', "Cookie: idt=$token", "Origin: http://127.0.0.1:$h2"],
    ['another scheme', 403, 'POST /', "Cookie: idt=$token", "Origin: https://127.0.0.1:$h2"],
    ['a good one again', 200, 'GET /', $good],
    ) {
    my ($title, $want, $request, @headers) = @$row;
    is($client->get($request, @headers), $want, "$title: $want");
}

# cookies in several fields, RFC 9113 8.2.3
for my $row (
    ['alone', '-', 'idt=T'],
    ['first', 'a=1; b=2', 'idt=T', 'a=1', 'b=2'],
    ['middle', 'a=1; b=2', 'a=1', 'idt=T', 'b=2'],
    ['last', 'a=1; b=2', 'a=1', 'b=2', 'idt=T'],
    ['split', 'a=1; b=2', 'idt.0=' . substr($token, 0, 200), 'a=1', 'idt.1=' . substr($token, 200), 'b=2'],
    ) {
    my ($title, $rest, @cookies) = @$row;
    my $body = body('GET /', [map { 'Cookie: ' . s/^idt=T\z/idt=$token/r } @cookies]);
    is(sent($body, 'cookie'), $rest, "$title: the others stay");
    is(sent($body, 'x_user'), 'alice', "$title: proven");
    unlike($body, qr/eyJ/, "$title: no token arrives");
}
is($client->get('GET /', "Cookie: idt=$token", 'Cookie: idt=' . token(kid => 'k1', sub => 'bob')), 400, 'two persons in two fields');
is($client->get('GET /', "Cookie: idt=$token", 'Cookie: idt=x'), 200, 'a token and what is none');

# headers
my $body = body('GET /', [$good, 'x-user: root', 'x_user: root', 'x-other: 1']);
is(sent($body, 'x_user'), 'alice', 'copies are gone');
is(sent($body, 'x_other'), '1', 'others are kept');
is(sent($body, 'authorization'), '-', 'the token is stripped');

# bodies
for my $size (0, 1, 16000, 60000) {
    my $answer = $client->answer($client->request('POST /', [$good], 'x' x $size));
    is($answer->{status}, 200, "a body of $size bytes");
    like($answer->{body}, qr/\r\n\r\nx{$size}\z/, 'arrives');
}
for my $size (1, 16000) {
    is($client->answer($client->request('POST /', [$bad], 'x' x $size))->{status}, 401, "a body of $size bytes is in nobody's way");
}
is($client->answer($client->request('POST /', [], undef, open => 1))->{status}, 401, 'nor is one that does not come');
is($client->get('GET /', $good), 200, 'the connection goes on');

# many at once
my @streams = map { [$_ % 2 ? 200 : 401, $client->request('GET /', [$_ % 2 ? $good : $bad])] } 1 .. 60;
is(scalar(grep { $client->answer($_->[1])->{status} == $_->[0] } @streams), 60, '60 at once, each by its own token');

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
