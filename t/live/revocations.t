# id_token_revocations: who has been logged out, over restarts, reloads and
# processes. Logouts come by the file here, as from another process.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use IdTokenRevoked;
use Test::More;
use Time::HiRes qw(sleep time);

my $now    = int time;
my $states = 0;
my $state;

sub start {
    my (%opt) = @_;
    my $block = delete $opt{block} || '';
    my $content = delete $opt{content};
    if (!delete $opt{same}) {
        $state = data_dir() . '/revoked-' . ++$states;
    }
    put_state($state, $content) if defined $content;
    return IdTokenNginx->start(
        providers => provider(jwks_file => write_file('jwks.json', jwks()))
            . "id_token_revocations { state $state; $block }\n",
        %opt);
}

sub ends_well {
    my ($nginx, $allowed) = @_;
    $nginx->stop;
    my $complaints = join "\n", grep { !$allowed || !/$allowed/ }
        split /\n/, $nginx->complaints;
    is($complaints, '', 'nothing else to complain of');
    return;
}

# A token of a session, issued so many seconds after the logouts of a test.
sub of {
    my ($sid, $after, %opt) = @_;
    my $claims = delete $opt{claims} || {};
    return (claims => { iat => $now - 60 + ($after || 0),
            defined $sid ? (sid => $sid) : (), %$claims }, %opt);
}

sub answer {
    my ($nginx, @token) = @_;
    my %token = of(@token);
    my $r = $nginx->get('/api', bearer(%token));
    return "$r->{status} " . (defined $r->{error} ? $r->{error} : '');
}

# In every worker.
sub everywhere {
    my ($nginx, $expected, @token) = @_;
    return wait_until {
        for (1 .. 12) {
            answer($nginx, @token) eq $expected or return 0;
        }
        return 1;
    };
}

subtest 'who was logged out before the start is refused, nobody else' => sub {
    my $nginx = start(content => revocation(sid => 's1', cut => $now - 60));
    is(answer($nginx, 's1'), '401 revoked', 'the session');
    my $r = $nginx->get('/api', bearer(claims => { sid => 's1',
        iat => $now - 60 }));
    like($r->{'www-authenticate'},
        qr/error="invalid_token".*the session has ended/,
        'what the client is told');
    is(answer($nginx, 's2'), '200 ', 'another one');
    is(answer($nginx, 's1', 1), '200 ', 'a login after it');
    is(answer($nginx, undef), '200 ', 'a token without sid');
    ok($nginx->count_log('revoked'), 'and the log');
    ends_well($nginx);
};

subtest 'by sub, by jti, all of a provider, and who has no sid' => sub {
    my $file = revocation(sub => 'ann', cut => $now - 60)
        . revocation(jti => 'j1', cut => $now - 60)
        . revocation(sub_without_sid => 'bob', cut => $now - 60)
        . revocation(all => '', cut => $now - 90)
        . revocation(all => '', cut => $now, client_id => 'other');
    my $nginx = start(content => $file);
    is(answer($nginx, 'a', 0, sub => 'ann'), '401 revoked', 'sub');
    is(answer($nginx, 'a', 1, sub => 'ann'), '200 ', 'sub, later');
    is(answer($nginx, 'a', 0, sub => 'anna'), '200 ', 'another sub');
    is(answer($nginx, 'a', 5, claims => { jti => 'j1' }), '401 revoked',
        'jti, whenever it was issued');
    is(answer($nginx, 'a', 5, claims => { jti => 'j2' }), '200 ',
        'another jti');
    is(answer($nginx, undef, 0, sub => 'bob'), '401 revoked',
        'without a sid by its sub');
    is(answer($nginx, 'b', 0, sub => 'bob'), '200 ', 'with one not');
    is(answer($nginx, 'c', -30), '401 revoked', 'all of the provider');
    is(answer($nginx, 'c', -29), '200 ', 'a second later not');
    ends_well($nginx);
};

subtest 'what another process appends counts in a moment, cached or not' => sub {
    my $nginx = start(workers => 2);
    for (1 .. 8) {
        is(answer($nginx, 's1'), '200 ', 'before') or last;
    }
    my $begin = time;
    append_file("$state/revocations",
        revocation(sid => 's1', cut => $now - 60));
    ok(everywhere($nginx, '401 revoked', 's1'), 'in every worker');
    cmp_ok(time - $begin, '<', 5, 'soon');
    is(answer($nginx, 's2'), '200 ', 'nobody else');
    ends_well($nginx);
};

subtest 'a record that comes in two parts is one' => sub {
    my $nginx  = start();
    my $record = revocation(sid => 's1', cut => $now - 60);
    append_file("$state/revocations", substr $record, 0, 33);
    sleep 0.7;
    is(answer($nginx, 's1'), '200 ', 'half of it is none');
    append_file("$state/revocations", substr $record, 33);
    ok(everywhere($nginx, '401 revoked', 's1'), 'the whole counts');
    ends_well($nginx);
};

subtest 'optional: a revoked cookie is anonymous, a header is not' => sub {
    my $nginx = start(content => revocation(sid => 's1', cut => $now - 60),
        server => q[
        location = /page {
            auth_id_token tenant;
            auth_id_token_mode optional;
            auth_id_token_source bearer cookie=idt;
            auth_id_token_csrf off;
            add_header Session "$id_token_status $id_token_claim_sub" always;
            empty_gif;
        }
        location = /strict {
            auth_id_token tenant;
            auth_id_token_source bearer cookie=idt;
            auth_id_token_csrf off;
            empty_gif;
        }
        location = /sub {
            auth_request /api;
            empty_gif;
        }]);
    my %token = of('s1', 0);
    my $cookie = 'Cookie: idt=' . token(%token);
    my $r = $nginx->get('/page', $cookie);
    is($r->{status}, 200, 'a cookie');
    like($r->{'session'}, qr/^missing\b/, 'of nobody');
    is($nginx->get('/strict', $cookie)->{status}, 401, 'enforced');
    is($nginx->get('/page', bearer(%token))->{status}, 401, 'a header');
    is($nginx->get('/sub', bearer(%token))->{status}, 401, 'a subrequest');
    %token = of('s2', 0);
    $r = $nginx->get('/page', 'Cookie: idt=' . token(%token));
    like($r->{'session'}, qr/^ok \w+/, 'of another session');
    is($nginx->get('/sub', bearer(%token))->{status}, 200, 'its subrequest');
    ends_well($nginx);
};

subtest 'no token outlives what is known of logouts' => sub {
    my $nginx = start(block => 'keep 10m;');
    is(answer($nginx, 's1', -900), '401 too_old', 'older');
    is(answer($nginx, 's1', -500), '200 ', 'younger');
    ends_well($nginx);
};

subtest 'a reload keeps the list, in a zone of another size, too' => sub {
    my %common = (
        providers => provider(jwks_file => write_file('jwks.json', jwks())));
    my $nginx = start(content => revocation(sid => 's1', cut => $now - 60));
    for my $zone ('', 'zone 4m;', 'zone 64k;') {
        # The file is not asked: it is empty, and another one.
        my $other = data_dir() . '/revoked-' . ++$states;
        put_state($other, '');
        $nginx->configure(providers => $common{providers}
            . "id_token_revocations { state $other; $zone }");
        $nginx->reload;
        is(answer($nginx, 's1'), '401 revoked', "refused: $zone");
        is(answer($nginx, 's2'), '200 ', 'nobody else');
        is(file_records("$other/revocations"), '1+0',
            'the new file has what the zone held');
    }
    $nginx->configure(providers => $common{providers}
        . 'id_token_revocations { }');
    $nginx->reload;
    is(answer($nginx, 's1'), '401 revoked', 'without a file');
    ends_well($nginx);
};

subtest 'torn by a power cut: the rest counts' => sub {
    my $first  = revocation(sid => 's1', cut => $now - 60);
    my $second = revocation(sid => 's2', cut => $now - 60);
    for my $bytes (1, 4, 40, 79) {
        my $nginx = start(content => $first . substr $second, 0, $bytes);
        is(answer($nginx, 's1'), '401 revoked', "$bytes bytes: the first");
        is(answer($nginx, 's2'), '200 ', 'the torn one is lost');
        ok($nginx->count_log(
            "\\[warn\\].*: $bytes bytes at the end of .* are cut off"),
            'told');
        is(file_records("$state/revocations"), '1+0', 'and cut off');
        append_file("$state/revocations", $second);
        ok(everywhere($nginx, '401 revoked', 's2'), 'others append behind it');
        ends_well($nginx);
    }
    my $nginx = start(content => substr($first, 0, 50) . $second);
    is(answer($nginx, 's2'), '401 revoked', 'what stands behind a torn one');
    is($nginx->count_log('50 bytes of .* are damaged: logouts may be lost'), 1,
        'told once, as an alert');
    is(file_records("$state/revocations"), '1+0', 'written anew without it');
    ends_well($nginx, 'are damaged');
};

subtest 'written anew at a start, without what is over' => sub {
    my $file = '';
    $file .= revocation(sid => "old$_", cut => $now - 9000, until => $now - 1)
        for 1 .. 50;
    $file .= revocation(sid => 's1', cut => $now - 60);
    $file .= revocation(sid => 's1', cut => $now - 61);
    my $nginx = start(content => $file);
    is(answer($nginx, 's1'), '401 revoked', 'what counts');
    is(file_records("$state/revocations"), '1+0', 'alone');
    ends_well($nginx);
    $nginx = start(same => 1);
    is(answer($nginx, 's1'), '401 revoked', 'after another start');
    ends_well($nginx);
};

subtest 'the file has another inode: it is read whole' => sub {
    my $nginx = start(content => revocation(sid => 's1', cut => $now - 60));
    put_state("$state/new", revocation(sid => 's2', cut => $now - 60)
        . revocation(sid => 's3', cut => $now - 60));
    rename "$state/new/revocations", "$state/revocations" or die $!;
    ok(everywhere($nginx, '401 revoked', 's3'), 'what is in it');
    is(answer($nginx, 's1'), '401 revoked', 'and what was');
    append_file("$state/revocations",
        revocation(sid => 's4', cut => $now - 60));
    ok(everywhere($nginx, '401 revoked', 's4'), 'it is followed');
    ends_well($nginx);
};

subtest 'a full zone forgets nobody silently' => sub {
    my $nginx = start(block => 'zone 32k;');
    my $file  = '';
    $file .= revocation(sid => "f$_", cut => $now - 1000 + $_)
        for 1 .. 900;
    append_file("$state/revocations", $file);
    ok(everywhere($nginx, '401 revoked', 'f900', -40), 'the newest');
    is(answer($nginx, 'f1', -939), '401 revoked', 'the oldest, forgotten');
    is(answer($nginx, 'none', -939), '401 revoked',
        'and who was issued when it was');
    is(answer($nginx, 'none', 0), '200 ', 'later ones are not touched');
    is($nginx->count_log('\[alert\].*the zone is full'), 1, 'told once');
    ends_well($nginx, 'the zone is full');
};

subtest 'a foreign file is not believed' => sub {
    my $record = revocation(sid => 's1', cut => $now - 60);
    $state = data_dir() . '/revoked-' . ++$states;
    put_state($state, $record);
    chmod 0666, "$state/revocations" or die $!;
    my $nginx = start(same => 1);
    is(answer($nginx, 's1'), '200 ', 'others can write it');
    is($nginx->count_log('\[alert\].*revocations" cannot be read'), 1,
        'told once');
    ends_well($nginx, 'cannot be read');
    chmod 0600, "$state/revocations" or die $!;
    $nginx = start(same => 1);
    is(answer($nginx, 's1'), '401 revoked', 'only the worker can');
    ends_well($nginx);
};

subtest 'a reload storm loses nobody' => sub {
    my $nginx = start(workers => 2);
    for my $n (1 .. 8) {
        append_file("$state/revocations",
            revocation(sid => "r$n", cut => $now - 60));
        $nginx->signal('HUP');
        sleep 0.1;
    }
    wait_until { $nginx->children == 2 };
    for my $n (1 .. 8) {
        ok(everywhere($nginx, '401 revoked', "r$n"), "logout $n");
    }
    is(answer($nginx, 'other'), '200 ', 'nobody else');
    ends_well($nginx);
};

done_testing();
