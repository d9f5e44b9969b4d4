# WWW-Authenticate and Retry-After: what stands in them, word by word.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use Test::More;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider()
        . provider('keyless', jwks_uri => 'http://127.0.0.1:1/jwks'),
    server => <<'END',
    location = /default { auth_id_token tenant; empty_gif; }
    location @named { auth_id_token tenant; auth_id_token_realm second; empty_gif; }
    location / {
        auth_id_token tenant;
        auth_id_token_realm "the API";
        auth_id_token_source bearer cookie=idt;
        location = /inherited { empty_gif; }
        location = /quoted { auth_id_token_realm 'a "b" \\c'; empty_gif; }
        location = /variable { auth_id_token_realm "at $host for $arg_x"; empty_gif; }
        location = /control { auth_id_token_realm $http_x_realm; empty_gif; }
        location = /empty { auth_id_token_realm ""; empty_gif; }
        location = /utf8 { auth_id_token_realm "Müller"; empty_gif; }
        location = /rule { auth_id_token_require sub = bob; empty_gif; }
        location = /rule401 { auth_id_token_require sub = bob error=401; empty_gif; }
        location = /rule404 { auth_id_token_require sub = bob error=404; empty_gif; }
        location = /nobody { auth_id_token $arg_nobody; empty_gif; }
        location = /keyless { auth_id_token keyless; empty_gif; }
        location = /any { satisfy any; auth_basic basic; auth_basic_user_file users; deny all; empty_gif; }
        location = /error { error_page 401 /page; empty_gif; }
        location = /error-open { error_page 401 /page-open; empty_gif; }
        location = /page { auth_id_token_realm page; empty_gif; }
        location = /page-open { auth_id_token off; return 401 "log in"; }
        location = /named { auth_id_token_realm first; error_page 401 @named; empty_gif; }
        location = /error503 { auth_id_token keyless; error_page 503 /page503; empty_gif; }
        location = /page503 { auth_id_token keyless; empty_gif; }
        location = /auth { auth_id_token off; auth_request /sub; empty_gif; }
        location = /sub { internal; auth_id_token_realm sub; proxy_pass http://127.0.0.1:$server_port/open; }
    }
END
);
open my $users, '>', "$nginx->{dir}/users" or die $!;
print {$users} "alice:{PLAIN}secret\n";
close $users;

my $missing = 'Bearer realm="the API"';
my $invalid = "$missing, error=\"invalid_token\", error_description=";
my $expired = "$invalid\"the token has expired\"";
my $good    = bearer();
my $bad     = bearer(exp => -60);

# Status, and each line of WWW-Authenticate.
sub ask {
    my ($path, @headers) = @_;
    my $socket = $nginx->send_request($path, @headers);
    my $head = '';
    while (sysread $socket, $head, 65536, length $head) { }
    my ($status) = $head =~ m{^HTTP/1.1 (\d+)};
    $head =~ s/\r\n\r\n.*//s;
    return join ' / ', $status, $head =~ /^WWW-Authenticate: ([^\r]*)/mgi;
}

for my $row (
    ['no token', '/inherited', '', "401 / $missing"],
    ['a good one', '/inherited', $good, '200'],
    ['an expired one', '/inherited', $bad, "401 / $expired"],
    ['another client\'s', '/inherited', bearer(aud => 'x'), "401 / $invalid\"the token is for another audience\""],
    ['half of one', '/inherited', 'Authorization: Bearer',
        "400 / $missing, error=\"invalid_request\", error_description=\"the credentials are malformed\""],
    ['a rule', '/rule', $good, "403 / $missing, error=\"insufficient_scope\", error_description=\"a required claim does not match\""],
    ['a rule that is met', '/rule', bearer(sub => 'bob'), '200'],
    ['a rule with 401', '/rule401', $good, "401 / $invalid\"a required claim does not match\""],
    ['a rule with 404', '/rule404', $good, '404'],
    ['nobody', '/nobody', $good, '403'],
    ['a forged request', 'POST /inherited', 'Cookie: idt=' . token(), '403'],
    ['no keys', '/keyless', $good, '503'],
    ['no keys, no token', '/keyless', '', "401 / $missing"],
    ['no keys, a token of no such algorithm', '/keyless', bearer(key => '@ec1'), "401 / $invalid\"the token algorithm is not allowed\""],
    ['the default', '/default', '', '401 / Bearer realm="restricted"'],
    ['quotes and backslashes', '/quoted', '', '401 / Bearer realm="a \"b\" \\\\c"'],
    ['quotes and an error', '/quoted', $bad, '401 / Bearer realm="a \"b\" \\\\c", error="invalid_token", error_description="the token has expired"'],
    ['variables', '/variable?x=%22y', '', '401 / Bearer realm="at localhost for %22y"'],
    ['a quote of the client', '/control', 'X-Realm: a", error="b', '401 / Bearer realm="a\", error=\"b"'],
    ['a backslash of the client at the end', '/control', 'X-Realm: a\\', '401 / Bearer realm="a\\\\"'],
    ['a control character', '/control', "X-Realm: a\tb\x7fc", '401 / Bearer realm="abc"'],
    ['a long realm', '/control', 'X-Realm: ' . '"' x 900, '401 / Bearer realm="' . '\\"' x 900 . '"'],
    ['nothing of the client', '/control', '', '401 / Bearer realm=""'],
    ['an empty realm', '/empty', '', '401 / Bearer realm=""'],
    ['UTF-8', '/utf8', '', '401 / Bearer realm="Müller"'],
    ['a page that asks again: one line', '/error', '', '401 / Bearer realm="page"'],
    ['and the same reason', '/error', $bad, '401 / Bearer realm="page", error="invalid_token", error_description="the token has expired"'],
    ['a page that does not ask', '/error-open', '', "401 / $missing"],
    ['a named page', '/named', '', '401 / Bearer realm="second"'],
    ['a subrequest', '/auth', '', '401 / Bearer realm="sub"'],
    ['a bad token in a subrequest', '/auth', $bad,
        '401 / Bearer realm="sub", error="invalid_token", error_description="the token has expired"'],
    ['satisfy any: another scheme', '/any', 'Authorization: Basic YWxpY2U6c2VjcmV0', '200'],
    ['satisfy any: a token', '/any', $good, '200'],
    ) {
    my ($title, $path, $header, $want) = @$row;
    is(ask($path, $header ? $header : ()), $want, $title);
}
like(ask('/any'), qr{^401 / .*Bearer realm="the API"}, 'satisfy any: our challenge is among them');

# Retry-After
my $answer = $nginx->get('/keyless', $good);
like($answer->{'retry-after'}, qr/^[1-9][0-9]*$/, '503 says when to come again');
cmp_ok($answer->{'retry-after'}, '<=', 300, 'within five minutes');
my $socket = $nginx->send_request('/error503', $good);
my $head = '';
while (sysread $socket, $head, 65536, length $head) { }
is(() = $head =~ /^Retry-After:/mg, 1, 'a page that asks again: one line');
is($nginx->get('/inherited', $bad)->{'retry-after'}, undef, '401 does not');

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
