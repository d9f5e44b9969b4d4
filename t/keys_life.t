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

sub ends_well {
    my ($nginx, $seconds) = @_;
    my $spent = $nginx->stop('QUIT');
    cmp_ok($spent, '<', $seconds || 3, 'quits in time');
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
    control('/fault', { delay => 1.5 });
    my $nginx = IdTokenNginx->start(providers => tenant_provider());
    my @sent  = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    sleep 0.3;
    $nginx->reload;
    push @sent, map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    is(statuses(@sent), join(' ', (200) x 16), 'all are answered');
    # A second one if no request held up the exit of who began the first.
    cmp_ok(fetches(), '<=', 2, 'by no more than two fetches');
    ends_well($nginx);
};

subtest 'the same when the new configuration has another source' => sub {
    fresh();
    control('/fault', { delay => 1.2 });
    my $nginx = IdTokenNginx->start(providers => tenant_provider());
    my @sent  = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    sleep 0.3;
    $nginx->configure(providers => provider());
    $nginx->reload;
    is(statuses(@sent), join(' ', (200) x 8), 'all are answered');
    ends_well($nginx);
};

# The former workers hold a fetch for an unknown kid, in which the answer comes
# with HOW, while a configuration with OPT takes over.
sub reload_during_a_fetch {
    my ($how, %opt) = @_;
    fresh();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(
        jwks_refresh => '1h', jwks_min_interval => '1s'));
    is($nginx->status, 200, 'before');
    control('/fault', { delay => 1.5, times => 1, %$how });
    my $sent = $nginx->send_request('/api', bearer(key => '@rsa2'));
    wait_for(sub { counters()->{active} }) or fail('no fetch');
    $nginx->configure(providers => tenant_provider(
        jwks_refresh => '1h', jwks_min_interval => '1s', %opt));
    $nginx->reload;
    ok(counters()->{active}, 'it is still under way');
    isnt(IdTokenNginx::read_answer($sent)->{status}, undef, 'and ends');
    is(fetches(), 2, 'it was the second');
    ok(wait_for(sub { fetches() > 2 }, 4), 'the next one follows');
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
    my $nginx = IdTokenNginx->start(providers => tenant_provider());
    is($nginx->status, 200, 'before');
    for my $kid (1 .. 4) {
        is($nginx->status(key => '@rsa2', header => { kid => "x$kid" }), 401,
            'an unknown kid');
    }
    control('/keys/add', { key => '@rsa2' });
    is($nginx->status(key => '@rsa2'), 401, 'the bucket is empty');
    $nginx->configure(
        providers => tenant_provider(jwks_min_interval => '1s'));
    $nginx->reload;
    ok(wait_for(sub { $nginx->status(key => '@rsa2') == 200 }, 3),
        'not for long');
    ends_well($nginx);
};

subtest 'quit with a fetch under way and requests parked' => sub {
    fresh();
    control('/fault', { delay => 1 });
    my $nginx = IdTokenNginx->start(providers => tenant_provider());
    my @sent  = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    sleep 0.3;
    $nginx->signal('QUIT');
    is(statuses(@sent), join(' ', (200) x 8), 'all are answered');
    ends_well($nginx);
};

subtest 'quit while the tenant hangs and requests are parked' => sub {
    fresh();
    control('/fault', 'hang-head');
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '1500ms'));
    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    sleep 0.3;
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
    ok(wait_for(sub { $nginx->{workers} == $nginx->children }, 2),
        'the former workers are gone');
    ends_well($nginx, 2);
};

subtest 'TERM with everything under way' => sub {
    fresh();
    control('/fault', 'hang-head');
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '60s'));
    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    sleep 0.3;
    cmp_ok($nginx->stop('TERM'), '<', 2, 'ends at once');
    is($nginx->complaints, '', 'nothing to complain of');
};

subtest 'a killed worker does not take the fetch with it' => sub {
    fresh();
    control('/fault', { preset => 'hang-head', times => 1 });
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '60s'), workers => 2);
    my @fetching;
    wait_for(sub { @fetching = $nginx->fetching($tenant->{http}) })
        or fail('nobody fetches');
    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 12;
    sleep 0.3;
    my $start = time;
    kill 'KILL', $fetching[0];
    my $got = statuses(@sent);
    like($got, qr/^(?:(?:0|200) ?)+$/,
        'who was with another worker is answered');
    cmp_ok(time - $start, '<', 3, 'soon');
    ok(wait_for(sub { $nginx->status == 200 }, 3), 'as is who comes now');
    is(fetches(), 2, 'by a second fetch');
    cmp_ok($nginx->stop('QUIT'), '<', 3, 'quits in time');
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

subtest 'a worker that stands still is overtaken when its lease ends' => sub {
    fresh();
    control('/fault', { preset => 'hang-head', times => 1 });
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '1s'), workers => 2);
    my @fetching;
    wait_for(sub { @fetching = $nginx->fetching($tenant->{http}) })
        or fail('nobody fetches');
    kill 'STOP', $fetching[0];
    ok(wait_for(sub { fetches() == 2 }, 6), 'another worker fetches');
    kill 'CONT', $fetching[0];
    sleep 0.3;
    is($nginx->status, 200, 'the keys are there') for 1 .. 6;
    ends_well($nginx);
};

subtest 'nobody waits longer than an attempt may take' => sub {
    fresh();
    control('/fault', { preset => 'hang-head', times => 1 });
    my $nginx = IdTokenNginx->start(
        providers => tenant_provider(jwks_timeout => '1s'), workers => 2);
    my @fetching;
    wait_for(sub { @fetching = $nginx->fetching($tenant->{http}) })
        or fail('nobody fetches');
    kill 'STOP', $fetching[0];
    my $began = time;
    # the kernel may hand some of the connections to the one that stands still
    my @sent = map { $nginx->send_request('/api', bearer()) } 1 .. 8;
    my @answers = grep { $_->{status} } map {
        my $left = $began + 4 - time;
        IdTokenNginx::read_answer($_, $left > 0.2 ? $left : 0.2)
    } @sent;
    kill 'CONT', $fetching[0];
    ok(@answers > 0, scalar(@answers) . ' of 8 reached the other worker');
    is($_->{status}, 503, 'refused') for @answers;
    is($_->{error}, 'keys_wait_timeout', 'since the time was up')
        for @answers;
    like($_->{'retry-after'}, qr/^[1-9]/, 'with a time to try again')
        for @answers;
    ok(wait_for(sub { $nginx->status == 200 }, 6), 'let in later');
    ends_well($nginx);
};

subtest 'keys survive a binary upgrade' => sub {
    fresh();
    my $nginx = IdTokenNginx->start(providers => tenant_provider(),
        daemon => 'on');
    is($nginx->status, 200, 'before');
    my $old = $nginx->{pid};
    $nginx->signal('USR2');
    ok(wait_for(sub { ($nginx->pid_file || $old) != $old }, 5),
        'a second master');
    $nginx->{pid} = $nginx->pid_file;
    ok(wait_for(sub { $nginx->children == 2 }, 5), 'with workers');
    kill 'QUIT', $old;
    ok(wait_for(sub { !kill 0, $old }, 5), 'the first one quits');
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
