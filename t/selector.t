# auth_id_token $variable: one of the providers, or a refusal.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer write_file jwks);
use IdTokenNginx;
use Test::More;

my $red  = write_file('red.json',  jwks('@rsa1'));
my $blue = write_file('blue.json', jwks('@rsa2'));

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider('tenant', jwks_file => $red)
        . provider('red', jwks_file => $red, issuer => 'https://red.test/', client_id => 'red')
        . provider('blue', jwks_file => $blue, issuer => 'https://blue.test/', client_id => 'blue'),
    http => <<'END',
    map $host $by_host { red.test red; blue.test blue; none.test ""; off.test off; odd.test nobody; default ""; }
    map $uri $by_path { volatile; ~^/t/(red|blue)/ $1; default ""; }
END
    server => <<'END',
    add_header Error $id_token_error always;
    add_header Provider $id_token_provider always;
    location /host { auth_id_token $by_host; empty_gif;
        location = /host/off { auth_id_token off; empty_gif; }
        location = /host/fixed { auth_id_token red; empty_gif; } }
    location /t/ { auth_id_token $by_path; empty_gif;
        location ~ /accel$ { auth_id_token $by_path; proxy_pass http://127.0.0.1:$server_port/to-accel$is_args$args; }
        location ~ /page$ { auth_id_token $by_path; ssi on; proxy_pass http://127.0.0.1:$server_port/to-page$is_args$args; } }
    location = /to-accel { add_header X-Accel-Redirect /t/$arg_to/x; return 204; }
    location = /to-page { default_type text/html; return 200 '<!--#include virtual="/t/$arg_to/x" -->'; }
    location /arg { auth_id_token $arg_p; empty_gif; }
    location /parts { auth_id_token $arg_a$arg_b; empty_gif; }
    location /braces { auth_id_token ${arg_a}e${arg_b}; empty_gif; }
    location /optional { auth_id_token $arg_p; auth_id_token_mode optional; empty_gif; }
    location /report { auth_id_token $arg_p; auth_id_token_mode report; add_header Error $id_token_error; add_header Sub "[$id_token_claim_sub]"; empty_gif; }
    location /claim { auth_id_token $id_token_claim_iss; empty_gif; }
    location /by-claim { auth_id_token red; try_files /nothing /claim; }
    location /any { satisfy any; allow all; auth_id_token $arg_p; empty_gif; }
    location /denied { satisfy any; deny all; auth_id_token $arg_p; empty_gif; }
    location /preflight { auth_id_token $arg_p; auth_id_token_preflight pass; empty_gif; }
    location /below { auth_id_token red; try_files /nothing /arg?p=$arg_p; }
END
);

my %token = (
    red    => token(iss => 'https://red.test/', aud => 'red'),
    blue   => token(iss => 'https://blue.test/', aud => 'blue', key => '@rsa2'),
    forged => token(iss => 'https://blue.test/', aud => 'blue'),
    tenant => token(),
);

sub ask {
    my ($path, $token, @headers) = @_;
    my $host = @headers && $headers[0] =~ /^Host: (.*)/ ? $1 : 'localhost';
    my $socket = IO::Socket::INET->new("127.0.0.1:$nginx->{port}") or die "connect: $!";
    my $method = $path =~ s/^([A-Z]+) // ? $1 : 'GET';
    print {$socket} join "\r\n", "$method $path HTTP/1.1", "Host: $host", 'Connection: close',
        grep({ !/^Host:/ } @headers), $token ? "Authorization: Bearer $token{$token}" : (), '', '';
    my $answer = IdTokenNginx::read_answer($socket);
    return join ' ', map { defined $_ && length $_ ? $_ : () } @$answer{qw(status error provider)};
}

# by host
for my $color (qw(red blue)) {
    my ($other) = grep { $_ ne $color } qw(red blue);
    is(ask('/host', $color, "Host: $color.test"), "200 $color", "$color at its host");
    is(ask('/host', $color, "Host: $color.TEST:80"), "200 $color", "$color at its host in another case");
    like(ask('/host', $other, "Host: $color.test"), qr/^401 \w+ $color$/, "$other at the host of $color");
    is(ask('/host', undef, "Host: $color.test"), "401 token_missing $color", "no token at the host of $color");
    is(ask("/t/$color/x", $color), "200 $color", "$color at its path");
    like(ask("/t/$color/x", $other), qr/^401 \w+ $color$/, "$other at the path of $color");
}
is(ask('/host', 'forged', 'Host: blue.test'), '401 key_unknown blue', 'the keys of another tenant');

# each location by its own provider, where the map is volatile
is(ask('/t/red/accel?to=red', 'red'), '200 red', 'X-Accel-Redirect to the same');
like(ask('/t/red/accel?to=blue', 'red'), qr/^401 \w+ blue$/, 'X-Accel-Redirect to another');
is(ask('/t/red/accel?to=green', 'red'), '403 provider_unknown', 'X-Accel-Redirect to nobody');
for my $row (['red', 1, 'the same'], ['blue', 0, 'another'], ['green', 0, 'nobody']) {
    my ($to, $shown, $title) = @$row;
    my $body = $nginx->get("/t/red/page?to=$to", "Authorization: Bearer $token{red}")->{body};
    is($body =~ /GIF89a/ ? 1 : 0, $shown, "SSI of $title");
}

# holes are refusals
for my $host (qw(none.test off.test odd.test other.test localhost)) {
    is(ask('/host', $_, "Host: $host"), '403 provider_unknown', "$host: " . ($_ || 'no token')) for undef, qw(red tenant);
}
for my $value ('', 'off', 'OFF', 'nobody', 'Red', 'red%20', '$by_host', 'tenant,red', 'red%00') {
    is(ask("/arg?p=$value", 'red'), '403 provider_unknown', "value '$value'");
}
is(ask('/arg?p=red', 'red'), '200 red', 'the value that is one');
is(ask('/t/green/x', 'red'), '403 provider_unknown', 'a path of nobody');
is(ask('/parts?a=re&b=d', 'red'), '200 red', 'a value of two parts');
is(ask('/parts?a=re', 'red'), '403 provider_unknown', 'of one of them');
is(ask('/braces?a=r&b=d', 'red'), '200 red', 'with text between');

# with others
is(ask('/host/off', undef, 'Host: red.test'), '200', 'off below it');
is(ask('/host/fixed', 'red', 'Host: blue.test'), '200 red', 'a fixed one below it');
is(ask('/optional', undef), '403 provider_unknown', 'optional: nobody is no anonymity');
is(ask('/optional?p=red', undef), '200 token_missing red', 'optional: anonymous');
is(ask('/report', 'red'), '200 provider_unknown', 'report: told');
is(ask('/report?p=red', 'red'), '200', 'report: good');
is(ask('/claim', 'red'), '403 provider_unknown', 'a token chooses nothing');
is(ask('/by-claim?p=red', 'red'), '403 provider_unknown', 'nor does one that another location has proven');
is(ask('/any', undef), '200 provider_unknown', 'satisfy any: by address');
is(ask('/denied', 'red'), '403 provider_unknown', 'satisfy any: nobody');
is(ask('/denied?p=red', 'red'), '200 red', 'satisfy any: by token');
is(ask('OPTIONS /preflight', undef, 'Origin: https://a', 'Access-Control-Request-Method: PUT'), '405 provider_unknown',
    'a preflight needs no provider');
is(ask('/below?p=red', 'red'), '200 red', 'an internal redirect to the same');
is(ask('/below?p=blue', 'red'), '401 key_unknown blue', 'to another');
is(ask('/below', 'red'), '403 provider_unknown', 'to nobody');

like($nginx->log, qr/\[info\].*id_token refused, provider_unknown: no such provider, provider ""/, 'the log line');
is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
