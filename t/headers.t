# auth_id_token_set_header: who sets it, who loses it, what is inherited. The
# spellings and the kinds of upstreams are in upstreams.t.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

start_upstreams();
my $pass  = pass_to('proxy');
my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider() . provider('other', issuer => 'https://other.test/'),
    http      => 'id_token_claim_set $deep /a/b; auth_id_token_set_header X-Http sub;'
        . ' large_client_header_buffers 8 64k;',
    server => <<"END",
    underscores_in_headers on;
    ignore_invalid_headers off;
    auth_id_token tenant;
    auth_id_token_set_header X-User sub;
    auth_id_token_set_header X-Mail email;

    location = /inherited { $pass }
    location /nested {
        auth_id_token_set_header X-Level one;
        location = /nested/deep { auth_id_token_set_header x_user email; $pass }
        location = /nested/same { $pass }
    }
    location = /own { auth_id_token_set_header X-Own \$id_token_claim_sub; $pass }
    location = /variable { auth_id_token_set_header X-V "\$deep-\$id_token_status"; $pass }
    location = /prefixed { auth_id_token_set_header X-V "user:\$id_token_claim_sub"; $pass }
    location = /untokened { auth_id_token_set_header X-V "\$http_x_from"; $pass }
    location = /proxy-set { proxy_set_header X-Fixed 1; $pass }
    location = /by-hand { proxy_set_header X-Copy \$http_x_user; $pass }
    location = /kinds {
        auth_id_token_set_header X-N n; auth_id_token_set_header X-B b;
        auth_id_token_set_header X-L l; auth_id_token_set_header X-O o;
        auth_id_token_set_header X-Null null; auth_id_token_set_header X-E e;
        auth_id_token_set_header X-P /o/k; auth_id_token_set_header X-U https://u.test/r; $pass }

    location = /early { if (\$http_x_user) { set \$seen 1; } proxy_set_header X-Copy \$http_x_user; $pass }
    location = /early-token { auth_id_token_strip on; if (\$http_authorization = "") { return 400; }
        proxy_set_header X-Copy \$http_authorization; $pass }
    location = /early-cookie { auth_id_token_source cookie=idt; auth_id_token_strip on; if (\$cookie_idt = "") { return 400; }
        proxy_set_header X-Copy "\$cookie_idt\$cookie_a"; $pass }

    location = /any { satisfy any; allow all; $pass }
    location = /any-denied { satisfy any; deny all; $pass }
    location = /optional { auth_id_token_mode optional; $pass }
    location = /report { auth_id_token_mode report; auth_id_token_require sub = alice; $pass }
    location = /preflight { auth_id_token_preflight pass; $pass }
    location = /off { auth_id_token off; $pass }
    location /off-any { auth_id_token off; satisfy any; allow all; location = /off-any/x { $pass } }
    location /limit { limit_except GET { auth_id_token_set_header X-Limit sub; $pass } $pass }
    location = /if { if (\$arg_x) { $pass } $pass }

    location = /redirected { try_files /nothing /target; }
    location = /target { $pass }
    location = /redirected-off { try_files /nothing /off; }
    location = /redirected-bare { auth_id_token_set_header X-Level one; try_files /nothing \@bare; }
    location \@bare { $pass }
    location = /accel { proxy_pass http://127.0.0.1:\$server_port/accel-to; }
    location = /accel-to { auth_id_token off; add_header X-Accel-Redirect /target; return 200; }
    location = /other { auth_id_token other; $pass }
    location = /to-other { try_files /nothing /other; }

    location = /auth { auth_request /check; $pass }
    location = /check { internal; auth_id_token off; proxy_pass http://127.0.0.1:\$server_port/verdict;
        proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location = /verdict { auth_id_token off; if (\$http_x_user != alice) { return 403; } return 204; }
    location = /ssi { ssi on; ssi_types text/plain; default_type text/plain; alias html/page; }
    location = /inner { auth_id_token_set_header X-Inner sub; $pass }
    location = /inner-off { auth_id_token off; $pass }
    location = /inner-mail { auth_id_token_set_header X-User email; $pass }
END
);

my @copies = ('X-User: root', 'x_mail: root', 'X.Http: root', 'X-Other: 1');
my %claims = (email => 'a@x.test', one => 1, a => { b => 'c' });
my $good   = bearer(claims => \%claims);

sub body { return $nginx->get(@_)->{body} }

sub got {
    my ($body, @names) = @_;
    return join ' ', map { sent($body, $_) } @names;
}

# inheritance
my $body = body('/inherited', @copies, $good);
is(got($body, qw(x_user x_mail x_http x_other)), 'alice a@x.test alice 1', 'headers of http and server');
is(body('/inherited', @copies), $nginx->get('/inherited')->{body}, 'without a token there is a refusal');
is($nginx->get('/inherited', @copies)->{status}, 401, 'and that is 401');
$body = body('/nested/deep', @copies, 'X-Level: root', $good);
is(got($body, qw(x_user x_mail x_http x_level)), 'a@x.test a@x.test alice 1', 'four levels, one set anew in another spelling');
like($body, qr/^x_user: /m, 'the spelling is that of the last directive');
unlike($body, qr/root|X-User/, 'and of no other');
is(got(body('/nested/same', $good), qw(x_user x_level)), 'alice 1', 'a sibling keeps the former one');
$body = body('/own', 'X-Own: root', $good);
is(got($body, qw(x_own x_user)), 'alice alice', 'a location adds to what it inherits');
$body = body('/proxy-set', @copies, $good);
is(got($body, qw(x_fixed x_user x_mail)), '1 alice a@x.test', 'proxy_set_header changes nothing');
is(got(body('/by-hand', @copies, $good), qw(x_copy x_user)), 'alice alice', '$http_x_user is the new one');
is(got(body('/early', @copies, $good), qw(x_copy x_user)), 'alice alice', 'also where "if" has read the former one');
is(got(body('/early-token', $good), qw(x_copy authorization)), '- -', '$http_authorization is empty, although "if" has read it');
is(got(body('/early-cookie', $good =~ s/.* /Cookie: a=1; idt=/r), qw(x_copy cookie)), '1 a=1', 'so is the cookie, the others stay');
is(sent(body('/prefixed', $good), 'x_v'), 'user:alice', 'a value with a variable in it');
for my $sub (' alice', 'alice ', '  alice', ' ') {
    is(sent(body('/inherited', bearer(sub => $sub)), 'x_user'), '-', "'$sub', which would arrive as another, is absent");
}
is(sent(body('/inherited', bearer(sub => 'a l')), 'x_user'), 'a l', 'a space inside stays');
is(sent(body('/own', bearer(sub => 'alice ')), 'x_own'), '-', 'a variable that ends in one is absent, too');
is(got(body('/if?x=1', @copies, $good), qw(x_user x_mail)), 'alice a@x.test', 'inherited by an if block');
is(got(body('/if', @copies, $good), qw(x_user x_mail)), 'alice a@x.test', 'and beside it');

# values
$body = body('/variable', 'X-V: root', $good);
is(got($body, 'x_v'), 'c-ok', 'several variables');
is(got(body('/untokened', 'X-V: root', "X-From: b\xc3\xa4r", $good), 'x_v'), "b\xc3\xa4r", 'another variable, UTF-8 as it is');
is(got(body('/untokened', 'X-V: root', $good), 'x_v'), '-', 'an empty variable is no header');
is(got(body('/untokened', 'X-V: root', "X-From: a\tb", $good), 'x_v'), '-', 'nor is one with a control character');
my $kinds = raw_token('"n":12345678901234567,"b":true,"l":["x",{"y":null}],"o":{"k":-1.5},'
    . '"null":null,"e":"","https://u.test/r":"R\u00fcd"');
$body = body('/kinds', "Authorization: Bearer $kinds", map {"X-$_: root"} qw(n b l o null e p u));
is(got($body, qw(x_n x_b x_l x_o x_p x_u)),
    '12345678901234567 true ["x",{"y":null}] {"k":-1.5} -1.5 R' . "\xc3\xbc" . 'd', 'each kind of a claim');
is(got($body, 'x_null'), '-', 'null is no header');
like(got($body, 'x_e'), qr/^-?$/, 'an empty string has no value');
unlike($body, qr/root/, 'copies are gone all the same');

# whoever let the request in
my $bad  = bearer(exp => -60, claims => \%claims);
my $bob  = bearer(sub => 'bob');
for my $row (
    ['satisfy any, by address', '/any', $bad, '- -'],
    ['satisfy any, by address and token', '/any', $good, 'alice a@x.test'],
    ['satisfy any, by token', '/any-denied', $good, 'alice a@x.test'],
    ['anonymous', '/optional', '', '- -'],
    ['optional with a token', '/optional', $good, 'alice a@x.test'],
    ['report, no token', '/report', '', '- -'],
    ['report, a bad token', '/report', $bad, '- -'],
    ['report, a rule that is not met', '/report', $bob, '- -'],
    ['report, good', '/report', $good, 'alice a@x.test'],
    ['off, no token', '/off', '', '- -'],
    ['off, a good token', '/off', $good, '- -'],
    ['off by address', '/off-any/x', $good, '- -'],
    ['no limited method', '/limit', $good, 'alice a@x.test'],
    ['try_files', '/redirected', $good, 'alice a@x.test'],
    ['a named location', '/redirected-bare', $good, 'alice a@x.test'],
    ['X-Accel-Redirect', '/accel', $good, 'alice a@x.test'],
    ['into a location that is off', '/redirected-off', $good, '- -'],
    ['auth_request that reads the header of nobody', '/auth', bearer(sub => 'root'), undef],
    ) {
    my ($title, $path, $token, $want) = @$row;
    my $answer = $nginx->get($path, @copies, 'X-Level: root', $token || 'X-None: 1');
    if (!defined $want) {
        is($answer->{status}, 403, "$title: 403");
        next;
    }
    is($answer->{status}, 200, "$title: let in");
    is(got($answer->{body}, qw(x_user x_mail)), $want, "$title: the headers");
    is(got($answer->{body}, qw(x_other)), '1', "$title: other headers");
    unlike($answer->{body}, $path =~ /redirected-bare/ ? qr/: root/ : qr/X-User: root|x_mail: root/, "$title: no copies");
}
is($nginx->get('/any-denied', @copies, $bad)->{status}, 401, 'satisfy any, denied, a bad token');
is($nginx->get('/optional', @copies, $bad)->{status}, 401, 'optional, a bad token');
is($nginx->get('/redirected-bare', 'X-Level: root', @copies)->{status}, 401, 'a named location, no token');
$body = body('/redirected-bare', 'X-Level: root', $good);
is(got($body, 'x_level'), '-', 'what an earlier location deleted does not come back');

my $answer = $nginx->get('OPTIONS /preflight', 'Origin: https://a', 'Access-Control-Request-Method: PUT', @copies);
is($answer->{status}, 200, 'a preflight');
is(got($answer->{body}, qw(x_user x_mail)), '- -', 'its copies are gone');

is(got(body('/limit', 'X-Limit: root', $good), 'x_limit'), 'root', 'limit_except: not for the methods beside it');
is(got(post($nginx, '/limit', 'x', 'X-Limit: root', $good)->{body}, 'x_limit', 'x_user'),
    'alice alice', 'limit_except: for the others');

# another provider behind an internal redirect
is($nginx->get('/to-other', $good)->{status}, 401, 'no header of the first provider at the second');

# subrequests
$answer = $nginx->get('/auth', @copies, $good);
is($answer->{status}, 200, 'auth_request sees whom the token names, not what the client says');
is(got($answer->{body}, qw(x_user x_other)), 'alice 1', 'and its parent is none the worse');
mkdir "$nginx->{dir}/html";
open my $page, '>', "$nginx->{dir}/html/page" or die $!;
print {$page} '<!--# include virtual="/inner" -->', '<!--# include virtual="/inner-mail" -->',
    '<!--# include virtual="/inner-off" -->', '<!--# include virtual="/inherited" -->';
close $page;
$answer = $nginx->get('/ssi', @copies, 'X-Inner: root', $good);
is(got($answer->{body}, 'x_user'), 'alice|a@x.test|alice|alice',
    'subrequests each by their own location, one that is off by the request above');
is(got($answer->{body}, 'x_other'), '1|1|1|1', 'other headers in each');
is(got($answer->{body}, 'x_inner'), 'alice|root|root|root', 'a header of one only');
unlike($answer->{body}, qr/X-User: root|mail: root/i, 'no copies in any');

# many headers: more than one part of nginx's list
for my $count (0, 17 .. 21, 60) {
    my @many = map { ("X-F-$_: $_", $_ % 3 ? () : 'x_user: root') } 1 .. $count;
    $body = body('/inherited', @many, $good);
    is(join(' ', map { $_->[1] } grep { $_->[0] =~ /^x_f_/ } fields($body)), join(' ', 1 .. $count), "$count others");
    is(got($body, 'x_user'), 'alice', "$count others and copies");
}

# without any provider there is nothing to prove, and still nothing to forge
my $bare = IdTokenNginx->start(workers => 1, providers => '', server => <<"END");
    location = /bare { auth_id_token off; auth_id_token_set_header X-User sub; auth_id_token_strip on; $pass }
END
$body = $bare->get('/bare', 'x_user: root', $good)->{body};
is(got($body, qw(x_user authorization)), '- -', 'without a provider, too, copies and tokens are removed');
$bare->stop;

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
