# A login by a form that the tenant posts: from the first page load to the
# session, and what is refused on the way.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenLogin;
use IdTokenNginx;
use Test::More;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => login_provider(),
    server    => login_server(<<'END'),
        location = /upstream { auth_id_token tenant; proxy_pass http://127.0.0.1:$server_port/echo; }
        location = /stripped { auth_id_token tenant; auth_id_token_strip on; proxy_pass http://127.0.0.1:$server_port/echo; }
        location = /echo { default_type text/plain; return 200 "$http_cookie"; }
        location = /ssi { auth_id_token tenant; ssi on; ssi_types text/plain; default_type text/plain; root html; try_files /ssi.txt =404; }
        location = /both {
            auth_id_token tenant;
            auth_id_token_login on;
            auth_id_token_source bearer cookie=__Host-id;
        }
END
);
mkdir "$nginx->{dir}/html";
{
    open my $file, '>', "$nginx->{dir}/html/page" or die $!;
    print {$file} 'the page';
    open $file, '>', "$nginx->{dir}/html/ssi.txt" or die $!;
    print {$file} '<!--#include virtual="/oidc/me" -->';
}

subtest 'a first visit ends on the page that was asked for' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/page?a=b&c=%20');
    is($begun->{answer}{status}, 302, 'it is sent to the tenant');
    is($begun->{answer}{'cache-control'}, 'no-store', 'and nobody keeps that');
    is($begun->{answer}{'www-authenticate'}, undef, 'without a challenge');
    like($begun->{answer}{location},
        qr{^https://op\.example\.com/auth\?x=y&response_type=id_token&response_mode=form_post&},
        'where the configuration says');
    is($begun->{scope}, 'openid', 'scope');
    is($begun->{redirect_uri}, 'http://localhost/oidc/callback', 'redirect_uri');
    like($begun->{nonce}, qr/^[\w-]{43}$/, 'a nonce');
    like($begun->{state}, qr/^[\w-]{43}$/, 'a state');
    my ($name) = keys %{ $browser->{jar} };
    is($name, '__Host-oidc_tx_' . substr($begun->{state}, 0, 8), 'a transaction');
    like($begun->{answer}{set}[0],
        qr{; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=None$}, 'its attributes');

    my $answer = $browser->finish($begun, sub => 'alice');
    is($answer->{status}, 303, 'the answer is taken');
    is($answer->{location}, 'http://localhost/page?a=b&c=%20', 'back');
    is($answer->{said}, 'succeeded', '$id_token_login');
    is($answer->{'cache-control'}, 'no-store', 'not kept');
    is($answer->{'referrer-policy'}, 'no-referrer', 'the tenant is not told on');
    is(nonce_of($browser->{jar}{'__Host-id-r'}), $begun->{nonce}, 'the binding');
    is(grep(/oidc_tx/, keys %{ $browser->{jar} }), 0, 'the transaction is over');
    my ($session) = grep { /^__Host-id=/ } @{ $answer->{set} };
    like($session, qr{; Path=/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$}, 'the session');

    my $page = $browser->visit('/page');
    is($page->{status}, 200, 'the page');
    is($page->{sub}, 'alice', 'for alice');
};

subtest 'only page loads are sent away' => sub {
    my $browser = IdTokenLogin->new($nginx);
    is($browser->request('GET /page', 'Accept: text/html,*/*;q=0.8')->{status}, 302,
        'an old browser');
    is($browser->request('GET /page')->{status}, 401, 'no browser');
    is($browser->request('GET /page', 'Accept: application/json')->{status}, 401, 'a fetch');
    is($browser->visit('/page', 'Sec-Purpose: prefetch')->{status}, 401, 'a prefetch');
    is($browser->request('GET /page', 'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Dest: iframe', 'Accept: text/html')->{status}, 401, 'a frame');
    is($browser->request('POST /page', 'Accept: text/html')->{status}, 401, 'a POST');
    my $bearer = $browser->visit('/both', bearer(exp => 1000000000));
    is($bearer->{status}, 401, 'a bearer token');
    like($bearer->{'www-authenticate'}, qr/Bearer/, 'with its challenge');
};

subtest 'a bad cookie is expired on the way' => sub {
    my $browser = IdTokenLogin->new($nginx);
    $browser->{jar}{'__Host-id'} = token(exp => 1000000000);
    $browser->{jar}{'__Host-id-r'} = 'x';
    my $begun = $browser->begin('/page');
    is($begun->{answer}{status}, 302, 'sent away');
    is_deeply([grep { /^__Host-id/ } keys %{ $browser->{jar} }], [], 'the old session is gone');
};

my $secret = 'A' x 43;

sub refused {
    my ($title, $answer, $status, $said, $text) = @_;
    is($answer->{status}, $status, "$title: $status");
    is($answer->{said}, $said, "$title: $said");
    unlike($answer->{body} || '', qr/evil|<script/, "$title: nothing is echoed");
    is(scalar(grep { /^__Host-id[=.]/ && !/Max-Age=0/ } @{ $answer->{set} }), 0,
        "$title: no session");
    return;
}

subtest 'answers that are refused' => sub {
    my $victim = IdTokenLogin->new($nginx);
    my $begun = $victim->begin('/page');

    my $none = IdTokenLogin->new($nginx);
    refused('without the transaction', $none->finish($begun), 403, 'transaction_missing');

    my $other = IdTokenLogin->new($nginx);
    my $theirs = $other->begin('/page');
    refused('the state of another login', $other->post('/oidc/callback',
        state => $begun->{state}, id_token => token(claims => { nonce => $theirs->{nonce} })),
        403, 'transaction_missing');
    my %jar = %{ $other->{jar} };
    refused('the token of another login', $other->post('/oidc/callback',
        state => $theirs->{state}, id_token => token(claims => { nonce => $begun->{nonce} })),
        403, 'token_refused');
    is(scalar(keys %{ $other->{jar} }), 0, 'the transaction is over all the same');
    is($nginx->count_log('login failed, token_refused.*nonce'), 1, 'the log says why');

    for my $case (
        ['no nonce', claims => {}, nonce => undef],
        ['an expired token', exp => 1000000000],
        ['a token of another client', aud => 'other'],
        ['a broken signature', break => 'sig'],
    ) {
        my ($title, %token) = @$case;
        my $browser = IdTokenLogin->new($nginx);
        my $mine = $browser->begin('/page');
        delete $token{nonce};
        my $id_token = $title eq 'no nonce' ? token() : token(claims => { nonce => $mine->{nonce} }, %token);
        refused($title, $browser->post('/oidc/callback', state => $mine->{state},
            id_token => $id_token), 403, 'token_refused');
    }

    my $changed = IdTokenLogin->new($nginx);
    my $mine = $changed->begin('/page');
    $_ =~ s/.$/$& eq 'A' ? 'E' : 'A'/e for values %{ $changed->{jar} };
    refused('a changed cookie', $changed->finish($mine), 403, 'transaction_seal');

    my $same = IdTokenLogin->new($nginx);
    $mine = $same->begin('/page');
    (my $state = $mine->{state}) =~ s/.$/$& eq 'A' ? 'E' : 'A'/e;
    refused('a state that only begins alike', $same->post('/oidc/callback', state => $state,
        id_token => token(claims => { nonce => $mine->{nonce} })), 403, 'state_differs');

    my $moved = IdTokenLogin->new($nginx);
    $mine = $moved->begin('/page');
    $moved->{host} = '127.0.0.1';
    refused('on another host', $moved->finish($mine), 403, 'transaction_host');
};

subtest 'what is no answer' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/page');
    my $form = 'Content-Type: application/x-www-form-urlencoded';
    my $good = answer_form(state => $begun->{state}, id_token => token(claims => { nonce => $begun->{nonce} }));
    my $twice = "$good&state=$begun->{state}";
    my $long = "$good&x=" . 'x' x 65536;
    refused('a GET', $browser->request("GET /oidc/callback?$good"), 400, 'answer_method');
    refused('JSON', $browser->request('POST /oidc/callback', 'Content-Type: application/json',
        \$good), 400, 'answer_type');
    refused('a field twice', $browser->request('POST /oidc/callback', $form, \$twice), 400, 'answer_twice');
    refused('more than 64 KB', $browser->request('POST /oidc/callback', $form, \$long), 400, 'answer_too_long');
    my $chunked = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $long, $long;
    refused('more than 64 KB in pieces', $browser->request('POST /oidc/callback', $form,
        'Transfer-Encoding: chunked', \$chunked), 400, 'answer_too_long');
    refused('a broken escape', $browser->post_text('/oidc/callback', 'state=%'), 400, 'answer_form');
    refused('no state', $browser->post('/oidc/callback', id_token => 'evil'), 400, 'state_missing');
    my $ten = $browser->request('POST /oidc/callback', $form, 'Content-Length: 10485760', \'x');
    is($ten->{status}, 413, '10 MB: nginx itself');
    # A body that nginx writes to a file, as it does above 16 KB.
    my $file = "$good&x=" . 'x' x 60000;
    is($browser->request('POST /oidc/callback', $form, \$file)->{status}, 303, 'a form of 60 KB is read');
};

subtest 'the tenant says no' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/page');
    my $answer = $browser->post('/oidc/callback', state => $begun->{state},
        error => 'access_denied', error_description => '<script>evil</script>');
    refused('access_denied', $answer, 403, 'tenant_error');
    like($answer->{body}, qr{<code>access_denied</code>}, 'its code is shown');
    is(scalar(keys %{ $browser->{jar} }), 0, 'the transaction is over');
    $begun = $browser->begin('/page');
    $answer = $browser->post('/oidc/callback', state => $begun->{state}, error => 'evil');
    like($answer->{body}, qr{<code>unknown_error</code>}, 'another code is not');
};

subtest 'return paths' => sub {
    for my $case (
        ['//evil.test/', '/'], ['/a//b', '/a//b'], ["/" . 'a' x 255, "/" . 'a' x 255],
        ["/" . 'a' x 256, '/'], ['/\\evil', '/'], ['/%5Cevil', '/%5Cevil'],
    ) {
        my ($path, $back) = @$case;
        my $browser = IdTokenLogin->new($nginx);
        my $answer = $browser->login($path);
        is($answer->{location}, "http://localhost$back", $path);
    }
};

subtest 'a session belongs to its browser' => sub {
    my $browser = IdTokenLogin->new($nginx);
    $browser->login('/page');
    is($browser->visit('/page')->{status}, 200, 'its own');
    my $thief = IdTokenLogin->new($nginx);
    $thief->{jar}{'__Host-id'} = $browser->{jar}{'__Host-id'};
    is($thief->visit('/page')->{status}, 302, 'a stolen token');
    $thief->{jar} = { '__Host-id' => $browser->{jar}{'__Host-id'} };
    is($thief->request('GET /oidc/me')->{status}, 401, 'in every location that reads the cookie');
    $thief->{jar} = { '__Host-id' => token(), '__Host-id-r' => $browser->{jar}{'__Host-id-r'} };
    is($thief->request('GET /oidc/me')->{status}, 401, 'a token without a nonce');
    $thief->{jar} = { '__Host-id' => token(claims => { nonce => nonce_of('x') }), '__Host-id-r' => 'x' };
    is($thief->request('GET /oidc/me')->{status}, 200, 'what fits together passes');
};

subtest 'who is logged in' => sub {
    my $browser = IdTokenLogin->new($nginx);
    is($browser->request('GET /oidc/me')->{status}, 401, 'nobody');
    $browser->login('/page', sub => 'bob', claims => { name => 'Bob' });
    my $me = $browser->request('GET /oidc/me');
    is($me->{status}, 200, 'somebody');
    is($me->{'cache-control'}, 'no-store', 'not kept');
    is_deeply([sort keys %{ JSON::PP::decode_json($me->{body}) }], [qw(iss name sub)], 'no claim of the protocol');
};

subtest 'twenty tabs' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my %empty;
    my @begun = map { local $browser->{jar} = { %empty }; my $b = $browser->begin("/page?$_");
        [$b, { %{ $browser->{jar} } }] } 1 .. 20;
    %{ $browser->{jar} } = map { %{ $_->[1] } } @begun;
    is(scalar(keys %{ $browser->{jar} }), 20, 'twenty transactions');
    my $answer = $browser->finish($begun[19][0]);
    is($answer->{status}, 303, 'the last ends well');
    cmp_ok(scalar(grep { /oidc_tx/ } keys %{ $browser->{jar} }), '<=', 5, 'five stay at most');
};

subtest 'a loop ends' => sub {
    my $browser = IdTokenLogin->new($nginx);
    for my $round (1 .. 3) {
        is($browser->login('/page')->{status}, 303, "login $round");
        delete $browser->{jar}{'__Host-id-r'};
    }
    my $answer = $browser->visit('/page');
    is($answer->{status}, 403, 'the fourth is a page');
    like($answer->{body}, qr/administrator/, 'that says so');
    is($answer->{said}, 'loop', '$id_token_login');
};

subtest 'a replayed answer brings the same session' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/page');
    my %jar = %{ $browser->{jar} };
    is($browser->finish($begun)->{status}, 303, 'once');
    refused('without the cookie', $browser->finish($begun), 403, 'transaction_missing');
    %{ $browser->{jar} } = %jar;
    is($browser->finish($begun)->{status}, 303, 'with the cookie that was kept');
};

subtest 'a long token is split' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $answer = $browser->login('/page', claims => { groups => 'g' x 5000 });
    is($answer->{status}, 303, 'it is taken');
    ok(!exists $browser->{jar}{'__Host-id'}, 'not as one cookie');
    ok(exists $browser->{jar}{'__Host-id.1'}, 'as two');
    is($browser->request('GET /oidc/me')->{status}, 200, 'and joined again');
    refused('above eight pieces', IdTokenLogin->new($nginx)->login('/', claims => { groups => 'g' x 30000 }), 403, 'token_too_long');
};

subtest 'a login by a link' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/oidc/login?return=%2Fpage%3Fx');
    is($begun->{answer}{status}, 302, 'it begins');
    is($browser->finish($begun)->{location}, 'http://localhost/page?x', 'and comes back');
    is($browser->login('/oidc/login?return=//evil.test')->{location}, 'http://localhost/', 'to us alone');
    is($browser->request('GET /oidc/login')->{status}, 403, 'not for an image');
};

subtest 'logout' => sub {
    my $browser = IdTokenLogin->new($nginx);
    $browser->login('/page');
    my $ask = $browser->request('GET /oidc/logout', 'Sec-Fetch-Mode: no-cors',
        'Sec-Fetch-Dest: image', 'Sec-Fetch-Site: cross-site');
    is($ask->{status}, 200, 'an image');
    like($ask->{body}, qr/<form method="post">/, 'is asked');
    ok($browser->{jar}{'__Host-id'}, 'and ends nothing');
    is($browser->request('POST /oidc/logout', 'Sec-Fetch-Site: cross-site', 'Origin: https://evil.test')->{status}, 403,
        'a form of another site');
    ok($browser->{jar}{'__Host-id'}, 'ends nothing');
    my $out = $browser->request('POST /oidc/logout', 'Sec-Fetch-Site: same-origin');
    is($out->{status}, 200, 'our own form');
    like($out->{body}, qr/logged out/, 'says so');
    is_deeply([keys %{ $browser->{jar} }], [], 'no cookie is left');
    $browser->login('/page');
    is($browser->visit('/oidc/logout')->{status}, 200, 'from the address bar');
    is_deeply([keys %{ $browser->{jar} }], [], 'at once');
};

subtest 'what the upstream sees' => sub {
    my $browser = IdTokenLogin->new($nginx);
    $browser->login('/page');
    $browser->{jar}{'__Host-oidc_tx_abcdefgh'} = 'x';
    $browser->{jar}{'__Host-other-r'} = 'theirs';
    $browser->{jar}{b} = 'c';
    my $seen = $browser->request('GET /upstream')->{body};
    like($seen, qr/__Host-id=ey/, 'the token, unless it is stripped');
    like($seen, qr/__Host-other-r=theirs; b=c$/, 'the cookies of others');
    unlike($seen, qr/oidc_|__Host-id-r/, 'nothing that a login keeps');
    is($browser->request('GET /stripped')->{body}, '__Host-other-r=theirs; b=c', 'nor the token');
    is($browser->request('GET /ssi')->{status}, 200, 'and yet a subrequest');
    like($browser->request('GET /ssi')->{body}, qr/"sub":/, 'is judged by what there was');
};

$nginx->stop;
is($nginx->complaints, '', 'nothing to complain of');
done_testing;
