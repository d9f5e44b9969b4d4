# auth_id_token_mode: who is let in, and who waits.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenNginx;
use Test::More;

my $tenant = start_tenant();
my $dead   = write_file('keys.json', jwks('@rsa1:k1'));

my $nginx;

sub ask {
    my ($path, @headers) = @_;
    my $answer = $nginx->get($path, @headers);
    return join ' ', map { defined $_ && length $_ ? $_ : () } @$answer{qw(status state error sub)};
}

my $shown = 'add_header State $id_token_status always; add_header Error $id_token_error always;'
    . ' add_header Sub $id_token_claim_sub always; empty_gif;';
my $locations = join '', map {
    my $mode = $_;
    <<"END";
    location = /$mode { auth_id_token_mode $mode; $shown }
    location = /$mode/rule { auth_id_token_mode $mode; auth_id_token_require role = admin; $shown }
    location = /$mode/keyless { auth_id_token_mode $mode; auth_id_token keyless; $shown }
    location = /$mode/slow { auth_id_token_mode $mode; auth_id_token slow; $shown }
    location = /$mode/cookie { auth_id_token_mode $mode; auth_id_token_source cookie=idt; $shown }
    location = /$mode/nonce { auth_id_token_mode $mode; auth_id_token_nonce \$cookie_n; $shown }
    location = /$mode/selected { auth_id_token_mode $mode; auth_id_token \$arg_p; $shown }
    location = /$mode/any { auth_id_token_mode $mode; satisfy any; deny all; $shown }
    location = /$mode/all { auth_id_token_mode $mode; deny all; $shown }
    location = /$mode/basic { auth_id_token_mode $mode; satisfy any; auth_basic b; auth_basic_user_file users; $shown }
    location = /$mode/auth { auth_id_token off; auth_request /$mode/sub; empty_gif; }
    location = /$mode/sub { internal; auth_id_token_mode $mode; proxy_pass http://127.0.0.1:\$server_port/yes; }
END
} qw(enforce optional report);

# The key server of "slow" does not answer until it is told to.
hold(status => 503);
$nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider('tenant', jwks_file => $dead)
        . provider('keyless', jwks_file => undef, jwks_uri => 'http://127.0.0.1:1/jwks')
        . provider('slow', jwks_file => undef, jwks_uri => tenant_url(), jwks_timeout => '60s'),
    server => "auth_id_token tenant; location = /early { auth_id_token slow; if (\$id_token_claim_sub = alice) { return 202; } $shown }
    location = /yes { auth_id_token off; return 204; }\n$locations",
);
open my $users, '>', "$nginx->{dir}/users" or die $!;
print {$users} "alice:{PLAIN}secret\n";
close $users;
$nginx->tells(qr{no keys from});

my %good = (kid => 'k1', claims => { role => 'admin', nonce => 'n' });
my @good = (bearer(%good));
my @user = (bearer(kid => 'k1'));
my @bad  = (bearer(%good, exp => -60));
my @half = ('Authorization: Bearer');
my @none = ();

for my $row (
    # path, headers, enforce, optional, report
    ['',        \@good, '200 ok alice', '200 ok alice', '200 ok alice'],
    ['',        \@none, '401 missing token_missing', '200 missing token_missing', '200 missing token_missing'],
    ['',        \@bad,  ('401 rejected expired') x 2, '200 rejected expired'],
    ['',        \@half, ('400 rejected credentials_malformed') x 2, '200 rejected credentials_malformed'],
    ['',        ['Authorization: Bearer x'], ('401 rejected token_format') x 2, '200 rejected token_format'],
    ['',        ['Authorization: Basic YTpi'], '401 missing token_missing', ('200 missing token_missing') x 2],
    ['',        [bearer(%good, break => 'sig')], ('401 rejected signature') x 2, '200 rejected signature'],
    ['',        [bearer(%good, kid => 'other')], ('401 rejected key_unknown') x 2, '200 rejected key_unknown'],
    ['/rule',   \@good, ('200 ok alice') x 3],
    ['/rule',   \@user, ('403 rejected claim_rule') x 2, '200 rejected claim_rule'],
    ['/rule',   \@none, ('401 missing token_missing') x 2, '200 missing token_missing'],
    ['/keyless', \@good, ('503 unavailable keys_unavailable') x 2, '200 unavailable keys_unavailable'],
    ['/keyless', \@none, '401 missing token_missing', ('200 missing token_missing') x 2],
    ['/keyless', ['Authorization: Bearer x'], ('401 rejected token_format') x 2, '200 rejected token_format'],
    ['/cookie', ['Cookie: idt=' . token(%good)], ('200 ok alice') x 3],
    ['/cookie', ['Cookie: idt=a; idt=b'], ('401 rejected token_format') x 2, '200 rejected token_format'],
    ['/cookie', ['Cookie: idt.1=a'], ('400 rejected credentials_malformed') x 2, '200 rejected credentials_malformed'],
    ['/cookie', ['Cookie: idt='], '401 missing token_missing', ('200 missing token_missing') x 2],
    ['/nonce',  [@good, 'Cookie: n=n'], ('200 ok alice') x 3],
    ['/nonce',  [@good, 'Cookie: n=x'], ('401 rejected nonce') x 2, '200 rejected nonce'],
    ['/nonce',  ['Cookie: n=n'], '401 missing token_missing', ('200 missing token_missing') x 2],
    ['/selected?p=tenant', \@good, ('200 ok alice') x 3],
    ['/selected', \@good, ('403 rejected provider_unknown') x 2, '200 rejected provider_unknown'],
    ['/selected', \@none, ('403 rejected provider_unknown') x 2, '200 rejected provider_unknown'],
    # let through is not let in: others decide
    ['/any',    \@good, ('200 ok alice') x 3],
    ['/any',    \@none, '401 missing token_missing', ('403 missing token_missing') x 2],
    ['/any',    \@bad,  ('401 rejected expired') x 2, '403 rejected expired'],
    ['/all',    \@good, ('403 ok alice') x 3],
    ['/all',    \@none, ('403 missing token_missing') x 3],
    ['/basic',  \@good, ('200 ok alice') x 3],
    ['/basic',  ['Authorization: Basic YWxpY2U6c2VjcmV0'], ('200 missing token_missing') x 3],
    ['/basic',  \@none, ('401 missing token_missing') x 3],
    # subrequests
    ['/auth',   \@good, ('200') x 3],
    ['/auth',   \@none, '401', ('200') x 2],
    ['/auth',   \@bad,  ('401') x 2, '200'],
    ) {
    my ($path, $headers, @want) = @$row;
    (my $title = "$path @$headers") =~ s/eyJ\S+/TOKEN/g;
    for my $mode (qw(enforce optional report)) {
        my $want = shift @want;
        is(ask("/$mode$path", @$headers), $want, "$mode $title: $want");
    }
}

my $post = sub {
    my ($mode) = @_;
    my $answer = $nginx->get("POST /$mode/cookie", 'Content-Length: 0', 'Cookie: idt=' . token(%good));
    return "$answer->{status} $answer->{error}";
};
is($post->('optional'), '403 csrf', 'optional: a forged request is refused');
is($post->('report'), '405 csrf', 'report: it is not');

# nothing waits in report mode: neither for the first keys nor for an unknown one
is(ask('/report/slow', bearer()), '200 unavailable keys_unavailable', 'report: no keys yet');
is(ask('/optional/slow'), '200 missing token_missing', 'optional: anonymous without keys');
is(counters()->{active}, 1, 'neither has waited: they are still being fetched');
release();
like(ask('/early', bearer()), qr/^503 unavailable keys_/, 'a claim asked for early is empty without keys');
like(ask('/enforce/slow', bearer()), qr/^503 unavailable keys_/, 'enforce: 503 without keys');
like(ask('/optional/slow', bearer()), qr/^503 unavailable keys_/, 'optional: a token is judged or refused');

control('/faults/clear', {});
ok(wait_until(sub { ask('/report/slow', bearer()) eq '200 ok alice' }), 'report: good when there are keys');
is(ask('/enforce/slow', bearer()), '200 ok alice', 'enforce: good when there are keys');
like(ask('/early', bearer()), qr/^202/, 'a claim asked for early is there with them');
is(ask('/early', bearer(sub => 'bob')), '200 ok bob', 'another one is another');

# a key that nobody has seen yet: report asks for it without waiting
control('/keys/add', { key => '@rsa2', kid => 'new' });
is(ask('/report/slow', bearer(key => '@rsa2', kid => 'new')), '200 rejected key_unknown', 'report: an unknown key');
ok(wait_until(sub { ask('/report/slow', bearer(key => '@rsa2', kid => 'new')) eq '200 ok alice' }),
    'report: it is fetched meanwhile');

my $log = $nginx->log;
like($log, qr/\[info\].*id_token would be refused, expired: the token has expired, provider "tenant"/, 'report writes a line');
like($log, qr/\[info\].*id_token would be refused, token_missing/, 'without a token, too');
like($log, qr/\[info\].*id_token refused, expired/, 'the others say what they did');
is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
