# Parked requests of every kind: each is answered, none leaves a trace.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep);

start_tenant();

# The keys are held back, with FAULT, until release(), if that is called.
sub start {
    my ($fault, %opt) = @_;
    control('/reset', { all => JSON::PP::true });
    hold(%$fault);
    return IdTokenNginx->start(providers => provider(
        jwks_uri => tenant_url(), jwks_timeout => '60s'), %opt);
}

sub ends_well {
    my ($nginx) = @_;
    cmp_ok($nginx->stop, '<', 25, 'quits in time');
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

my $pages = <<'_SERVER_';
    location = /guarded { auth_request /sub; empty_gif; }
    location = /sub { internal; auth_id_token tenant; proxy_pass http://$host:$server_port/open; }
    location = /ssi { ssi on; ssi_types *; alias html/ssi.html; }
    location = /part { auth_id_token tenant; alias html/part.html; }
    location = /post {
        auth_id_token tenant;
        client_body_buffer_size 8k;
        proxy_pass http://127.0.0.1:$server_port/length;
    }
    location = /length { return 200 $http_content_length; }
    location = /optional { auth_id_token tenant; auth_id_token_mode optional; empty_gif; }
_SERVER_
$pages =~ s/\$host:/127.0.0.1:/;

sub pages {
    my ($nginx) = @_;
    mkdir "$nginx->{dir}/html";
    for ([ 'ssi.html', join '|', map {
            '<!--# include virtual="/part" -->' } 1 .. 3 ],
        [ 'part.html', 'part' ])
    {
        open my $file, '>', "$nginx->{dir}/html/$_->[0]" or die $!;
        print {$file} $_->[1];
        close $file;
    }
    return $nginx;
}

subtest 'subrequests' => sub {
    my $nginx = pages(start({}, server => $pages));
    my %sent  = map { $_ => $nginx->send_request($_, bearer()) }
        qw(/guarded /ssi);
    $nginx->waits;
    release();
    is(IdTokenNginx::read_answer($sent{'/guarded'})->{status}, 200,
        'of auth_request');
    like(IdTokenNginx::read_answer($sent{'/ssi'})->{body},
        qr/part.*\|.*part.*\|.*part/s, 'of SSI, three in one page');
    ends_well($nginx);
};

subtest 'subrequests that are refused' => sub {
    my $nginx = pages(start({ status => 503 }, server => $pages));
    my %sent = map { $_ => $nginx->send_request($_, bearer()) }
        qw(/guarded /ssi);
    $nginx->waits;
    release();
    is(IdTokenNginx::read_answer($sent{'/guarded'})->{status}, 500,
        'of auth_request, by its rules for 503');
    unlike(IdTokenNginx::read_answer($sent{'/ssi'})->{body}, qr/part\b/,
        'of SSI');
    $nginx->stop;
    unlike($nginx->complaints, qr/alert|signal/, 'no harm');
};

subtest 'a request with a body' => sub {
    my $nginx  = pages(start({}, server => $pages));
    my $body   = 'x' x 300_000;
    my $socket = $nginx->send_request('/open');
    IdTokenNginx::read_answer($socket);
    $socket = IO::Socket::INET->new("127.0.0.1:$nginx->{port}") or die $!;
    print {$socket} join "\r\n", 'POST /post HTTP/1.1', 'Host: localhost',
        'Connection: close', 'Content-Length: 300000', bearer(), '', $body;
    $socket->flush;
    wait_until { counters()->{active} } or fail('no fetch');
    release();
    my $answer = IdTokenNginx::read_answer($socket);
    is($answer->{status}, 200, 'is let in');
    like($answer->{body}, qr/300000/, 'with all of it');
    ends_well($nginx);
};

subtest 'requests in a pipeline' => sub {
    my $nginx  = start({});
    my $socket = IO::Socket::INET->new("127.0.0.1:$nginx->{port}") or die $!;
    my $auth   = bearer();
    print {$socket} "GET /api HTTP/1.1\r\nHost: a\r\n$auth\r\n\r\n" x 4,
        "GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    $socket->flush;
    wait_until { counters()->{active} } or fail('no fetch');
    release();
    local $/;
    my $text = <$socket>;
    close $socket;
    my @ok = $text =~ m{HTTP/1\.1 200}g;
    is(@ok, 5, 'all are answered');
    ends_well($nginx);
};

subtest 'streams of HTTP/2' => sub {
    my $port = IdTokenNginx::free_port();
    my $http = "server { listen 127.0.0.1:$port http2;"
        . ' location = /api { auth_id_token tenant; empty_gif; } }';
    my $nginx = eval { start({ hold => \0, delay => 0.6 }, http => $http) };
    plan skip_all => 'nginx or curl knows no HTTP/2'
        if !$nginx || `curl --version` !~ /HTTP2/;
    my $url = "http://127.0.0.1:$port/api";
    my $auth = bearer();
    my $curl = 'curl -s --http2-prior-knowledge';
    my $out  = join ' ', map {"-o /dev/null $url"} 1 .. 3;
    my $got  = qx{$curl -m 30 -Z --parallel-immediate -H '$auth' -w '%{http_code} ' $out 2>/dev/null};
    is($got, '200 200 200 ', 'all are answered');
    ends_well($nginx);

    $nginx = start({}, http => $http);
    system qq{$curl -m 0.5 -H '$auth' $url};
    sleep 0.2;
    is($nginx->get('/open')->{status}, 200, 'nginx lives');
    ends_well($nginx);
};

subtest 'what the log says of a client that goes away' => sub {
    my $nginx = start({},
        http   => 'log_format told "$status $id_token_status $id_token_error";',
        server => 'location = /told { auth_id_token tenant; access_log logs/told.log told; empty_gif; }');
    my $socket = $nginx->send_request('/told', bearer());
    $nginx->waits;
    close $socket;
    my $log;
    wait_until {
        open my $file, '<', "$nginx->{dir}/logs/told.log" or return;
        local $/;
        $log = <$file>;
        return length $log;
    };
    is($log, "499 unavailable keys_unavailable\n", 'it was not judged');
    release();
    ends_well($nginx);
};

subtest 'clients that go away' => sub {
    my $nginx = start({}, workers => 1);
    my @sent  = map { $nginx->send_request('/api', bearer()) } 1 .. 20;
    $nginx->has_read;
    close $sent[$_] for grep { $_ % 2 } 0 .. 19;
    my @stay = map { $sent[$_] } grep { !($_ % 2) } 0 .. 19;
    my $gone = qr/client prematurely closed connection/;
    wait_until { $nginx->count_log($gone) >= 10 };
    is($nginx->count_log($gone), 10, 'nginx has seen it');
    $nginx->waits;
    release();
    my @status = map { IdTokenNginx::read_answer($_)->{status} || 0 } @stay;
    is("@status", join(' ', (200) x 10), 'the others are answered');
    ends_well($nginx);
};

subtest 'reset connections' => sub {
    my $nginx = start({}, workers => 1);
    my @sent  = map { $nginx->send_request('/api', bearer()) } 1 .. 20;
    $nginx->has_read;
    for (@sent) {
        setsockopt $_, Socket::SOL_SOCKET(), Socket::SO_LINGER(),
            pack('ii', 1, 0);
        close $_;
    }
    sleep 0.3;
    is($nginx->get('/open')->{status}, 200, 'nginx lives');
    ends_well($nginx);
};

subtest 'who asks twice has one time to wait' => sub {
    control('/reset', { all => JSON::PP::true });
    my $nginx = IdTokenNginx->start(workers => 1, providers => provider(
        jwks_uri => tenant_url(), jwks_timeout => '5s',
        jwks_refresh => '1s', jwks_min_interval => '1s'));
    is($nginx->status, 200, 'there are keys');
    control('/fault', { faults => [ { hold => \1, times => 1 },
        { preset => 'hang-head' } ] });
    wait_until { counters()->{active} } or fail('no refresh');
    my $sent = $nginx->send_request('/api', bearer(key => '@attacker_rsa'));
    $nginx->has_read;
    sleep 1.2;
    release();
    my $answer = IdTokenNginx::read_answer($sent);
    is($answer->{status}, 503, 'refused');
    # The attempt that it asks for would fail later than its 5.5 s end.
    is($answer->{error}, 'keys_wait_timeout', 'since the time is up');
    control('/faults/clear');
    $nginx->stop;
};

subtest 'those who wait leave connections to others' => sub {
    control('/reset', { all => JSON::PP::true });
    my $nginx = IdTokenNginx->start(workers => 1, connections => 64,
        providers => provider(jwks_uri => tenant_url()));
    is($nginx->status, 200, 'there are keys');
    control('/fault', 'hang-head');
    my @sent = map {
        $nginx->send_request('/api', 'Authorization: Bearer '
            . token(key => '@attacker_rsa', header => { kid => "x$_" }))
    } 1 .. 24;
    $nginx->has_read;
    is($nginx->status, 200, 'a known key') for 1 .. 4;
    my %count;
    $count{ IdTokenNginx::read_answer($_)->{error} || '' }++ for @sent;
    is_deeply(\%count,
        { keys_refetch_failed => 16, keys_wait_full => 8 },
        'a quarter of them may wait');
    ends_well($nginx);
};

subtest 'no more than there is room for' => sub {
    my $nginx = start({}, workers => 1);
    my $auth  = bearer();
    my @sent  = map { $nginx->send_request('/api', $auth) } 1 .. 1100;
    $nginx->waits;
    release();
    my %count;
    for (@sent) {
        my $answer = IdTokenNginx::read_answer($_);
        my $what = join ' ', $answer->{status} || 0, $answer->{error} || '';
        $count{$what}++;
    }
    is_deeply(\%count, { '200 ' => 1024, '503 keys_wait_full' => 76 },
        'the others are told to come again');
    ends_well($nginx);
};

done_testing();
