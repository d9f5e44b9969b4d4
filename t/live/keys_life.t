# Keys over reload, quit, kill and upgrade, with fetches and requests under way.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep time);

my $tenant = start_tenant();

sub tenant_provider { return provider(jwks_uri => tenant_url(), @_) }

sub fresh { return control('/reset', { all => JSON::PP::true }) }

sub fetches { return counters()->{jwks} }

# wait_until as a plain function.
sub wait_for { return &wait_until(@_) }

# Statuses of requests that have been sent, in order of status.
sub statuses {
    return join ' ', sort map {
        IdTokenNginx::read_answer($_)->{status} || 0
    } @_;
}

# For fetches that are held back.
my @slow = (jwks_timeout => '60s');

# Requests of the clients that wait for a fetch under way.
sub park {
    my ($nginx, $count, @token) = @_;
    my @sent = map { $nginx->send_request('/api', bearer(@token)) }
        1 .. $count;
    $nginx->waits;
    return @sent;
}

# The worker that holds the only fetch, which has met its fault.
sub fetching {
    my ($nginx) = @_;
    my @fetching;
    wait_for(sub { @fetching = $nginx->fetching($tenant->{http}) })
        or fail('nobody fetches');
    wait_for(sub { !@{ control('/faults') } }) or fail('no fault');
    return $fetching[0];
}

sub ends_well {
    my ($nginx) = @_;
    cmp_ok($nginx->stop('QUIT'), '<', 25, 'quits in time');
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

subtest 'a reload keeps the keys and needs no fetch' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(providers => tenant_provider());
    is($nginx->status, 200, 'before');
    $nginx->reload;
    is($nginx->status, 200, 'after')  for 1 .. 4;
    $nginx->configure(providers => tenant_provider()
            . provider('other', jwks_uri => tenant_url('/p/1/jwks.json')));
    $nginx->reload;
    is($nginx->status, 200, 'and with a provider added') for 1 .. 4;
    is(counters()->{paths}{'/jwks.json'}{count}, 1, 'one fetch in all');
    ends_well($nginx);
};

subtest 'a reload with another limit of size' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_max_size => 65536));
    is($nginx->status, 200, 'before');
    control('/fault', 'unavailable');
    for my $size (65537, 66560, 1048576, 4096) {
        $nginx->configure(
            providers => tenant_provider(jwks_max_size => $size));
        $nginx->reload;
        is($nginx->status, 200, "$size bytes, with the keys of before")
            for 1 .. 4;
    }
    $nginx->configure(providers => tenant_provider(jwks_max_size => '4k')
        . provider('other', jwks_uri => tenant_url(), jwks_max_size => '64k'));
    $nginx->reload;
    is($nginx->status, 200, 'a larger one of who shares them');
    is(fetches(), 1, 'nothing was fetched for it');

    $nginx->configure(
        providers => tenant_provider(jwks_max_size => '1k'));
    control('/faults/clear');
    control('/keys/replace', { keys => ['@rsa1', map {"\@rsa1:k$_"} 1 .. 12 ] });
    is($nginx->status(key => '@rsa2'), 401, 'there are many keys now');
    control('/keys/replace', { keys => ['@rsa1'] });
    $nginx->reload;
    is($nginx->status, 200, 'which do not fit: they are fetched anew');
    ends_well($nginx);
};

subtest 'a reload with another URL or issuer does not lend the keys' => sub {
    fresh();
    control('/keys/replace', { set => 'p/new', keys => ['@rsa2'] });
    my $nginx = IdTokenNginx->start(providers => tenant_provider());
    is($nginx->status, 200, 'before');
    $nginx->configure(providers => tenant_provider(
        jwks_uri => tenant_url('/p/new/jwks.json')));
    $nginx->reload;
    is($nginx->status, 401, 'another URL: the old key is refused');
    is($nginx->status(key => '@rsa2'), 200, 'the new one is taken');

    control('/fault', 'unavailable');
    $nginx->configure(providers => tenant_provider(
        issuer => 'https://other.test/'));
    $nginx->reload;
    is($nginx->status(iss => 'https://other.test/'), 503,
        'another issuer: there are no keys');
    ends_well($nginx);
};

subtest 'a reload with a fetch under way and requests parked' => sub {
    fresh();
    hold();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(@slow));
    my @sent  = park($nginx, 8);
    $nginx->reload;
    push @sent, park($nginx, 8);
    release();
    is(statuses(@sent), join(' ', (200) x 16), 'all are answered');
    # A second one if no request held up the exit of who began the first.
    cmp_ok(fetches(), '<=', 2, 'by no more than two fetches');
    ends_well($nginx);
};

subtest 'the same when the new configuration has another source' => sub {
    fresh();
    hold();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(@slow));
    my @sent  = park($nginx, 8);
    $nginx->configure(providers => provider());
    $nginx->reload;
    release();
    is(statuses(@sent), join(' ', (200) x 8), 'all are answered');
    ends_well($nginx);
};

# The former workers hold a fetch for an unknown kid, in which the answer comes
# with HOW, while a configuration with OPT takes over.
sub reload_during_a_fetch {
    my ($how, %opt) = @_;
    fresh();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(
        jwks_refresh => '1h', jwks_min_interval => '1s', @slow));
    is($nginx->status, 200, 'before');
    hold(times => 1, %$how);
    my ($sent) = park($nginx, 1, key => '@rsa2');
    $nginx->configure(providers => tenant_provider(
        jwks_refresh => '1h', jwks_min_interval => '1s', @slow, %opt));
    $nginx->reload;
    ok(counters()->{active}, 'it is still under way');
    is(fetches(), 2, 'it is the second');
    release();
    isnt(IdTokenNginx::read_answer($sent)->{status}, undef, 'and ends');
    ok(wait_for(sub { fetches() > 2 }), 'the next one follows');
    is($nginx->status, 200, 'after');
    ends_well($nginx);
    return;
}

subtest 'a shorter refresh counts for a fetch from before, too' => sub {
    reload_during_a_fetch({}, jwks_refresh => '2s');
};

subtest 'a max-age that the former worker was told counts' => sub {
    reload_during_a_fetch({ headers => { 'Cache-Control' => 'max-age=2' } });
};

subtest 'a failure of the former worker is followed by a retry' => sub {
    reload_during_a_fetch({ status => 503 });
};

subtest 'a shorter jwks_min_interval counts at once' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_min_interval => '10m'));
    is($nginx->status, 200, 'before');
    for my $kid (1 .. 3) {
        is($nginx->status(key => '@rsa2', header => { kid => "x$kid" }), 401,
            'an unknown kid');
    }
    control('/keys/add', { key => '@rsa2' });
    is($nginx->status(key => '@rsa2'), 503, 'the bucket is empty');
    $nginx->configure(
        providers => tenant_provider(jwks_min_interval => '1s'));
    $nginx->reload;
    ok(wait_for(sub { $nginx->status(key => '@rsa2') == 200 }),
        'not for long');
    ends_well($nginx);
};

subtest 'quit with a fetch under way and requests parked' => sub {
    fresh();
    hold();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(@slow));
    my @sent  = park($nginx, 8);
    my @old   = $nginx->children;
    $nginx->signal('QUIT');
    ok(wait_for(sub { !$nginx->listening(@old) }), 'nobody else is let in');
    release();
    is(statuses(@sent), join(' ', (200) x 8), 'all are answered');
    ends_well($nginx);
};

subtest 'quit while the tenant hangs and requests are parked' => sub {
    fresh();
    control('/fault', 'hang-head');
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '1500ms'));
    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    $nginx->has_read;
    $nginx->signal('QUIT');
    is(statuses(@sent), join(' ', (503) x 8), 'all are answered');
    ends_well($nginx);
};

subtest 'a fetch alone does not hold up quit or a reload' => sub {
    fresh();
    control('/fault', 'hang-head');
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '60s'));
    wait_for(sub { fetches() }) or fail('no fetch');
    my @old = $nginx->children;
    $nginx->reload;
    ok(wait_for(sub { $nginx->{workers} == $nginx->children }),
        'the former workers are gone');
    ends_well($nginx);
};

subtest 'TERM with everything under way' => sub {
    fresh();
    control('/fault', 'hang-head');
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '60s'));
    my @sent = park($nginx, 8);
    cmp_ok($nginx->stop('TERM'), '<', 25, 'ends at once');
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'a killed worker does not take the fetch with it' => sub {
    fresh();
    control('/fault', { preset => 'hang-head', times => 1 });
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '60s'), workers => 2);
    my $fetching = fetching($nginx);
    my @sent     = park($nginx, 12);
    my $start    = time;
    kill 'KILL', $fetching;
    my $got = statuses(@sent);
    like($got, qr/^(?:(?:0|200) ?)+$/,
        'who was with another worker is answered');
    cmp_ok(time - $start, '<', 25, 'soon');
    ok(wait_for(sub { $nginx->status == 200 }), 'as is who comes now');
    is(fetches(), 2, 'by a second fetch');
    cmp_ok($nginx->stop('QUIT'), '<', 25, 'quits in time');
};

subtest 'an attempt that kills three workers is given up' => sub {
    fresh();
    control('/fault', 'hang-head');
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '60s'), workers => 1);
    for my $n (1 .. 3) {
        my @fetching;
        wait_for(sub { @fetching = $nginx->fetching($tenant->{http}) })
            or fail("nobody fetches, $n");
        kill 'KILL', @fetching;
        wait_for(sub { !kill 0, @fetching });
    }
    ok(wait_for(sub { $nginx->count_log(qr/\[error\].* is given up: 3 /) }),
        'and the log says so');
    control('/faults/clear');
    ok(wait_for(sub { $nginx->status == 200 }), 'the next one succeeds');
    $nginx->stop;
};

# An nginx whose key server and fetching worker stand still, the worker, when
# nginx was told to start. The attempt ends after a second: again if it has.
sub stand_still {
    for my $try (1 .. 10) {
        fresh();
        control('/fault', { preset => 'hang-head', times => 1 });
        my $start = time;
        my $nginx = IdTokenNginx->start(
            providers => tenant_provider(jwks_timeout => '1s'), workers => 2);
        my @fetching;
        wait_for(sub {
            @fetching = $nginx->fetching($tenant->{http});
            return @fetching && !@{ control('/faults') }
                || $nginx->count_log(qr/no keys from/);
        });
        if (@fetching) {
            kill 'STOP', $fetching[0];
            return ($nginx, $fetching[0], $start)
                if !$nginx->count_log(qr/no keys from/);
            kill 'CONT', $fetching[0];
        }
        $nginx->stop;
    }
    die 'all attempts ended before they were seen';
}

subtest 'a worker that stands still is overtaken when its lease ends' => sub {
    my ($nginx, $fetching) = stand_still();
    ok(wait_for(sub { fetches() >= 2 }), 'another worker fetches');
    kill 'CONT', $fetching;
    wait_for(sub { $nginx->status == 200 });
    is($nginx->status, 200, 'the keys are there') for 1 .. 6;
    ends_well($nginx);
};

subtest 'nobody waits longer than an attempt may take' => sub {
    my ($nginx, $fetching, $start, @sent);
    for my $try (1 .. 10) {
        ($nginx, $fetching, $start) = stand_still();
        @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
        # The lease ends after 3 s: who waits 1.5 s must have come before.
        last if time - $start < 1.3;
        kill 'CONT', $fetching;
        $nginx->stop;
    }
    # the kernel may hand some of the connections to the one that stands still
    my $select = IO::Select->new(@sent);
    $select->can_read(30);
    sleep 0.5;
    my @answers = map { IdTokenNginx::read_answer($_) } $select->can_read(0);
    kill 'CONT', $fetching;
    ok(@answers > 0, scalar(@answers) . ' of 8 reached the other worker');
    is($_->{status}, 503, 'refused') for @answers;
    is($_->{error}, 'keys_wait_timeout', 'since the time was up')
        for @answers;
    like($_->{'retry-after'}, qr/^[1-9]/, 'with a time to try again')
        for @answers;
    ok(wait_for(sub { $nginx->status == 200 }), 'let in later');
    ends_well($nginx);
};

subtest 'keys survive a binary upgrade' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(),
        daemon => 'on');
    is($nginx->status, 200, 'before');
    my $old = $nginx->{pid};
    $nginx->signal('USR2');
    ok(wait_for(sub { ($nginx->pid_file || $old) != $old }),
        'a second master');
    $nginx->{pid} = $nginx->pid_file;
    ok(wait_for(sub { $nginx->children == 2 }), 'with workers');
    kill 'QUIT', $old;
    ok(wait_for(sub { !kill 0, $old }), 'the first one quits');
    is($nginx->status, 200, 'after') for 1 .. 6;
    ends_well($nginx);
};

subtest 'without a master process' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(),
        main => 'master_process off;', workers => 1);
    is($nginx->status, 200, 'keys are fetched');
    # A reload is nothing to test: nginx itself answers no more after one.
    ends_well($nginx);
};

done_testing();
