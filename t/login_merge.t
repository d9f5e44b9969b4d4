# What locations inherit of a login: auth_id_token_login, its parameters, the
# share of a renewal. And the renewal itself.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenLogin;
use IdTokenNginx;
use Test::More;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => login_provider(login_parameter => 'prompt $arg_prompt') . login_provider(name => 'b', redirect_uri => '/b/callback'),
    http      => <<'END',
    auth_id_token_login on;
    auth_id_token_login_parameter acr_values http;
    auth_id_token_renew off;
END
    server    => <<'END',
        auth_id_token_source cookie=__Host-id;
        auth_id_token tenant;
        add_header Said "$id_token_login" always;
        location / { empty_gif; }
        location = /oidc/callback { id_token_callback tenant; }
        location = /b/callback { id_token_callback b; }
        location = /b { auth_id_token b; auth_id_token_nonce off; empty_gif; }
        location = /none { auth_id_token off; empty_gif; }
        location /off {
            auth_id_token_login off;
            empty_gif;
            location /off/on { auth_id_token_login on; empty_gif; }
            location = /off/off { empty_gif; }
        }
        location /limit {
            limit_except HEAD { auth_id_token_login off; }
            empty_gif;
        }
        location /high {
            auth_id_token_login_parameter acr_values high;
            auth_id_token_login_parameter login_hint $arg_user;
            empty_gif;
            location = /high/nested { empty_gif; }
        }
        location /renew {
            auth_id_token_renew 20%;
            empty_gif;
            location = /renew/off { auth_id_token_renew off; empty_gif; }
            location = /renew/nested { empty_gif; }
        }
        location = /any { satisfy any; deny all; empty_gif; }
        location = /any/in { satisfy any; allow all; empty_gif; }
        location = /optional { auth_id_token_mode optional; empty_gif; }
        location = /rule { auth_id_token_require acr = high error=401; empty_gif; }
        location = /forbidden { auth_id_token_require acr = high; empty_gif; }
END
);

sub seen { my ($path) = @_; return IdTokenLogin->new($nginx)->visit($path) }

is(seen('/')->{status}, 302, 'on: of http');
is(seen('/none')->{status}, 200, 'nothing without a gate');
is(seen('/off')->{status}, 401, 'off');
is(seen('/off/off')->{status}, 401, 'off: inherited');
is(seen('/off/on')->{status}, 302, 'on again');
is(seen('/limit')->{status}, 401, 'off in limit_except');
is(seen('/any')->{status}, 302, 'satisfy any: when nobody else lets it in');
is(seen('/any')->{'www-authenticate'}, undef, 'and no challenge');
is(seen('/any/in')->{status}, 200, 'satisfy any: somebody does');
is(seen('/optional')->{status}, 200, 'optional: anonymous');

my %of = map { ($_ => IdTokenLogin->new($nginx)->begin($_)) } '/', '/?prompt=login', '/high?user=ann', '/high/nested', '/b';
is($of{'/'}{acr_values}, 'http', 'a parameter of http');
is($of{'/'}{prompt}, undef, 'an empty one is left out');
is($of{'/?prompt=login'}{prompt}, 'login', 'one of the provider, with a variable');
is($of{'/high?user=ann'}{acr_values}, 'high', 'one set anew');
is($of{'/high?user=ann'}{login_hint}, 'ann', 'and another');
is($of{'/high/nested'}{acr_values}, 'high', 'inherited');
is($of{'/b'}{redirect_uri}, 'http://localhost/b/callback', 'another provider has its own callback');

subtest 'a transaction is of its provider' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/b');
    my $answer = $browser->finish($begun);
    is($answer->{status}, 403, 'the callback of another');
    is($answer->{said}, 'transaction_provider', 'refuses it');
};

subtest 'rules' => sub {
    my $browser = IdTokenLogin->new($nginx);
    $browser->login('/');
    is($browser->visit('/forbidden')->{status}, 403, '403 is never redirected');
    is($browser->visit('/rule')->{status}, 401, 'a rule with error=401 is not mended by the login that was just done');
    delete $browser->{jar}{$_} for grep { /logins/ } keys %{ $browser->{jar} };
    is($browser->visit('/rule')->{status}, 302, 'half a minute later it is tried');
};

# A session of 1000 seconds of which so many are left.
sub session {
    my ($left) = @_;
    my $browser = IdTokenLogin->new($nginx);
    my $now = time;
    $browser->login('/', claims => { iat => $now - 1000 + $left }, exp => $now + $left);
    return $browser;
}

subtest 'renewal' => sub {
    my $browser = session(100);
    is($browser->visit('/')->{status}, 200, 'off: of http');
    is($browser->visit('/renew/off')->{status}, 200, 'off');
    is(session(300)->visit('/renew')->{status}, 200, 'not yet');
    is($browser->request('GET /renew')->{status}, 200, 'not for a fetch');
    my $begun = $browser->begin('/renew/nested?x');
    is($begun->{answer}{status}, 302, 'due');
    is($begun->{answer}{said}, 'renewing', '$id_token_login');
    is($begun->{prompt}, 'none', 'nobody is asked');
    is($browser->visit('/renew')->{status}, 200, 'once a minute');
    my $answer = $browser->finish($begun);
    is($answer->{said}, 'renewed', 'a new token');
    is($answer->{location}, 'http://localhost/renew/nested?x', 'back');
};

subtest 'a renewal that needs the user' => sub {
    my $browser = session(100);
    my $begun = $browser->begin('/renew');
    my $before = $browser->{jar}{'__Host-id'};
    my $answer = $browser->post('/oidc/callback', state => $begun->{state}, error => 'login_required');
    is($answer->{status}, 303, 'goes back');
    is($answer->{said}, 'not renewed', '$id_token_login');
    is($browser->{jar}{'__Host-id'}, $before, 'with the old session');
    my ($note) = grep { /^__Host-oidc_renewal_/ } @{ $answer->{set} };
    cmp_ok(($note =~ /Max-Age=(\d+)/)[0], '>', 60, 'and is not tried again before its end');
    is($browser->visit('/renew')->{status}, 200, 'the page');
};

$nginx->stop;
is($nginx->complaints, '', 'nothing to complain of');
done_testing;
