# A logout ends the session wherever its token is; a login in the second of a
# logout is tried once more.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenLogin;
use IdTokenNginx;
use Test::More;

my $now   = time;
my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => login_provider(),
    server    => login_server(<<'END'),
        location = /back { id_token_backchannel_logout tenant; }
        location = /held { id_token_revoke; }
        location = /bearer { auth_id_token tenant; auth_id_token_source bearer; add_header Error $id_token_error always; empty_gif; }
END
);
mkdir "$nginx->{dir}/html";
{
    open my $file, '>', "$nginx->{dir}/html/page" or die $!;
    print {$file} 'the page';
}

# Of the whole token, wherever it is: 200, or 401 and the reason.
sub elsewhere {
    my ($token) = @_;
    my $answer = IdTokenLogin->new($nginx)->request('GET /bearer', "Authorization: Bearer $token");
    return join ' ', $answer->{status}, $answer->{error} || ();
}

sub held {
    my ($count) = IdTokenLogin->new($nginx)->request('GET /held')->{body} =~ /"revocations":(\d+)/;
    return $count;
}

sub log_out_at_the_tenant {
    my (%claims) = @_;
    my $token = token(sub => 'alice', header => { typ => 'logout+jwt' },
        claims => { exp => $now + 3600, jti => join('-', %claims), events => {
            'http://schemas.openid.net/event/backchannel-logout' => {} }, %claims });
    return IdTokenLogin->new($nginx)->post('/back', logout_token => $token);
}

subtest 'a logout ends its own session, whoever else has the token' => sub {
    my ($one, $other) = map { IdTokenLogin->new($nginx) } 1, 2;
    $_->login('/page', sub => 'alice') for $one, $other;
    my $stolen = $one->{jar}{'__Host-id'};
    is(elsewhere($stolen), '200', 'a token');
    is($one->request('POST /oidc/logout', 'Sec-Fetch-Site: cross-site')->{status}, 403, 'no logout');
    is(elsewhere($stolen), '200', 'ends nothing');
    is($one->request('POST /oidc/logout', 'Sec-Fetch-Site: same-origin')->{status}, 200, 'a logout');
    is(elsewhere($stolen), '401 revoked', 'ends it');
    is($other->visit('/page')->{status}, 200, 'the other session of the same person goes on');
    is(held(), 1, 'one entry');
    $one->login('/page', sub => 'alice');
    is($one->visit('/page')->{status}, 200, 'and he may log in again at once');
};

subtest 'what is no session of ours fills no list' => sub {
    my $before = held();
    for my $token (token(break => 'sig'), token(exp => -3600), token(aud => 'other'), 'x') {
        my $browser = IdTokenLogin->new($nginx);
        $browser->{jar}{'__Host-id'} = $token;
        is($browser->request('POST /oidc/logout', 'Sec-Fetch-Site: same-origin')->{status}, 200, 'a logout');
        is_deeply([keys %{ $browser->{jar} }], [], 'takes the cookie');
    }
    is(held(), $before, 'and leaves no entry');
};

subtest 'a login in the second of a logout is tried again a second later' => sub {
    is(log_out_at_the_tenant(sid => 's1', iat => $now)->{status}, 200, 'a logout at the tenant');
    my $browser = IdTokenLogin->new($nginx);
    my $answer = $browser->login('/page?a=b', sub => 'alice', claims => { sid => 's1', iat => $now });
    is($answer->{status}, 200, 'a login of the same second');
    is($answer->{refresh}, '1; url=http://localhost/page?a=b', 'is sent once more');
    is($answer->{said}, 'tried again', '$id_token_login');
    like($answer->{body}, qr/logged out a moment ago/, 'and told why');
    is($browser->{jar}{'__Host-id'}, undef, 'no session');
    $answer = $browser->login('/page?a=b', sub => 'alice', claims => { sid => 's1', iat => $now + 1 });
    is($answer->{status}, 303, 'a login of the next one');
    is($browser->visit('/page')->{status}, 200, 'is a session, under the same sid');
};

subtest 'that never becomes a loop' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my @status;
    for (1 .. 3) {
        push @status, $browser->login('/page', sub => 'alice', claims => { sid => 's1', iat => $now })->{status};
    }
    is("@status", '200 200 200', 'three times');
    is($browser->visit('/page')->{status}, 403, 'then a page says that it does not work');
};

is($nginx->complaints, '', 'nothing to complain of');

subtest 'what anybody may send crowds out nothing' => sub {
    my $small = IdTokenNginx->start(workers => 1,
        providers => login_provider() . "id_token_revocations { zone 32k; }\n",
        server    => login_server('location = /front { id_token_frontchannel_logout tenant; }'
            . 'location = /back { id_token_backchannel_logout tenant; }'));
    my $iss = escape($IdToken::issuer);
    my ($good, $answer) = 0;
    for my $n (1 .. 400) {
        $answer = IdTokenLogin->new($small)->request("GET /front?iss=$iss&sid=$n");
        last if $answer->{status} != 200;
        $good++;
    }
    cmp_ok($good, '>', 20, 'many are taken');
    is($answer->{status}, 503, 'then no more');
    like($answer->{body}, qr/too many logouts without proof are kept/, 'which is said');
    is($answer->{'retry-after'}, 5, 'for now');
    my $token = token(sub => 'alice', header => { typ => 'logout+jwt' }, claims => {
        exp => $now + 3600, jti => 'j', events => { 'http://schemas.openid.net/event/backchannel-logout' => {} } });
    is(IdTokenLogin->new($small)->post('/back', logout_token => $token)->{status}, 200,
        'those of the tenant are');
    is($small->complaints, '', 'and nothing was forgotten');
};

done_testing();
