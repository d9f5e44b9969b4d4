# auth_id_token_preflight: CORS preflights pass, and nothing else.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenH2;
use IdTokenUpstream;
use Test::More;

start_upstreams();
my $h2    = IdTokenNginx::free_port();
my $pass  = pass_to('proxy');
my $guard = <<"END";
    auth_id_token tenant;
    auth_id_token_source bearer cookie=idt;
    auth_id_token_strip on;
    auth_id_token_set_header X-User sub;
    location /pass { auth_id_token_preflight pass; add_header State \$id_token_status always; $pass
        location /pass/check { auth_id_token_preflight check; $pass }
        location /pass/deeper { $pass } }
    location /default { $pass }
    location /cookies { auth_id_token_preflight pass; auth_id_token_source cookie=idt; $pass }
    location /rule { auth_id_token_preflight pass; auth_id_token_require sub = bob; $pass }
    location /optional { auth_id_token_preflight pass; auth_id_token_mode optional; auth_id_token_require sub = bob; $pass }
    location /denied { auth_id_token_preflight pass; deny all; $pass }
    location /any { auth_id_token_preflight pass; satisfy any; deny all; $pass }
    location /selected { auth_id_token_preflight pass; auth_id_token \$arg_p; $pass }
    location /off { auth_id_token off; auth_id_token_preflight pass; $pass }
    location /answered { auth_id_token_preflight pass;
        error_page 405 =204 /204; alias html/; }
    location = /204 { auth_id_token off; internal; add_header Access-Control-Allow-Origin https://app.test always; return 204; }
    location /ours { add_header Access-Control-Allow-Origin https://app.test always;
        if (\$request_method = OPTIONS) { return 204; } $pass }
    location /sub { auth_id_token off; auth_request /inner; $pass }
    location = /inner { internal; auth_id_token_preflight pass; proxy_pass_request_body off; $pass }
    location /keyless { auth_id_token_preflight pass; auth_id_token keyless; $pass }
END
my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider() . provider('keyless', jwks_uri => 'http://127.0.0.1:1/jwks'),
    http      => "server { listen 127.0.0.1:$h2 http2; $guard }",
    server    => $guard,
);

my @cors  = ('Origin: https://app.test', 'Access-Control-Request-Method: PUT');
my $token = token();

sub status { return $nginx->get(@_)->{status} }

for my $row (
    ['exact', 200, 'OPTIONS', @cors],
    ['with the names of headers', 200, 'OPTIONS', @cors, 'Access-Control-Request-Headers: authorization'],
    ['of a private network', 200, 'OPTIONS', @cors, 'Access-Control-Request-Private-Network: true'],
    ['of an opaque origin', 200, 'OPTIONS', 'Origin: null', $cors[1]],
    ['with an empty body', 200, 'OPTIONS', @cors, 'Content-Length: 0'],
    ['for GET', 200, 'OPTIONS', $cors[0], 'Access-Control-Request-Method: GET'],
    ['header names in lower case', 200, 'OPTIONS', map {lcfirst} @cors],
    ['no Origin', 401, 'OPTIONS', $cors[1]],
    ['an empty Origin', 401, 'OPTIONS', 'Origin:', $cors[1]],
    ['two Origins', 401, 'OPTIONS', @cors, 'Origin: https://b.test'],
    ['no method', 401, 'OPTIONS', $cors[0]],
    ['an empty method', 401, 'OPTIONS', $cors[0], 'Access-Control-Request-Method:'],
    ['two methods', 401, 'OPTIONS', @cors, 'Access-Control-Request-Method: GET'],
    ['neither', 401, 'OPTIONS'],
    ['with a Bearer', 401, 'OPTIONS', @cors, 'Authorization: Bearer x'],
    ['with half a Bearer', 400, 'OPTIONS', @cors, 'Authorization: Bearer'],
    ['with another scheme', 401, 'OPTIONS', @cors, 'Authorization: Basic YTpi'],
    ['with an empty Authorization', 401, 'OPTIONS', @cors, 'Authorization:'],
    ['with a cookie', 401, 'OPTIONS', @cors, 'Cookie: a=1'],
    ['with a bad token in a cookie', 401, 'OPTIONS', @cors, 'Cookie: idt=x'],
    ['with an empty Cookie', 401, 'OPTIONS', @cors, 'Cookie:'],
    ['GET', 401, 'GET', @cors],
    ['HEAD', 401, 'HEAD', @cors],
    ['POST', 401, 'POST', @cors, 'Content-Length: 0'],
    ['PUT', 401, 'PUT', @cors, 'Content-Length: 0'],
    ['TRACE', 405, 'TRACE', @cors],
    ['OPTIONS in an overriding header', 401, 'POST', @cors, 'Content-Length: 0', 'X-HTTP-Method-Override: OPTIONS'],
    ) {
    my ($title, $want, $method, @headers) = @$row;
    is(status("$method /pass", @headers), $want, "$title: $want");
    is(status("$method /default", @headers), $want == 200 ? 401 : $want, "$title: check is the default");
}

# a body
for my $row (['Content-Length: 1', 'x'], ['Transfer-Encoding: chunked', "1\r\nx\r\n0\r\n\r\n"], ['Transfer-Encoding: chunked', "0\r\n\r\n"]) {
    my ($header, $body) = @$row;
    my $socket = $nginx->send_request('OPTIONS /pass', @cors, $header);
    print {$socket} $body;
    is(IdTokenNginx::read_answer($socket)->{status}, 401, "a body by $header: 401");
}

# with a good token all of them are requests like others
is(status('OPTIONS /pass', @cors, "Authorization: Bearer $token"), 200, 'with a good token');
is(status('OPTIONS /pass', "Authorization: Bearer $token"), 200, 'no preflight with a good token');
is(status('GET /pass', "Authorization: Bearer $token"), 200, 'GET with a good token');

# what the upstream gets
my $answer = $nginx->get('OPTIONS /pass', @cors, 'X-User: root', 'x_user: root');
is($answer->{status}, 200, 'a preflight with an identity of its own');
is(sent($answer->{body}, 'x_user'), '-', 'loses it');
is(sent($answer->{body}, 'access_control_request_method'), 'PUT', 'and arrives');
is($answer->{state}, 'missing', 'its status is that of no token');

# with other directives
for my $row (
    ['/pass/deeper', 200, 'inherited'],
    ['/pass/check', 401, 'check below it'],
    ['/cookies', 200, 'cookie sources'],
    ['/rule', 200, 'rules are for tokens'],
    ['/optional', 200, 'optional with a rule'],
    ['/denied', 403, 'a denied address'],
    ['/any', 200, 'satisfy any'],
    ['/selected', 200, 'no provider'],
    ['/off', 200, 'off'],
    ['/sub', 401, 'a subrequest, which is a GET'],
    ['/keyless', 200, 'no keys'],
    ['/answered', 204, 'answered by nginx'],
    ) {
    my ($path, $want, $title) = @$row;
    is(status("OPTIONS $path", @cors), $want, "$title: $want");
}
for my $path (qw(/rule /optional /any /sub)) {
    is(status("OPTIONS $path", $cors[0]), 401, "$path: half a preflight: 401");
}
is($nginx->get('OPTIONS /answered', @cors)->{'access-control-allow-origin'}, 'https://app.test', 'with its headers');

# nginx answers them before the module looks, and others not
for my $row (['OPTIONS', 204, @cors], ['GET', 401], ['GET', 200, "Authorization: Bearer $token"]) {
    my ($method, $want, @headers) = @$row;
    my $answer = $nginx->get("$method /ours", @headers);
    is($answer->{status}, $want, "a return for OPTIONS alone: $method: $want");
    is($answer->{'access-control-allow-origin'}, 'https://app.test', 'with the header');
}

# HTTP/2
my $client = IdTokenH2->new($h2);
is($client->get('OPTIONS /pass', @cors), 200, 'HTTP/2: exact');
is($client->get('OPTIONS /pass', @cors, 'Cookie: a=1'), 401, 'HTTP/2: with a cookie');
is($client->get('OPTIONS /pass', @cors, 'Authorization: Bearer x'), 401, 'HTTP/2: with a token');
is($client->get('OPTIONS /pass', $cors[0]), 401, 'HTTP/2: no method');
for my $row (['a body', ['Content-Length: 1'], 'x'], ['a body of no declared length', [], 'x'],
    ['a body that is yet to come', [], undef, open => 1]) {
    my ($title, $headers, $body, @opt) = @$row;
    is($client->answer($client->request('OPTIONS /pass', [@cors, @$headers], $body, @opt))->{status}, 401, "HTTP/2: $title");
}

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
