# Each directive of http, server, location and limit_except: inherited over all
# levels, and set anew at each of them.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

start_upstreams();
my $pass = pass_to('proxy');

my $token  = token(claims => { nonce => 'x' });
my $good   = "Authorization: Bearer $token";
my $cookie = "Cookie: n=y; idt=$token";
my $nginx;

sub ask {
    my ($port, $request, @headers) = @_;
    my $server = bless { port => $port }, 'IdTokenNginx';
    return $server->get($request, @headers);
}
sub status { return ask(@_)->{status} }

# Two settings of each directive, A of http and B, and what tells them apart:
# a probe gets a port and a request, and says which it sees.
my @directives = (
    { name => 'auth_id_token', a => 'tenant', b => 'two',
        probe => sub { return ask(@_, $good)->{provider} eq 'two' ? 'B' : 'A' } },
    { name => 'auth_id_token', a => 'tenant', b => 'off',
        probe => sub { return status(@_) == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token', a => 'tenant', b => '$http_x_provider',
        probe => sub { return ask(@_, $good, 'X-Provider: two')->{provider} eq 'two' ? 'B' : 'A' } },
    { name => 'auth_id_token_source', a => 'bearer', b => 'cookie=idt',
        probe => sub { return status(@_, $cookie, 'Sec-Fetch-Site: same-origin') == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token_realm', a => 'A', b => 'B',
        probe => sub { return ask(@_)->{'www-authenticate'} =~ s/.*realm="(.)".*/$1/r } },
    { name => 'auth_id_token_mode', a => 'enforce', b => 'optional', with => 'auth_id_token_require off;',
        probe => sub { return status(@_) == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token_mode', a => 'enforce', b => 'report',
        probe => sub { return status(@_, 'Authorization: Bearer x') == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token_strip', a => 'off', b => 'on',
        probe => sub { return sent(ask(@_, $good)->{body}, 'authorization') eq '-' ? 'B' : 'A' } },
    { name => 'auth_id_token_preflight', a => 'check', b => 'pass', method => 'OPTIONS',
        probe => sub { return status(@_, 'Origin: https://a', 'Access-Control-Request-Method: PUT') == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token_csrf', a => 'on', b => 'off', method => 'POST', with => 'auth_id_token_source cookie=idt;',
        probe => sub { return status(@_, $cookie) == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token_csrf', a => 'on', b => 'https://named.test', method => 'POST', with => 'auth_id_token_source cookie=idt;',
        probe => sub { return status(@_, $cookie, 'Origin: https://named.test') == 200 ? 'B' : 'A' } },
    { name => 'auth_id_token_nonce', a => 'off', b => '$cookie_n',
        probe => sub { return status(@_, $good, 'Cookie: n=y') == 200 ? 'A' : 'B' } },
);

# One server for each that inherits A from http, one that sets B.
my ($servers, %http) = ('');
for my $directive (@directives) {
    my $name = $directive->{name};
    my %set  = (A => "$name $directive->{a};", B => "$name $directive->{b};");
    my $with = $directive->{with} || '';
    $http{$name} = $set{A};
    for my $row (['A', 'B'], ['B', 'A']) {
        my ($level, $other) = @$row;
        my $port = $directive->{$level} = IdTokenNginx::free_port();
        my $own  = $level eq 'B' ? $set{B} : '';
        $servers .= <<"END";
    server {
        listen 127.0.0.1:$port;
        $own $with
        add_header Provider "\$id_token_provider" always;
        location / { $pass }
        location /if { if (\$arg_x) { $pass } $pass }
        location /set {
            $set{$other} $pass
            location /set/nested { $pass
                location /set/nested/back { $set{$level} $pass } }
            location /set/limit { limit_except HEAD { $set{$level} } $pass }
        }
        location /limit { limit_except HEAD { $set{$other} } $pass }
        location /unlimited { limit_except GET POST OPTIONS { $set{$other} } $pass }
    }
END
    }
}
my $http = join "\n", map { $http{$_} } sort keys %http;

$nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider('tenant') . provider('two'),
    http      => "$http\n auth_id_token_require blocked !present error=404;"
        . " auth_id_token_set_header X-Http sub;\n$servers",
    server    => <<"END",
    location = /require { $pass }
    location = /require-off { auth_id_token_require off; $pass }
    location = /header { $pass }
END
);

for my $directive (@directives) {
    my $name  = "$directive->{name} $directive->{b}";
    my $probe = $directive->{probe};
    my $method = $directive->{method} || 'GET';
    for my $row (['A', 'B'], ['B', 'A']) {
        my ($level, $other) = @$row;
        my $where = $level eq 'A' ? 'of http' : 'of the server';
        my $see   = sub { return $probe->($directive->{$level}, "$method $_[0]") };
        is($see->('/'),          $level, "$name: $where");
        is($see->('/if?x=1'),    $level, "$name: $where, in an if block");
        is($see->('/set'),       $other, "$name: $where, set anew");
        is($see->('/set/nested'), $other, "$name: $where, set anew, inherited");
        is($see->('/set/nested/back'), $level, "$name: $where, set anew and back");
        is($see->('/set/limit'), $level, "$name: $where, set anew and back in limit_except");
        is($see->('/limit'),     $other, "$name: $where, set anew in limit_except");
        is($see->('/unlimited'), $level, "$name: $where, the methods beside limit_except");
    }
}

# those that add up
my $blocked = 'Authorization: Bearer ' . token(claims => { blocked => 1 });
is($nginx->get('/require', $good)->{status}, 200, 'auth_id_token_require: of http, met');
is($nginx->get('/require', $blocked)->{status}, 404, 'auth_id_token_require: of http, not met');
is($nginx->get('/require-off', $blocked)->{status}, 200, 'auth_id_token_require: dropped');
is(sent($nginx->get('/header', $good, 'X_Http: root')->{body}, 'x_http'), 'alice', 'auth_id_token_set_header: of http');

# every directive of these levels is here
my $source = do { local (@ARGV, $/) = 'src/nginx/idt_module/module.cc'; <> };
my %tested = map { $_->{name} => 1 } @directives;
$tested{"auth_id_token_$_"} = 1 for qw(require set_header);
# in login_merge.t
$tested{"auth_id_token_$_"} = 1 for qw(login login_parameter renew);
my @all = $source =~ /ngx_string\("(auth_id_token\w*)"\)/g;
is(join(' ', grep { !$tested{$_} } @all), '', scalar(@all) . ' directives, none without a test');

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
