# How a key server is found and reached, how its answer is framed, and that
# nothing is kept open afterwards.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenApart;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(time);

# The first name server is not there.
my $not_apart = IdTokenApart::prepare(
    "search .\nnameserver 127.1.255.254\n");
my $tenant    = start_tenant(
    $not_apart ? () : (dns_address => "$IdTokenApart::dns_host:53"));
my $dns_host = $not_apart ? '127.0.0.1' : $IdTokenApart::dns_host;
my $port  = $tenant->{http};
my $first = '127.0.0.1';
my ($second, $deaf, $hole) =
    @$tenant{qw(second_host refusing_host black_hole_host)};
my $here    = { what => 'localhost', host => 'localhost' };
my $nowhere = { mode => 'nxdomain' };
my $no_host = qr/^the look-up failed \(3: Host not found\) \(\S+\.test\)$/;

# An nginx with a provider for each case, asked by "/WHAT". Of a case: host,
# set (directives), faults, why there are no keys or what listener it gets.
sub start {
    my ($class, $http, @cases) = @_;
    my ($providers, $server, @faults) = ('', '');
    for my $case (@cases) {
        my ($what, $host) = ($case->{what}, $case->{host} || $first);
        $case->{path} = "/p/$what/jwks.json";
        $case->{url}  = "http://$host:$port$case->{path}";
        $providers .= provider($what, %{ $case->{set} || {} },
            jwks_uri => $case->{url} . ($case->{host} ? ' insecure' : ''));
        $server .= "location = /$what { auth_id_token $what; empty_gif; }\n";
        push @faults, map { { %$_, match => $case->{path} } }
            @{ $case->{faults} || [] };
    }
    control('/fault', { faults => \@faults });
    $_->{begin} = time for @cases;
    return $class->start(providers => provider() . $providers, http => $http,
        server => $server);
}

sub ask {
    my ($nginx, @cases) = @_;
    $_->{sent} = $nginx->send_request("/$_->{what}", bearer()) for @cases;
    $_->{status} = IdTokenNginx::read_answer($_->{sent})->{status}
        for @cases;
    my @bad = grep { $_->{why} } @cases;
    return &wait_until(sub {
        !grep { !$nginx->count_log(qr/"$_->{what}": no keys from/) } @bad;
    });
}

sub judge {
    my ($nginx, $case) = @_;
    my ($why) = $nginx->log =~ m{\[error\][^\n]*id_token_provider
        [ ]"$case->{what}":[ ]no[ ]keys[ ]from[ ]"\Q$case->{url}\E":
        [ ]([^\n]*);[ ]there[ ]are[ ]no[ ]keys[ ]yet}x;
    my $what = $case->{why} ? 'no keys' : 'keys';
    return subtest "$case->{what} gives $what" => sub {
        is($case->{status}, $case->{why} ? 503 : 200, 'is what requests see');
        return like($why, $case->{why}, 'for this reason') if $case->{why};
        is($why, undef, 'without a failure');
        return if !$case->{gets};
        my ($good) = grep { $_->{listener} eq $case->{gets} } requests($case);
        ok($good, "by way of $case->{gets}") or return;
        is((requests($case))[0]{listener}, 'http', 'after the first address')
            if $case->{gets} eq 'http-second';
        cmp_ok($good->{time}, '>', $case->{begin}
            + ($case->{what} =~ /silent/ ? 0.9 : 0.2), 'not at once')
            if $case->{what} =~ /hole|many|silent/;
    };
}

sub recovers {
    my ($nginx, $case) = @_;
    ok(&wait_until(sub {
        $nginx->log =~ m{\[notice\].*"$case->{what}":[ ]keys[ ]fetched[ ]from
            [ ]"\Q$case->{url}\E"[ ]after[ ]\d+[ ]failed}x;
    }, 60), "$case->{what}: recovers without a request");
    return is($nginx->get("/$case->{what}", bearer())->{status}, 200,
        'and serves');
}

# The requests for its keys, and the questions for its host.
sub requests {
    my ($case) = @_;
    return grep { $_->{path} eq $case->{path} } @{ control('/requests') };
}

sub questions {
    my ($case) = @_;
    return grep { $_->{name} eq $case->{host} } @{ counters()->{dns}{log} };
}

sub ends_well {
    my ($nginx) = @_;
    ok(&wait_until(sub { !counters()->{active} && !$nginx->fetching($port) }),
        'no connection to the key server is kept open');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    control('/reset', { all => JSON::PP::true });
    return;
}

# what, its DNS entry, the listener that is reached or why none is, settings,
# the fault of the listener "http"
my %quick = (jwks_timeout => '1s');
my %slow  = (jwks_timeout => '8s');
my %often = (jwks_refresh => '1s', jwks_min_interval => '1s');
my @names = (
    [ 'one-address',     { A => [$first] },              'http' ],
    [ 'alias',           { cname => 'one-address.test' }, 'http' ],
    [ 'first-refuses',   { A => [ $deaf, $first ] },     'http' ],
    [ 'first-is-a-hole', { A => [ $hole, $first ] },     'http', \%slow ],
    [ 'many-are-bad', { A => [ $deaf, $hole, $deaf, $first ] }, 'http',
        \%slow ],
    [ 'first-resets',    { A => [ $first, $second ] },   'http-second',
        {}, { reset => 'request' } ],
    [ 'first-is-silent', { A => [ $first, $second ] },   'http-second',
        \%slow, { hang => 'head' } ],
    [ 'all-are-bad',     { A => [ $deaf, $hole ] },
        qr/^connect\(\)[ ]failed[ ]\(111:[ ]Connection[ ]refused\)
            [ ]\(\Q$deaf\E:$port\);[ ]connecting[ ]timed[ ]out
            [ ]\(\Q$hole\E:$port\)$/x, { jwks_timeout => '2s' } ],
    [ 'unknown',     $nowhere,      $no_host ],
    [ 'no-address',  { A => [] },   $no_host ],
    [ 'dns-fails',   { mode => 'servfail' }, qr/^the look-up failed \(2: / ],
    [ 'dns-is-dead', { mode => 'dead' }, qr/^the look-up timed out/, \%quick ],
    [ 'dns-is-forged', { A => [$second], mode => 'wrong-id' },
        qr/^the look-up timed out/, \%quick ],
    [ 'moves', { A => [$first] }, 'http', \%often ],
    $tenant->{ipv6} ? [ 'six', { AAAA => ['::1'] }, 'http6' ] : (),
);

subtest 'with "resolver" names are looked up for each fetch' => sub {
    control('/dns', { map { ("$_->[0].test" => $_->[1]) } @names });
    my %case = map { $_->[0] => { what => $_->[0], host => "$_->[0].test",
        ref $_->[2] ? (why => $_->[2]) : (gets => $_->[2]), set => $_->[3],
        faults => $_->[4] && [ { %{ $_->[4] }, listener => 'http' } ] } }
        @names;
    my @bad   = grep { $_->{why} } values %case;
    my $nginx = start('IdTokenNginx', "resolver $dns_host:$tenant->{dns};",
        values %case, $here);

    # Mended before the back-off has grown; judged afterwards.
    ask($nginx, $case{moves}, grep { $_->{what} ne 'all-are-bad' } @bad);
    &wait_until(sub { scalar questions($case{'all-are-bad'}) })
        or fail('it is not looked up');
    control('/dns', { 'moves.test' => { A => [$second] },
        map { $_->{host} => { A => [$first] } } @bad });
    ask($nginx, $here, $case{'all-are-bad'}, grep { $_->{gets} } values %case);
    judge($nginx, $_) for $here, map { $case{ $_->[0] } } @names;
    is(scalar questions($here), 0, 'localhost is no question for the DNS');
    recovers($nginx, $_) for @bad;
    ok(&wait_until(sub {
        grep { $_->{listener} eq 'http-second' } requests($case{moves});
    }), 'a host that moves is followed');
    ends_well($nginx);
};

subtest 'without "resolver" localhost is known' => sub {
    my $nginx = start('IdTokenNginx', '', $here);
    ask($nginx, $here);
    judge($nginx, $here);
    is(counters()->{dns}{queries}, 0, 'nobody was asked');
    ends_well($nginx);
};

subtest 'without "resolver" /etc/resolv.conf says whom to ask' => sub {
    plan skip_all => $not_apart if $not_apart;
    my ($early, $late, $never) = map { { what => $_, host => "$_.test",
        set => \%often, why => $_ ne 'early' && $no_host }
    } qw(early late never);
    control('/dns', { '*' => $nowhere,
        'early.test' => { A => [$first], ttl => 0 } });
    my $nginx = start('IdTokenApart', '', $early, $late, $never);
    control('/reset');
    ask($nginx, $early, $late, $never);
    for my $case ($early, $late, $never) {
        judge($nginx, $case);
        is($nginx->count_log(qr/\[warn\].*: key server "$case->{host}"/),
            $case->{why} ? 1 : 0, 'warnings at start-up');
    }
    my $before = requests($early);
    control('/dns', { 'early.test' => $nowhere,
        'late.test' => { A => [$second] } });
    recovers($nginx, $late);
    is((requests($late))[-1]{listener}, 'http-second', 'where the DNS says');
    ok(&wait_until(sub { requests($early) > $before + 1 }),
        'early: goes on');
    is(scalar questions($early), 0, 'without being looked up again');
    ends_well($nginx);
};

my %bad_framings = (
    'two-lengths'    => qr/two different Content-Length/,
    'short-length'   => qr/the key set is not valid JSON/,
    'chunk-bad-size' => qr/malformed chunk/,
    'chunk-bad-end'  => qr/malformed chunk/,
    'te-gzip'        => qr/unsupported Transfer-Encoding/,
    'http2-line'     => qr/not HTTP/,
);

subtest 'framings of HTTP/1.1 and HTTP/1.0' => sub {
    my @cases = map { { what => $_, faults => [ { preset => $_ } ] } }
        qw(length chunked chunked-upper chunked-extension chunked-trailer close
        same-length-twice overlong interim no-reason http10 bom);
    push @cases, map { { what => $_, why => $bad_framings{$_},
        faults => [ { preset => $_ } ] } } sort keys %bad_framings;
    for my $framing (qw(length chunked close)) {
        my %fault = (framing => $framing, drip => { interval => 0.001 });
        push @cases, { what => "$framing-dripped", faults => [ \%fault ],
            set => { jwks_timeout => '60s' } };
        push @cases, map { { what => "$framing-of-$_",
            set    => { jwks_max_size => '1k' },
            faults => [ { body => 'big', size => $_, framing => $framing } ],
            $_ > 1024 ? (why => qr/the answer is too long: jwks_max_size allows 1024 bytes/) : () } }
            1023, 1024, 1025;
    }
    push @cases, map { { what => "$_-kept-open",
        faults => [ { framing => $_, close => 'never' } ] }
    } qw(length chunked);
    my $nginx = start('IdTokenNginx', '', @cases);
    ask($nginx, @cases);
    judge($nginx, $_) for @cases;
    ends_well($nginx);
};

done_testing();
