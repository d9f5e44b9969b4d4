# Without "resolver", names are completed at run time as the system does it: by
# the search list and ndots of resolv.conf.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenApart;
use IdTokenNginx;
use Test::More;

my $why = IdTokenApart::prepare(
    "search ns.svc.test svc.test\noptions ndots:2\n");
plan skip_all => $why if $why;

my $tenant  = start_tenant(dns_address => "$IdTokenApart::dns_host:53");
my $second  = $tenant->{second_host};
my $nowhere = { mode => 'nxdomain' };
my @names   = qw(keycloak broken whole.example.test moved);

sub start {
    my ($class, %opt) = @_;
    my ($providers, $server) = ('', '');
    for my $name (@names) {
        my ($word) = $name =~ /^(\w+)/;
        $providers .= provider($word, jwks_uri =>
                "http://$name:$tenant->{http}/p/$word/jwks.json insecure",
            jwks_refresh => '1s', jwks_min_interval => '1s');
        $server .= "location = /$word { auth_id_token $word; empty_gif; }\n";
    }
    return $class->start(workers => 1, server => $server, %opt,
        providers => provider() . $providers);
}

sub asked {
    my ($name) = @_;
    return map { $_->{name} } grep { $_->{name} =~ /^\Q$name\E\./
        && $_->{type} == 1 } @{ counters()->{dns}{log} };
}

subtest 'a service that comes, or moves, after the start' => sub {
    control('/dns', { '*' => $nowhere,
        'moved.svc.test' => { A => [ $tenant->{refusing_host} ], ttl => 0 } });
    my $nginx = start('IdTokenApart');
    is($nginx->count_log(qr/\[warn\].*: key server "keycloak"/), 1,
        'what is not there yet is a warning');
    is($nginx->get("/$_", bearer())->{status}, 503, "no keys: $_")
        for qw(keycloak broken whole moved);
    control('/reset');
    control('/dns', {
        'keycloak.svc.test'  => { A => [$second], ttl => 0 },
        'moved.svc.test'     => { A => [$second], ttl => 0 },
        'broken.ns.svc.test' => { mode => 'servfail' },
        'broken.svc.test'    => { A => [$second], ttl => 0 },
        'whole.example.test' => { A => [$second], ttl => 0 } });
    for my $word (qw(keycloak whole moved)) {
        ok(&wait_until(sub { $nginx->get("/$word", bearer())->{status} == 200 },
            60), "$word is found");
    }
    ok(&wait_until(sub { asked('broken') }), 'broken is asked for');
    is($nginx->get('/broken', bearer())->{status}, 503, 'and not found');
    is_deeply([ (asked('keycloak'))[ 0, 1 ] ],
        [qw(keycloak.ns.svc.test keycloak.svc.test)], 'one after the other');
    is(scalar(grep { /^broken\.svc/ } asked('broken')), 0,
        'behind a failure of the name server nothing is asked');
    is((asked('whole'))[0], 'whole.example.test',
        'with as many dots as "ndots" a name comes first as it stands');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'with "resolver" they are taken as they stand, with a warning' => sub {
    control('/reset', { all => JSON::PP::true });
    my $nginx = start('IdTokenNginx',
        http => "resolver 127.0.0.1:$tenant->{dns};");
    is($nginx->count_log(qr/\[warn\].*asked for "$_->[0]"/), $_->[1], $_->[0])
        for [ keycloak => 1 ], [ broken => 1 ], [ 'whole.example.test' => 0 ];
    like($nginx->log, qr/asked[ ]for[ ]"keycloak"[ ]of[ ]id_token_provider[ ]"keycloak"[ ]as
        [ ]it[ ]stands.*write[ ]the[ ]complete[ ]name[ ]in[ ]\S+nginx\.conf:\d/x,
        'which says what to do');
    $nginx->stop;
};

done_testing();
