# What somebody who knows how logins work may try: transactions made by hand,
# cookies beside the right ones, hosts that are not ours. Each beside its twin
# that is let in.

use lib 't/lib';
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use IdToken;
use IdTokenLogin;
use IdTokenNginx;
use MIME::Base64 qw(encode_base64url);
use Test::More;

my ($old, $new) = ('o' . 'ld' x 20, 'n' . 'ew' x 20);
my @key = (write_file('new.key', "$new\n"), write_file('old.key', "$old\n"));
chmod 0600, @key;

my $port  = IdTokenNginx::free_port();
my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => login_provider()
        . login_provider(name => 'dead', redirect_uri => '/dead/callback',
            jwks_file => undef, jwks_uri => 'http://127.0.0.1:1/jwks'),
    http      => "id_token_login_key @key;" . <<"END",
    server {
        listen 127.0.0.1:$port;
        server_name app.example.com *.wild.example.com .dot.example.com tail.example.* ~^re\\d\\.example\\.net\$;
        auth_id_token_source cookie=__Host-id;
        location / {
            auth_id_token tenant;
            auth_id_token_login on;
            add_header Said "\$id_token_login" always;
            empty_gif;
        }
        location = /oidc/callback { id_token_callback tenant; }
    }
END
    server    => login_server(<<'END'),
        location = /dead { auth_id_token dead; auth_id_token_login on; empty_gif; }
        location = /dead/callback {
            add_header Said "$id_token_login" always;
            id_token_callback dead;
        }
        location = /gone { return 404; }
END
);
mkdir "$nginx->{dir}/html";
{
    open my $file, '>', "$nginx->{dir}/html/page" or die $!;
    print {$file} 'the page';
}

my $number = 0;

# A transaction as the server makes it: its cookie and what the tenant gets.
sub transaction {
    my %t = (key => $new, expires => time + 300, provider => 'tenant', flow => 0,
        host => 'localhost', redirect_uri => 'http://localhost/oidc/callback',
        cookie => '__Host-id', return_path => '/page', renews => 0,
        secret => encode_base64url(pack 'a32', 'r' . ++$number), @_);
    my $text = join '', map { length($t{$_}) . ":$t{$_}" } qw(secret expires
        provider flow host redirect_uri cookie return_path renews);
    my $encoded = encode_base64url($text);
    my $state   = encode_base64url(hmac_sha256('state', $t{secret}));
    return {
        state => $state,
        nonce => nonce_of($t{secret}),
        name  => '__Host-oidc_tx_' . substr($state, 0, 8),
        value => "$encoded." . encode_base64url(
            hmac_sha256("oidc_tx 1\n$encoded", $t{key})),
    };
}

sub answered {
    my ($t, %opt) = @_;
    my $browser = IdTokenLogin->new($nginx);
    $browser->{jar}{ $t->{name} } = $t->{value};
    return $browser->finish($t, %opt);
}

sub refused {
    my ($title, $answer, $status, $said) = @_;
    is($answer->{status}, $status, "$title: $status");
    is($answer->{said}, $said, "$title: $said");
    is(scalar(grep { /^__Host-id[=.]/ && !/Max-Age=0/ } @{ $answer->{set} }), 0,
        "$title: no session");
    return;
}

subtest 'transactions made by hand' => sub {
    is(answered(transaction())->{status}, 303, 'the twin of all below');
    is(answered(transaction(key => $old))->{status}, 303, 'sealed by the older key');
    refused('another key', answered(transaction(key => 'x' x 41)), 403, 'transaction_seal');
    is(answered(transaction(expires => time + 30))->{status}, 303, 'not over');
    refused('over', answered(transaction(expires => time)), 403, 'transaction_expired');
    refused('for longer than any', answered(transaction(expires => time + 1000)), 403, 'transaction_expired');
    refused('another provider', answered(transaction(provider => 'dead')), 403, 'transaction_provider');
    refused('the other flow', answered(transaction(flow => 1)), 403, 'transaction_provider');
    refused('another host', answered(transaction(host => 'localhost:81')), 403, 'transaction_host');
    refused('another redirect_uri', answered(transaction(redirect_uri => 'http://localhost/x')), 403, 'transaction_host');
    refused('no flow at all', answered(transaction(flow => 2)), 403, 'transaction_seal');
};

subtest 'cookies beside the right ones' => sub {
    my ($mine, $theirs) = (transaction(), transaction());
    my $post = sub {
        my ($cookies) = @_;
        my $browser = IdTokenLogin->new($nginx);
        my $form = answer_form(state => $mine->{state},
            id_token => token(claims => { nonce => $mine->{nonce} }));
        return $browser->request('POST /oidc/callback', "Cookie: $cookies",
            'Content-Type: application/x-www-form-urlencoded', \$form);
    };
    is($post->("$mine->{name}=x; $mine->{name}=$mine->{value}")->{status}, 303,
        'a broken one of the same name');
    refused('the value of another', $post->("$mine->{name}=$theirs->{value}"), 403, 'state_differs');
    refused('another name', $post->("$mine->{name}x=$mine->{value}"), 403, 'transaction_missing');

    my ($alice, $eve) = map { token(sub => $_, claims => { nonce => nonce_of("r of $_") }) } qw(alice eve);
    my $visit = sub { return IdTokenLogin->new($nginx)->request('GET /page', "Cookie: $_[0]") };
    my $both = $visit->("__Host-id=$eve; __Host-id=$alice; __Host-id-r=r of alice");
    is($both->{sub}, 'alice', 'a token of another browser before ours counts for nothing');
    is($visit->("__Host-id=$eve; __Host-id-r=r of alice")->{status}, 401, 'nor does it alone');
    is($visit->("__Host-id=$eve; __Host-id-r=r of eve")->{sub}, 'eve', 'its own secret makes it one');
};

subtest 'return paths' => sub {
    for my $case (
        ['%2Fpage%3Fx', '/page?x'], ['%2Fa%5C..', '/'], ['%2Fa%0D%0ASet-Cookie:%20x=y', '/'],
        ['%2Fa%00', '/'], ['%2F%C3%A9', '/'], ['%2F%25C3%25A9', '/%C3%A9'], ['https:%2F%2Fevil.test', '/'],
        ['%2F%2Fevil.test', '/'], ['%2F%5Cevil.test', '/'], ['%2Fa%20b', '/'], ['%2F%7F', '/'],
        ['', '/'], ['%2F', '/'],
    ) {
        my ($sent, $back) = @$case;
        my $answer = IdTokenLogin->new($nginx)->login("/oidc/login?return=$sent");
        is($answer->{location}, "http://localhost$back", "a link: $sent");
        is(scalar(grep { /x=y/ } @{ $answer->{set} }), 0, 'nothing is split off');
    }
    is(IdTokenLogin->new($nginx)->login('/a\\..')->{location}, 'http://localhost/', 'a page: /a\\..');
    is(IdTokenLogin->new($nginx)->login('/oidc/login?return=%2Fa&return=%2Fb')->{location},
        'http://localhost/', 'a link that says it twice');
};

# A browser without a proxy before it, at the other server.
{
    package OtherServer;
    sub connect { return IO::Socket::INET->new("127.0.0.1:$port") }
}

subtest 'hosts' => sub {
    my $visit = sub { return IdTokenLogin->new(bless({}, 'OtherServer'), host => $_[0])->visit('/') };
    my $sent = $visit->('localhost');
    is($sent->{status}, 302, 'a loopback name');
    for my $host (qw(app.example.com APP.example.com:8080 a.b.wild.example.com dot.example.com
        x.dot.example.com tail.example.org re7.example.net)) {
        my $answer = $visit->($host);
        is($answer->{said}, 'plain_http', "$host is known");
        is($answer->{status}, 400, 'but browsers keep no cookies over http');
    }
    for my $host (qw(evil.test wild.example.com xdot.example.com tail.example.org.evil.test/x
        re.example.net app.example.com.evil.test)) {
        my $answer = $visit->($host);
        next if $host =~ m{/} && is($answer->{status}, 400, "$host is no host");
        is($answer->{said}, 'host_unknown', "$host is not known");
        is($answer->{status}, 400, 'and leads nowhere');
        is($answer->{location}, undef, 'at all');
    }
};

subtest 'the keys cannot be had' => sub {
    my $t = transaction(provider => 'dead', redirect_uri => 'http://localhost/dead/callback');
    my $answer = answered($t, path => '/dead/callback');
    refused('no keys', $answer, 503, 'keys_unavailable');
    ok($answer->{'retry-after'}, 'later, then');
};

# The expired ones among the cookies of so many transactions, the oldest first.
sub expired_of {
    my ($count, $line, @headers) = @_;
    my @t = map { transaction(expires => time + 100 + 10 * $_) } 1 .. $count;
    my $browser = IdTokenLogin->new($nginx);
    $browser->{jar} = { map { $_->{name} => $_->{value} } @t };
    my $answer = $browser->request($line, @headers);
    my %number = map { ($t[$_]{name} => $_) } 0 .. $#t;
    return [$answer->{status}, sort { $a <=> $b } map { /^([^=]+)=;.*Max-Age=0/ && exists $number{$1} ? $number{$1} : () }
        @{ $answer->{set} }];
}

subtest 'more than five transactions' => sub {
    my @page = ('Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document');
    is_deeply(expired_of(5, 'GET /open'), [200], 'five may stay');
    is_deeply(expired_of(6, 'GET /open'), [200, 0], 'of six the oldest goes, from a page without a gate');
    is_deeply(expired_of(9, 'GET /page'), [401, 0 .. 3], 'from a fetch that is refused');
    is_deeply(expired_of(7, 'GET /page', @page), [302, 0, 1], 'from a page load that is sent away');
    is_deeply(expired_of(7, 'GET /gone'), [404, 0, 1], 'from what is not found');
    is_deeply(expired_of(7, 'POST /oidc/callback'), [400, 0, 1], 'from a callback that fails');
    is_deeply(expired_of(7, 'GET /oidc/login', @page), [302, 0, 1], 'from a link');
    is_deeply(expired_of(7, 'GET /oidc/logout'), [200, 0, 1], 'from a question');
    my $browser = IdTokenLogin->new($nginx);
    my @t = map { transaction() } 1 .. 5;
    $browser->{jar} = { map { $_->{name} => $_->{value} } @t };
    $browser->{jar}{"__Host-oidc_tx_$_"} = 'x' for 'a' .. 'c';
    $browser->request('GET /open');
    is_deeply([sort keys %{ $browser->{jar} }], [sort map { $_->{name} } @t], 'what is none goes first');
};

$nginx->stop;
is($nginx->complaints, '', 'nothing to complain of');

subtest 'several nodes' => sub {
    my $issuer = start_op(end_session_endpoint => undef);
    my @providers = (login_provider(), login_provider(issuer => $issuer, jwks_file => undef,
        jwks_uri => undef, authorization_endpoint => undef, response_type => 'code'));
    my @nodes = map { my $p = $_;
        [map { IdTokenNginx->start(workers => 1, providers => $p, http => $_, server => login_server()) }
            ("id_token_login_key $key[0];", "id_token_login_key @key[1, 0];", "id_token_login_key $key[1];")] } @providers;

    my $begin = sub {
        my ($from, $to) = @_;
        my $browser = IdTokenLogin->new($from);
        my $begun = $browser->begin('/page?x');
        $browser->{nginx} = $to;
        return ($browser, $begun);
    };
    my ($one, $two, $foreign) = @{ $nodes[0] };
    my ($browser, $begun) = $begin->($one, $two);
    my $answer = $browser->finish($begun);
    is($answer->{status}, 303, 'begun at one, ended at another');
    is($answer->{location}, 'http://localhost/page?x', 'and back');
    is($browser->request('GET /oidc/me')->{status}, 200, 'the session is good there');
    $browser->{nginx} = $one;
    is($browser->request('GET /oidc/me')->{status}, 200, 'and here');
    ($browser, $begun) = $begin->($one, $foreign);
    refused('a node with another key', $browser->finish($begun), 403, 'transaction_seal');

    # The second has asked nobody for endpoints yet.
    ($one, $two, $foreign) = @{ $nodes[1] };
    ($browser, $begun) = $begin->($one, $two);
    op_answers(200, { id_token => token(iss => $issuer, claims => { nonce => $begun->{nonce} }) });
    $answer = $browser->request('GET /oidc/callback?' . answer_form(state => $begun->{state}, code => 'c'));
    is($answer->{status}, 303, 'by code: begun at one, ended at another');
    ($browser, $begun) = $begin->($one, $foreign);
    refused('by code: another key', $browser->request('GET /oidc/callback?'
        . answer_form(state => $begun->{state}, code => 'c')), 403, 'transaction_seal');

    for my $node (map { @$_ } @nodes) {
        $node->stop;
        is($node->complaints, '', 'nothing to complain of');
    }
};

done_testing;
