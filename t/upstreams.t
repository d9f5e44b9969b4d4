# The same through each kind of upstream: what arrives, byte for byte, of a
# header that is set, of copies that the client sent, and of the token.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

start_upstreams();

sub locations {
    my ($more) = @_;
    my $text = '';
    for my $kind (@kinds) {
        my $pass = pass_to($kind);
        $text .= <<"END";
    location = /$kind { $pass }
    location = /$kind/cookie { auth_id_token_source cookie=idt; $pass }
    location = /$kind/optional { auth_id_token_mode optional; $pass }
    location = /$kind/report { auth_id_token_mode report; $pass }
    location = /$kind/any { satisfy any; allow all; $pass }
    location = /$kind/off { auth_id_token off; $pass }
END
    }
    return $text;
}

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(),
    http      => h2_server() . 'large_client_header_buffers 8 64k;
        id_token_claim_set $first /groups/0;',
    server => <<'END' . locations(),
    underscores_in_headers on;
    ignore_invalid_headers off;
    auth_id_token tenant;
    auth_id_token_strip on;
    auth_id_token_set_header X-User sub;
    auth_id_token_set_header X-First $first;
    auth_id_token_set_header X-Absent nothing;
    auth_id_token_set_header X-Mail email;
END
);

my $token  = token(claims => { groups => ['staff', 'b'], email => 'a@x' });
my $bearer = "Authorization: Bearer $token";
my @copies = ('X-User: root', 'x-user: root', 'X_USER: root', 'X_User: root',
    'X.User: root', 'x~user: root', 'X-First: root', 'X_First: root',
    'x-absent: root', 'X.Absent: root', 'X-User[]: root', 'X-User[0]: root');
my @many = map {"X-Filler-$_: $_"} 1 .. 45;

for my $kind (@kinds) {
    my $answer = $nginx->get("/$kind", @copies[0 .. 4], $bearer,
        @copies[5 .. 9], 'X-Users: stays', 'X-Other: kept');
    is($answer->{status}, 200, "$kind: let in");
    my $body = $answer->{body};
    is(sent($body, 'x_user'),   'alice', "$kind: the client's copies are gone");
    is(sent($body, 'x_first'),  'staff', "$kind: a variable in a header");
    is(sent($body, 'x_absent'), '-',     "$kind: an absent claim is no header");
    is(sent($body, 'x_other'),  'kept',  "$kind: other headers are kept");
    is(sent($body, 'x_users'),  'stays', "$kind: a longer name is another one");
    is(sent($body, 'authorization'), '-', "$kind: the token is stripped");
    unlike($body, qr/eyJ|root/, "$kind: nowhere is a token or a copy");

    is($nginx->get("/$kind", @copies)->{status}, 401, "$kind: no token: refused");

    $answer = $nginx->get("/$kind/cookie", 'X-User: root',
        "Cookie: a=1; idt=$token; b=2", 'Authorization: Basic YTpi', @many);
    is(sent($answer->{body}, 'cookie'), 'a=1; b=2', "$kind: one cookie of three is stripped");
    is(sent($answer->{body}, 'authorization'), 'Basic YTpi', "$kind: another scheme stays");
    is(sent($answer->{body}, 'x_user'), 'alice', "$kind: the header by a cookie's token");
    is(scalar(grep { $_->[0] =~ /^x_filler/ } fields($answer->{body})),
        45, "$kind: all of 45 other headers arrive");

    $answer = $nginx->get("/$kind/optional", @copies);
    is($answer->{status}, 200, "$kind: anonymous");
    unlike($answer->{body}, qr/root/, "$kind: an anonymous client's copies are gone");

    $answer = $nginx->get("/$kind/report", @copies, bearer(exp => -60));
    is($answer->{status}, 200, "$kind: report mode");
    unlike($answer->{body}, qr/root|eyJ|alice/, "$kind: neither copies nor token in report mode");
    is(sent($nginx->get("/$kind/report", $bearer)->{body}, 'x_user'),
        'alice', "$kind: the header of a good token in report mode");

    $answer = $nginx->get("/$kind/any", @copies, bearer(exp => -60));
    is($answer->{status}, 200, "$kind: let in by address");
    unlike($answer->{body}, qr/root|eyJ|alice/, "$kind: and yet no copies, no token");

    $answer = $nginx->get("/$kind/off", @copies, $bearer);
    unlike($answer->{body}, qr/root|eyJ|alice/, "$kind: the same where the module is off");
}

# A claim that could become a line of its own, by every way into a header.
for my $value ('a\r\nX-Admin: 1', 'a\nX-Admin: 1', 'a\rX-Admin: 1', 'a\u007fb', 'a\tb', '\u0001') {
    my $evil = raw_token(qq{"groups":["$value"],"email":"$value"});
    for my $kind (@kinds) {
        my $answer = $nginx->get("/$kind", "Authorization: Bearer $evil", @copies);
        is($answer->{status}, 200, "$kind: a token with $value");
        is(sent($answer->{body}, 'x_mail') . sent($answer->{body}, 'x_first')
                . sent($answer->{body}, 'x_admin'),
            '---', "$kind: no line is split by $value");
    }
}

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
