# Faults of the machine: no room on disk, no descriptors, a clock that jumps,
# workers that are killed.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep time);

my $tenant = start_tenant();
my $mounted;

END { local $?; system("umount $mounted") if $mounted }

sub fresh {
    control('/reset', { all => JSON::PP::true });
    control('/keys/replace', { keys => ['@rsa1'] });
    return;
}

sub fetches { return counters()->{jwks} }

sub wait_for { return &wait_until(@_) }

sub tenant_provider {
    return provider(jwks_uri => tenant_url(), @_);
}

sub often { return (jwks_refresh => '1s', jwks_min_interval => '1s') }

sub fetched_again {
    my $before = fetches();
    return wait_for(sub { fetches() > $before + 1 });
}

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

# Writes as root until there is no room.
sub fill {
    my ($path) = @_;
    open my $file, '>', $path or die $!;
    1 while defined syswrite $file, 'x' x 4096;
    close $file;
    return;
}

subtest 'a disk that is full, or read-only' => sub {
    my $state = data_dir() . '/small';
    mkdir $state;
    plan skip_all => 'no tmpfs may be mounted'
        if system("mount -t tmpfs -o size=64k none $state 2> /dev/null") != 0;
    $mounted = $state;
    fill("$state/filler");

    fresh();
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_state => $state, often()));
    is($nginx->status, 200, 'full: keys are there');
    ok(fetched_again(), 'and are fetched again');
    is($nginx->count_log(qr/the keys cannot be saved in/), 1, 'told once');
    like($nginx->log, qr/\(28: No space left on device\)/, 'and why');
    is_deeply([ glob "$state/*" ], ["$state/filler"], 'no half file stays');

    $nginx->reload;
    ok(fetched_again(), 'reloaded: fetched again');
    is($nginx->count_log(qr/the keys cannot be saved in/), 2, 'told once more');

    unlink "$state/filler";
    my @saved;
    ok(wait_for(sub { @saved = glob "$state/*" }), 'saved when there is');

    system("mount -o remount,ro $state") == 0 or die 'remount';
    ok(fetched_again(), 'read-only: fetched again');
    is($nginx->status, 200, 'and served');
    is($nginx->count_log(qr/the keys cannot be saved in/), 3, 'told again');
    like($nginx->log, qr/\(30: Read-only file system\)/, 'and why');
    is_deeply([ glob "$state/*" ], \@saved, 'the saved file stays');
    ends_well($nginx);

    control('/fault', 'unavailable');
    system("mount -o remount,rw $state") == 0 or die 'remount';
    $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_state => $state, often()));
    is($nginx->status, 200, 'and is good for a start');
    ends_well($nginx);
};

subtest 'no descriptors left' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(often()), workers => 1,
        main      => 'worker_rlimit_nofile 24;',
        http      => 'keepalive_timeout 60s;');
    is($nginx->status, 200, 'before');

    my $held = $nginx->connect;
    my @more = map { $nginx->connect } 1 .. 40;
    ok(wait_for(sub { $nginx->log =~ /no keys from.*remain in use/ }),
        'a fetch fails');
    like($nginx->log, qr/socket\(\) failed \(24: Too many open files\)/,
        'and why');
    print {$held} join "\r\n", 'GET /api HTTP/1.1', 'Host: localhost',
        'Connection: close', bearer(), '', '';
    is(IdTokenNginx::read_answer($held)->{status}, 200,
        'the keys held serve');

    close $_ for @more;
    ok(wait_for(sub { $nginx->log =~ /keys fetched from .* after \d+ failed/ }),
        'fetched again when there are some');
    is($nginx->status, 200, 'after');
    is($nginx->count_log(qr/no keys from/), 1, 'told once');
    $nginx->stop;
};

subtest 'no more connections in nginx' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(often()), workers => 1,
        connections => 8);
    is($nginx->status, 200, 'before');
    my @more = map { $nginx->connect } 1 .. 12;
    # idle ones would have to make room
    print {$_} "GET /open HTTP/1.1\r\nHost: l" for @more;
    ok(wait_for(sub { $nginx->log =~ /no keys from.*remain in use/ }),
        'a fetch fails');
    close $_ for @more;
    ok(wait_for(sub { $nginx->log =~ /keys fetched from .* after \d+ failed/ }),
        'fetched again when there are some');
    is($nginx->status, 200, 'after');
    $nginx->stop;
};

subtest 'a set larger than jwks_max_size' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(often(), jwks_max_size => 4096));
    is($nginx->status, 200, 'before');
    control('/jwks', { text => jwks('@rsa1', map { "\@rsa2:k$_" } 1 .. 40) });
    ok(wait_for(sub { $nginx->log =~ /no keys from.*remain in use/ }),
        'is refused');
    is($nginx->status, 200, 'and the former one stays');
    is($nginx->status(key => '@rsa2', kid => 'k40'), 503,
        'its keys are not known');
    ends_well($nginx);
};

# A clock of nginx's own, by the preloaded library.
subtest 'a clock that jumps' => sub {
    plan skip_all => 'sanitizers and valgrind want malloc for themselves'
        if $ENV{REPORTS};
    my $clock = data_dir() . '/clock';
    my $library = data_dir() . '/failalloc.so';
    plan skip_all => 'no C compiler'
        if system('gcc', '-shared', '-fPIC', '-O1', '-o', $library,
            't/faults/failalloc.c') != 0;
    my $state = data_dir() . '/clock-state';
    my $start = sub {
        open my $file, '>:raw', $clock or die $!;
        print {$file} pack 'q8', (0) x 8;
        close $file;
        chmod 0666, $clock;
        local $ENV{LD_PRELOAD} = $library;
        local $ENV{FAILALLOC}  = $clock;
        return IdTokenNginx->start(workers => 1, http => 'id_token_cache 1m;',
            providers => tenant_provider(jwks_state => $state,
                jwks_timeout => '3s'));
    };

    fresh();
    my $nginx = $start->();
    my $write = sub {
        open my $file, '+<:raw', $clock or die $!;
        seek $file, 48, 0;
        print {$file} pack 'q', shift;
        close $file;
        sleep 0.6;
    };
    my %long = (claims => { exp => '+36000' });
    is($nginx->status, 200, 'now') for 1 .. 2;
    $write->(7200);
    is($nginx->status, 401, 'two hours ahead: expired, cached or not');
    is($nginx->status(%long), 200, 'a long-lived one is not');
    $write->(-7200);
    is($nginx->status, 401, 'two hours back: from the future');
    is($nginx->get('/api', bearer())->{error}, 'iat_future', 'says so');
    $write->(0);
    is($nginx->status, 200, 'now again');
    is($nginx->status(%long), 200, 'for both');
    is(fetches(), 1, 'no jump made it fetch');

    control('/fault', 'hang-head');
    my $began   = time;
    my $waiting = $nginx->send_request('/api', bearer(kid => 'new'));
    wait_for(sub { counters()->{active} }) or fail('no fetch');
    $write->(-86400);
    my $answer = IdTokenNginx::read_answer($waiting);
    isnt($answer->{status}, 200, 'a request that waits meanwhile');
    cmp_ok(time - $began, '<', 25, 'waits no longer than it may');

    $write->(86400 * 400);
    control('/faults/clear');
    control('/keys/add', { key => '@rsa2', kid => 'later' });
    my %later = (key => '@rsa2', kid => 'later',
        claims => { exp => '+40000000' });
    ok(wait_for(sub { $nginx->status(%later) == 200 }),
        'keys fetched in the far future');
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');

    control('/fault', 'unavailable');
    $nginx = $start->();
    isnt($nginx->status, 200, 'what was saved then is no good now');
    like($nginx->log, qr/the saved keys are ignored/, 'and says so');
    control('/faults/clear');
    ok(wait_for(sub { $nginx->status == 200 }), 'until the tenant is back');
    ends_well($nginx);
};

for my $stage (qw(hang-accept hang-request hang-head hang-body hang-tls)) {
    subtest "the worker is killed while the tenant shows $stage" => sub {
        fresh();
        my $tls  = $stage eq 'hang-tls';
        my $port = $tls ? $tenant->{https} : $tenant->{http};
        control('/fault', { preset => $stage, times => 1 });
        my $nginx = IdTokenNginx->start(workers => 2,
            providers => provider(jwks_timeout => '60s',
                jwks_uri => ($tls ? 'https' : 'http')
                    . "://127.0.0.1:$port/jwks.json",
                $tls ? (ssl_trusted_certificate => $tenant->{ca}) : ()));
        my @fetching;
        wait_for(sub { @fetching = $nginx->fetching($port) })
            or fail('nobody fetches');
        wait_for(sub { !@{ control('/faults') } }) or fail('no fault');
        kill 'KILL', $fetching[0];
        ok(wait_for(sub { $nginx->status == 200 }), 'another one fetches');
        is($nginx->status, 200, 'for all') for 1 .. 6;
        $nginx->stop;
    };
}

subtest 'workers are killed at any moment' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(workers => 2,
        providers => tenant_provider(often(),
            jwks_state => data_dir() . '/killed'));
    is($nginx->status, 200, 'before');
    my ($kills, $wrong) = (0, 0);
    my $end = time + 8;
    while (time < $end || $kills < 6) {
        # other keys each time: each fetch writes, each worker parses
        control('/keys/replace', { keys => [ '@rsa1', {
            key => '@rsa2', kid => "k$kills" } ] });
        my @sent = map {
            $nginx->send_request('/api', bearer(key => '@rsa2',
                kid => "k$kills"))
        } 1 .. 4;
        sleep 0.002 * int rand 20;
        my @workers;
        wait_for(sub { @workers = $nginx->children }) or last;
        kill 'KILL', $workers[ rand @workers ];
        $kills++;
        for my $sent (@sent) {
            my $status = IdTokenNginx::read_answer($sent)->{status} || 0;
            $wrong++ if $status !~ /^(?:0|200|401|503)$/;
        }
    }
    cmp_ok($kills, '>', 5, "$kills killed");
    is($wrong, 0, 'no other answers than those');
    my $last = $kills - 1;
    ok(wait_for(sub { $nginx->status(key => '@rsa2', kid => "k$last") == 200 }),
        'keys are there');
    is($nginx->status, 200, 'for all') for 1 .. 6;
    is($nginx->status(sub => 'x', aud => 'other'), 401, 'and others refused');
    my @odd = grep { !/exited on signal 9/ } split /\n/, $nginx->complaints;
    is_deeply(\@odd, [], 'nothing else to complain of');
    cmp_ok($nginx->stop, '<', 25, 'quits in time');
};

done_testing();
