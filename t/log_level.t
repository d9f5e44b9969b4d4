# What the log says of a refusal, and at which level.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenNginx;
use Test::More;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(leeway => '10s', max_age => '1h', max_auth_age => '1h'),
    http      => 'id_token_log_level notice;',
    server    => <<'END',
    auth_id_token tenant;
    location = /inherited { empty_gif; }
    location = /info { id_token_log_level info; empty_gif; }
    location = /warn { id_token_log_level warn; empty_gif; }
    location = /error { id_token_log_level error; empty_gif; }
    location = /report { auth_id_token_mode report; id_token_log_level warn; empty_gif; }
    location = /rule { auth_id_token_require sub = bob error=404; empty_gif; }
    location = /nobody { auth_id_token $arg_nobody; empty_gif; }
    location = /cookie { auth_id_token_source bearer cookie=idt; empty_gif; }
END
);

my $seen = 0;

# The lines that a request has left.
sub said {
    my ($path, @headers) = @_;
    $nginx->get($path, @headers);
    my $log = substr $nginx->log, $seen;
    $seen += length $log;
    return join "\n", grep {/id_token/} split /\n/, $log;
}

said('/api');

for my $level (qw(info warn error)) {
    like(said("/$level"), qr/\[$level\].*id_token refused, token_missing/,
        "level $level");
}
like(said('/inherited'), qr/\[notice\].*token_missing/, 'that of http');
like(said('/report'), qr/\[warn\].*would be refused, token_missing/,
    'report mode');
like(said('/rule', bearer(claims => { auth_time => time })), qr/\[notice\].*claim_rule_404/,
    'a rule that hides');

like(said('/nobody', bearer()), qr/\[error\].*provider_unknown/,
    'an unknown provider is an error');
like(said('/nobody', bearer()), qr/\[notice\].*provider_unknown/,
    'once a minute');

# What the reason turned on. The clock may have moved on meanwhile.
my $now  = time;
my $auth = { auth_time => $now };
for my $case (
    [ 'expired',       { exp => $now - 61, iat => $now - 100 },   61 ],
    [ 'iat_future',    { iat => $now + 3000, exp => $now + 6000 }, 3000 ],
    [ 'too_old',       { iat => $now - 4000 },                     4000 ],
    [ 'not_yet_valid', { nbf => $now + 500 },                      500 ],
    [ 'auth_too_old',  { auth_time => $now - 5000 },               5000 ],
) {
    my ($reason, $claims, $seconds) = @$case;
    my ($said) = said('/info', bearer(claims => { %$auth, %$claims }))
        =~ /$reason: [^"]*"tenant", (\d+) s,/;
    ok(defined $said && abs($said - $seconds) <= 60,
        "$reason: by how many seconds") or diag $nginx->log;
}

# One that was good, and is remembered.
my $short = bearer(claims => { %$auth, exp => time - 4 });
unlike(said('/info', $short), qr/refused/, 'good within the leeway');
ok(wait_until { said('/info', $short) =~ /expired: [^"]*"tenant", \d+ s,/ },
    'expired: a remembered one, too');

unlike(said('/info', bearer(claims => { %$auth, sub => '' })), qr/ \d+ s,/,
    'no seconds where it is no matter of time');

like(said('/info', bearer(claims => $auth, header => { alg => 'HS256' })),
    qr/alg_not_allowed: .*, alg "HS256"/, 'the algorithm');
like(said('/info', bearer(claims => $auth, header => { typ => "at+jwt\n\"" })),
    qr/typ: .*, typ "at\+jwt\\x0a\\x22"/, 'the type, and nothing that breaks the line');
unlike(said('/info', bearer(claims => $auth, header => { typ => 'JWT' })),
    qr/refused/, 'a good type is no matter');

like(said('/info', 'Authorization: Basic c2VjcmV0'),
    qr/token_missing: .*, scheme "Basic"/, 'another scheme');
unlike($nginx->log, qr/c2VjcmV0/, 'not what it holds');
like(said('/cookie', 'Cookie: sid=c2VjcmV0; other="x"'),
    qr/token_missing: .*, cookies "sid other"/, 'other cookies');
unlike($nginx->log, qr/c2VjcmV0/, 'not what they hold');
unlike(said('/info'), qr/scheme|cookies/, 'nothing where nothing came');

my $many = join '; ', map {"cookie_number_$_=1"} 1 .. 50;
my ($names) = said('/cookie', "Cookie: $many") =~ /cookies "([^"]*)"/;
cmp_ok(length $names, '<=', 128, 'not more than fits a line');

$nginx->stop;
is(scalar(grep {/\[(?:alert|crit|emerg)\]/} split /\n/, $nginx->log), 0,
    'nothing worse');
done_testing;
