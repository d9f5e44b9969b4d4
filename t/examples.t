# The examples: each is started as it stands, and then, with the test tenant
# in place of the made-up ones, used.

use strict;
use warnings;

use lib 't/lib';
use IdToken;
use IdTokenNginx ();

use Cwd qw(abs_path);
use Digest::SHA qw(sha256);
use HTTP::Tiny ();
use IO::Socket::INET ();
use MIME::Base64 qw(encode_base64url);
use Test::More;

my $examples = abs_path('conf-examples');
my $nginx    = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $module   = $ENV{TEST_NGINX_LOAD_MODULES};
my $prefix   = data_dir();
my $http     = HTTP::Tiny->new(timeout => 60, max_redirect => 0,
    proxy => undef, http_proxy => undef);
my $tenant   = start_tenant();
my $issuer   = "https://localhost:$tenant->{https}/";
my ($port, %pids);

mkdir "$prefix/modules";
mkdir "$prefix/html";
write_file('html/index.html', "the app\n");
write_file('try.conf', slurp("$examples/try.conf"));
if ($module) {
    symlink abs_path($module),
        "$prefix/modules/ngx_http_auth_id_token_module.so" or die $!;
}

sub is_free {
    my ($candidate) = @_;
    return defined IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $candidate);
}

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return scalar <$file>;
}

# -- servers ------------------------------------------------------------------

sub spawn {
    my ($log, @command) = @_;
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if ($pid == 0) {
        open STDOUT, '>', $log or POSIX::_exit(1);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
        exec @command or POSIX::_exit(1);
    }
    $pids{$pid} = 1;
    return $pid;
}

sub start_nginx {
    my ($conf) = @_;
    unlink "$prefix/error.log", "$prefix/nginx.pid";
    my $rc = system $nginx, '-p', "$prefix/", '-e', 'error.log', '-c', $conf;
    return ok $rc == 0, "nginx starts with $conf";
}

sub stop_nginx {
    my ($pid) = slurp("$prefix/nginx.pid") =~ /(\d+)/ or return;
    kill 'TERM', $pid;
    wait_until { !-e "$prefix/nginx.pid" } or kill 'KILL', $pid;
    return;
}

END {
    my $status = $?;
    stop_nginx() if defined $prefix;
    kill 'TERM', keys %pids;
    waitpid $_, 0 for keys %pids;
    $? = $status;
}

my $api_file = "$prefix/api.port";
spawn("$prefix/api.log", 'python3', 't/run/demo_api.py', $api_file);
wait_until { -s $api_file } or die 'the API did not start';
my $api = slurp($api_file);
chomp $api;

# An example with the test's ports and its tenant.
sub rewrite {
    my ($text, $upstream) = @_;
    $port = IdTokenNginx::free_port();
    my $verifier = IdTokenNginx::free_port();
    my $trust    = "ssl_trusted_certificate $tenant->{ca};";
    my $base     = "https://localhost:$tenant->{https}";

    # 8091 is a server of the example's own, or the verifier below.
    $text =~ s/listen(\s+)127\.0\.0\.1:80(?!91)\d\d/listen${1}127.0.0.1:$port/g;
    $text =~ s/127\.0\.0\.1:8090/127.0.0.1:$upstream/g;
    $text =~ s/127\.0\.0\.1:8091/127.0.0.1:$verifier/g;
    $text =~ s{https://tenant\.example\.com/;}{$issuer; $trust}g;
    $text =~ s{https://acme\.tenant\.example\.com/;}{$base/p/acme/; $trust};
    $text =~ s{https://login\.blue\.example\.com/realms/staff;}
              {$base/p/blue/; $trust};
    $text =~ s{https://login\.microsoftonline\.com/(CONTOSO|FABRIKAM)_TENANT_ID/v2\.0;}
              {$base/p/\L$1\E/; $trust}g;
    $text =~ s{https://accounts\.google\.com;}{$base/p/google/; $trust};
    $text =~ s{https://www\.googleapis\.com/oauth2/v3/certs;}{$base/p/google/jwks.json; $trust};
    $text =~ s/^load_module.*\n//m if !$module;
    if ($text =~ /verifier/) {
        $text =~ s/\}\s*\z//;
        $text .= "server { listen 127.0.0.1:$verifier; location / {\n"
            . "if (\$http_authorization = 'Bearer access') { return 204; }\n"
            . "return 401; } } }\n";
    }
    return $text;
}

sub start_example {
    my ($name, $upstream) = @_;
    my $text = rewrite(slurp("$examples/$name.conf"), $upstream || $api);
    return start_nginx(write_file("$name.conf", $text));
}

# -- requests -----------------------------------------------------------------

# request(PATH, header => value, ..., method => 'POST'): the answer.
sub request {
    my ($path, %header) = @_;
    my $method = delete $header{method} || 'GET';
    my $host   = delete $header{Host};
    # HTTP::Tiny takes the Host header from the URL alone.
    my $url = 'http://' . ($host || "127.0.0.1:$port") . $path;
    my $client = $http;
    if ($host) {
        my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die $!;
        print {$socket} join "\r\n", "$method $path HTTP/1.0", "Host: $host",
            (map { "$_: $header{$_}" } sort keys %header), '', '';
        local $/;
        my $answer = <$socket>;
        my ($status) = $answer =~ m{^HTTP/1\.1 (\d+)};
        my ($content) = $answer =~ /\r\n\r\n(.*)/s;
        return { status => $status, content => $content, headers => {} };
    }
    return $client->request($method, $url, {
        headers => \%header,
        ($method eq 'POST' ? (content => 'x') : ()),
    });
}

sub status_is {
    my ($title, $status, $path, %header) = @_;
    my $answer = request($path, %header);
    is $answer->{status}, $status, $title
        or diag $answer->{content}, slurp("$prefix/error.log");
    return $answer;
}

sub good {
    my (%claims) = @_;
    my %option = (iss => $issuer, aud => 'SPA_CLIENT_ID', sub => 'alice');
    for my $name (qw(iss aud sub exp key)) {
        $option{$name} = delete $claims{$name} if exists $claims{$name};
    }
    return token(%option, (%claims ? (claims => \%claims) : ()));
}

sub with {
    my ($token) = @_;
    return (Authorization => "Bearer $token");
}

# -- as they stand ------------------------------------------------------------

my %as_it_stands = (
    # the port; a guarded path; the answer without a token
    'bearer-api'              => [8081, '/api/', 401],
    'cookie'                  => [8082, '/', 302],
    'several-applications'    => [8083, '/office/', 401],
    'spa-with-api'            => [8084, '/api/me', 401],
    'multi-tenant-by-host'    => [8085, '/', 403],
    'report-mode-rollout'     => [8086, '/', 502],
    'required-groups-and-mfa' => [8087, '/admin/', 401],
    'access-tokens-instead'   => [8088, '/app/', 401],
    'login-web-application'   => [8089, '/', 401],
    'login-single-page-app'   => [8092, '/api/', 401],
    'login-code-flow'         => [8093, '/', 401],
    'cors-api'                => [8094, '/', 401],
    'verify-only'             => [8095, '/verify', 401],
    'websocket'               => [8096, '/live/', 401],
    'guarded-files'           => [8097, '/', 401],
    'json-error-page'         => [8098, '/api/', 401],
    'several-issuers'         => [8099, '/web/', 401],
    'entra-groups'            => [8079, '/admin/', 401],
    'logout'                  => [8078, '/', 401],
);

is_deeply [map { m{([^/]+)\.conf$} } sort glob "$examples/*.conf"],
    [sort keys %as_it_stands, 'try'], 'every example has its test';

SKIP: {
    skip 'the module is built in: the examples load it', 1 if !$module;

    for my $name (sort keys %as_it_stands) {
        my ($own, $path, $without) = @{ $as_it_stands{$name} };
        SKIP: {
            skip "port $own is taken, $name cannot start as it stands", 1
                if !is_free($own);
            $port = $own;
            start_nginx("$examples/$name.conf") or next;
            status_is("$name, no token", $without, $path);
            if ($name eq 'bearer-api') {
                status_is('no keys', 503, $path, with(good()));
            }
            stop_nginx();
        }
    }
}

# -- logout.conf --------------------------------------------------------------

{
    start_example('logout');
    my $r  = 'r' x 43;
    my $id = good(sid => 's1', nonce => encode_base64url(sha256($r)), iat => time - 60);
    my @cookie = (Cookie => "__Host-id=$id; __Host-id-r=$r");
    isnt request('/', @cookie)->{status}, 401, 'logout: a session';
    my $logout = token(iss => $issuer, aud => 'SPA_CLIENT_ID', sub => 'alice',
        header => { typ => 'logout+jwt' }, claims => { jti => 'j1', sid => 's1',
            events => { 'http://schemas.openid.net/event/backchannel-logout' => {} } });
    is $http->post_form("http://127.0.0.1:$port/oidc/backchannel",
        { logout_token => $logout })->{status}, 200, 'the tenant ends it';
    status_is('and it is over', 401, '/', @cookie);
    like request('/oidc/revoke')->{content}, qr/^\{"revocations":[123]\}/, 'an operator sees it';
    stop_nginx();
}

# -- login-*.conf -------------------------------------------------------------

for my $login (['login-web-application', '/', 'id_token'],
    ['login-code-flow', '/admin/', 'code'],
    ['login-single-page-app', '/oidc/login?return=/x', 'id_token']) {
    my ($name, $path, $type) = @$login;
    control('/discovery', { authorization_endpoint => "https://localhost:$tenant->{https}/auth",
        token_endpoint => "https://localhost:$tenant->{https}/token" });
    start_example($name);
    my $answer = status_is("$name: a page load", 302, $path,
        'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document');
    like $answer->{headers}{location}, qr{^https://localhost:\d+/auth\?response_type=$type&}, 'goes to the tenant';
    status_is("$name: the callback", 400, '/oidc/callback');
    stop_nginx();
}
control('/discovery', {});

# -- bearer-api.conf ----------------------------------------------------------

start_example('bearer-api');
status_is('what is not guarded is open', 200, '/health');
my $answer = status_is('no token', 401, '/api/');
is $answer->{headers}{'www-authenticate'}, 'Bearer realm="sample API"',
    'the realm';
$answer = status_is('a good token', 200, '/api/', with(good()),
    'X-OIDC-Sub' => 'root', 'X-oidc-iss' => 'evil');
like $answer->{content}, qr/"X-OIDC-Sub": "alice"/, 'the API knows who calls';
like $answer->{content}, qr/"X-OIDC-Iss": "\Q$issuer\E"/, 'and of which tenant';
unlike $answer->{content}, qr/root|evil/, 'not what the client made up';
unlike $answer->{content}, qr/Authorization/, 'it does not see the token';
$answer = status_is("another client's token", 401, '/api/',
    with(good(aud => 'other')));
like $answer->{headers}{'www-authenticate'},
    qr/error_description="the token is for another audience"/, 'and why';
stop_nginx();

# -- cookie.conf --------------------------------------------------------------

sub cookie {
    my ($token) = @_;
    return (Cookie => "theme=dark; __Host-id_token=$token; lang=en");
}

my $web = good(aud => 'WEB_CLIENT_ID', nonce => 'n');

start_example('cookie');
$answer = status_is('no cookie', 302, '/');
is $answer->{headers}{location}, 'https://app.example.com/login',
    'leads to the login';
status_is('the login is open', 200, '/login');
$answer = status_is('a good cookie', 200, '/', cookie($web));
like $answer->{content}, qr/"Cookie": "theme=dark; lang=en"/,
    'the other cookies go on, the token does not';
like $answer->{content}, qr/"X-OIDC-Sub": "alice"/, 'who calls does';
my $half = int(length($web) / 2);
status_is('a cookie in two', 200, '/',
    Cookie => '__Host-id_token.0=' . substr($web, 0, $half)
        . '; __Host-id_token.1=' . substr($web, $half));
status_is('a token without a nonce', 403, '/',
    cookie(good(aud => 'WEB_CLIENT_ID')));
status_is('the Authorization header is no source', 302, '/', with($web));

my @post = (method => 'POST', cookie($web));
status_is('a change, without evidence', 403, '/', @post);
status_is('from our own pages', 200, '/', @post,
    'Sec-Fetch-Site' => 'same-origin');
status_is('from our own pages, an older browser', 200, '/', @post,
    Origin => 'https://app.example.com');
status_is('from a sibling host', 403, '/', @post,
    'Sec-Fetch-Site' => 'same-site', Origin => 'https://evil.example.com');
status_is('from anywhere', 403, '/', @post, Origin => 'https://evil.test');
status_is('from nowhere', 403, '/', @post, Origin => 'null');
stop_nginx();

# -- several-applications.conf ------------------------------------------------

sub office {
    my (%claims) = @_;
    return good(aud => 'OFFICE_CLIENT_ID', %claims);
}

control('/reset');
start_example('several-applications');
my $shop = good(aud => 'SHOP_CLIENT_ID');
status_is('the shop, its token', 200, '/shop/', with($shop));
$answer = status_is('the office, the token of the shop', 401, '/office/',
    with($shop));
like $answer->{headers}{'www-authenticate'}, qr/realm="office"/, 'its realm';
status_is('the office, its token', 200, '/office/',
    with(office(auth_time => '-60')));
status_is('the shop, the token of the office', 401, '/shop/',
    with(office(auth_time => '-60')));
status_is('the office, a login of yesterday', 401, '/office/',
    with(office(auth_time => '-86400')));
status_is('the office, nobody knows when', 401, '/office/', with(office()));
stop_nginx();
is counters()->{jwks}, 1, 'both applications shared one fetch';

# -- spa-with-api.conf and backend.py -----------------------------------------

my $backend = IdTokenNginx::free_port();
my @backend = ('python3', "$examples/backend.py", '--database',
    "$prefix/app.db");
is system(@backend, '--grant', $issuer, 'alice', 'reader',
    '--grant', $issuer, 'bob', 'reader', '--grant', $issuer, 'bob', 'editor',
    '--grant', 'https://other.test/', 'carol', 'reader'), 0, 'roles are given';
spawn("$prefix/backend.log", @backend, '--listen', "127.0.0.1:$backend");
wait_until { slurp("$prefix/backend.log") =~ /listening/ }
    or diag slurp("$prefix/backend.log");

sub user {
    my ($sub, %claims) = @_;
    return with(good(sub => $sub, nonce => 'n', %claims));
}

start_example('spa-with-api', $backend);
is request('/')->{content}, "the app\n", 'the app is for everybody';
is request('/any/route')->{content}, "the app\n", 'whatever its route';
status_is('its API is not', 401, '/api/me');
$answer = status_is('alice', 200, '/api/me', user('alice'));
is $answer->{content}, qq({"account": 1, "roles": ["reader"]}\n), 'her roles';
status_is('alice reads', 200, '/api/notes', user('alice'));
status_is('alice may not write', 403, '/api/notes', user('alice'),
    method => 'POST');
status_is('bob writes', 201, '/api/notes', user('bob'), method => 'POST');
is request('/api/notes', user('bob'))->{content}, qq({"notes": ["x"]}\n),
    'bob reads what he wrote';
is request('/api/notes', user('alice'))->{content}, qq({"notes": []}\n),
    'alice does not';
$answer = status_is('a stranger, however proven', 403, '/api/me',
    user('mallory'));
like $answer->{content}, qr/no account/, 'is refused by the application';
status_is("the same subject of another issuer is somebody else", 403,
    '/api/me', user('carol'));
status_is('a name that the client adds', 200, '/api/me', user('alice'),
    'X-OIDC-Sub' => 'bob');
$answer = status_is('a token without a nonce', 403, '/api/me', with(good()));
like $answer->{headers}{'www-authenticate'}, qr/insufficient_scope/,
    'is refused by nginx';
status_is("another client's token", 401, '/api/me',
    user('alice', aud => 'other'));
status_is('a token of yesterday', 401, '/api/me',
    user('alice', iat => '-40000'));
stop_nginx();

$port = $backend;
status_is('the backend without nginx before it', 500, '/api/me');
status_is('the backend, half an identity', 500, '/api/me',
    'X-OIDC-Sub' => 'alice');
status_is('the backend, two identities', 500, '/api/me',
    'X-OIDC-Iss' => $issuer, 'X-OIDC-Sub' => ['alice', 'bob']);

# -- multi-tenant-by-host.conf ------------------------------------------------

control('/keys/add', { set => 'p/blue', key => '@ec1', promote => 1 });
my $base = "https://localhost:$tenant->{https}/p";
my $acme = good(iss => "$base/acme/", aud => 'ACME_CLIENT_ID');
my $blue = good(iss => "$base/blue/", aud => 'BLUE_CLIENT_ID', key => '@ec1');

start_example('multi-tenant-by-host');
status_is('one tenant', 200, '/', Host => 'acme.example.com', with($acme));
$answer = status_is('another tenant', 200, '/', Host => 'blue.example.com',
    with($blue));
like $answer->{content}, qr{"X-OIDC-Iss": "$base/blue/"}, 'its issuer';
status_is("each other's token", 401, '/', Host => 'blue.example.com',
    with($acme));
status_is("each other's token", 401, '/', Host => 'acme.example.com',
    with($blue));
status_is('an unknown host', 403, '/', Host => 'evil.example.com',
    with($acme));
status_is('an unknown host, no token', 403, '/', Host => 'off');
stop_nginx();

# -- report-mode-rollout.conf -------------------------------------------------

my $verified = good(email_verified => \1);

start_example('report-mode-rollout');
wait_until {
    request('/warm-up', with($verified))->{content} =~ /alice/
};
status_is('no token', 200, '/a');
$answer = status_is('a bad token', 200, '/b', with(good(exp => -600)),
    'X-OIDC-Sub' => 'root');
unlike $answer->{content}, qr/X-OIDC/i, 'nobody is named';
status_is('a rule that is not met', 200, '/c', with(good()));
$answer = status_is('a good token', 200, '/d', with($verified));
like $answer->{content}, qr/"X-OIDC-Sub": "alice"/, 'its user is named';
stop_nginx();
my $log = slurp("$prefix/rollout.log");
like $log, qr{ 200 missing token_missing - - "GET /a"}, 'what the log says';
like $log, qr{ 200 rejected expired bearer - "GET /b"}, 'of a bad token';
like $log, qr{ 200 rejected claim_rule bearer \S+ "GET /c"}, 'of a rule';
like $log, qr{ 200 ok - bearer RS256 "GET /d"}, 'of a good one';

# -- required-groups-and-mfa.conf ---------------------------------------------

my @staff = (email_verified => \1, hd => 'example.com');

start_example('required-groups-and-mfa');
status_is('staff', 200, '/', with(good(@staff)));
status_is('e-mail not verified', 403, '/',
    with(good(@staff, email_verified => \0)));
status_is('of another organization', 403, '/',
    with(good(@staff, hd => 'example.com.evil.test')));
status_is('of no organization', 403, '/', with(good(email_verified => \1)));
status_is('an administrator', 200, '/admin/',
    with(good(@staff, groups => ['users', 'admins'], amr => ['pwd', 'otp'])));
status_is('no administrator', 403, '/admin/',
    with(good(@staff, groups => ['users'], amr => ['pwd', 'otp'])));
status_is('an administrator by password', 401, '/admin/',
    with(good(@staff, groups => ['admins'], amr => ['pwd'])));
status_is('an administrator of elsewhere', 403, '/admin/',
    with(good(groups => ['admins'], amr => ['otp'])));
status_is('an auditor', 200, '/reports/',
    with(good(@staff, 'https://example.com/roles' => ['auditor'])));
status_is('no auditor', 403, '/reports/', with(good(@staff)));
status_is('of the laboratory', 200, '/lab/',
    with(good(@staff, realm_access => { roles => ['lab'] })));
status_is('the laboratory is not there for others', 404, '/lab/',
    with(good(@staff)));
stop_nginx();

# -- access-tokens-instead.conf -----------------------------------------------

start_example('access-tokens-instead');
status_is("the app's own API, its ID token", 200, '/app/', with(good()));
$answer = status_is('the shared API, an ID token', 403, '/shared/',
    with(good()));
like $answer->{content}, qr/send an access token/, 'with a hint';
status_is('the shared API, an access token', 200, '/shared/', with('access'));
status_is('the shared API, another one', 401, '/shared/', with('other'));
status_is('the shared API, no token', 401, '/shared/');
status_is("the app's own API, an access token", 401, '/app/', with('access'));
status_is('the verifier is not for clients', 404, '/verifier');
stop_nginx();

# -- cors-api.conf ------------------------------------------------------------

my @from = (Origin => 'https://app.example.com');
my @asks = (method => 'OPTIONS', 'Access-Control-Request-Method' => 'GET',
    'Access-Control-Request-Headers' => 'authorization');
control('/reset');

# Each header that a browser reads is there once.
sub readable {
    my ($answer) = @_;
    my $headers = $answer->{headers};
    is $headers->{'access-control-allow-origin'}, 'https://app.example.com',
        'for the application to read';
    is $headers->{vary}, 'Origin', 'and for no other, from no cache';
    return;
}

start_example('cors-api');
$answer = status_is('a preflight', 204, '/x', @from, @asks);
readable($answer);
like $answer->{headers}{'access-control-allow-headers'}, qr/Authorization/,
    'the token may come';
like $answer->{headers}{'access-control-allow-methods'}, qr/PATCH/,
    'by all methods';
$answer = status_is('the request', 200, '/x', @from, with(good()));
readable($answer);
like $answer->{content}, qr/"X-OIDC-Sub": "alice"/, 'the API knows who calls';
$answer = status_is('no token', 401, '/x', @from);
readable($answer);
like $answer->{headers}{'access-control-expose-headers'}, qr/WWW-Authenticate/,
    'the reason, too';
readable(status_is('a bad token', 401, '/x', @from, with(good(exp => -600))));
readable(status_is('a malformed one', 400, '/x', @from,
    Authorization => 'Bearer a b'));
$answer = status_is('another origin', 200, '/x', Origin => 'https://evil.test',
    with(good()));
is $answer->{headers}{'access-control-allow-origin'}, undef, 'reads nothing';
status_is('OPTIONS that is no preflight', 401, '/x', method => 'OPTIONS');
status_is('a preflight with a cookie', 401, '/x', @from, @asks,
    Cookie => 'a=b');
stop_nginx();

# -- verify-only.conf ---------------------------------------------------------

# Ways into the location from within, besides.
sub start_verify {
    my $text = slurp("$examples/verify-only.conf");
    $text =~ s{location /app/}{
        location = /rewritten { rewrite ^ /verify last; }
        location = /missing { error_page 404 = /verify; return 404; }
        location = /tried { try_files /nothing /verify; }
        location = /inner { rewrite ^ /asked last; }
        location /app/};
    return start_nginx(write_file('verify-only.conf', rewrite($text, $api)));
}

start_verify();
for my $path ('/verify', '/rewritten', '/missing', '/tried', '/inner') {
    status_is("$path, no token", 401, $path);
    status_is("$path, a bad token", 401, $path, with(good(exp => -600)));
    status_is("$path, a good token", 204, $path, with(good()));
}
$answer = status_is('who it is', 204, '/verify', with(good()),
    'X-OIDC-Sub' => 'root');
is $answer->{headers}{'x-oidc-sub'}, 'alice', 'for the other proxy';
is $answer->{headers}{'x-oidc-iss'}, $issuer, 'and of which issuer';
$answer = status_is('a bad one', 401, '/verify', with(good(exp => -600)));
like $answer->{headers}{'www-authenticate'}, qr/error="invalid_token"/, 'why';
is $answer->{headers}{'x-oidc-sub'}, undef, 'nobody';
status_is('a HEAD of HAProxy', 204, '/verify', method => 'HEAD', with(good()));
status_is('a POST with a body', 204, '/verify', method => 'POST', with(good()));
status_is('malformed', 400, '/verify', Authorization => 'Bearer a b');
status_is('the inner one is not for clients', 404, '/asked', with(good()));
status_is('auth_request, no token', 401, '/app/');
$answer = status_is('auth_request, a bad token', 401, '/app/',
    with(good(exp => -600)));
like $answer->{headers}{'www-authenticate'}, qr/error="invalid_token"/, 'why';
status_is('auth_request, malformed', 401, '/app/', Authorization => 'Bearer a b');
$answer = status_is('auth_request, a good token', 200, '/app/', with(good()),
    'X-OIDC-Sub' => 'root');
like $answer->{content}, qr/"X-OIDC-Sub": "alice"/, 'the API knows who calls';
unlike $answer->{content}, qr/root|Authorization/, 'and sees no more';
stop_nginx();

# -- websocket.conf -----------------------------------------------------------

start_example('websocket');
status_is('no cookie without a token', 401, '/session', method => 'POST');
status_is('nor by GET', 403, '/session', with(good()));
$answer = status_is('the token becomes a cookie', 204, '/session',
    method => 'POST', with(good()));
my $cookie = $answer->{headers}{'set-cookie'};
like $cookie, qr/^__Host-id_token=\S+; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    'that no script reads';
$cookie =~ s/;.*//;
my @live = (Cookie => $cookie);
status_is('a bearer opens no socket', 401, '/live/x', with(good()));
$answer = status_is('events by the cookie', 200, '/live/events', @live);
my ($left) = $answer->{content} =~ /"X-OIDC-Expires-In": "(\d+)"/;
cmp_ok $left, '>', 0, 'the application knows when to close';
my @socket = (Upgrade => 'websocket', Connection => 'upgrade');
status_is('a socket from nowhere', 403, '/live/x', @live, @socket);
status_is('a socket from elsewhere', 403, '/live/x', @live, @socket,
    Origin => 'https://evil.test');
status_is('a socket from the application', 200, '/live/x', @live, @socket, @from);
stop_nginx();

# -- guarded-files.conf -------------------------------------------------------

mkdir "$prefix/html/$_" for qw(secret assets);
write_file("html/$_", "guarded\n") for qw(file secret/file assets/file);
start_example('guarded-files');
$answer = status_is('a file', 200, '/file', with(good()));
is $answer->{headers}{'cache-control'}, 'private, no-cache', 'is asked for';
is $answer->{headers}{vary}, 'Authorization', 'for each token anew';
my @known = ('If-None-Match' => $answer->{headers}{etag});
$answer = status_is('the same again', 304, '/file', with(good()), @known);
is $answer->{headers}{'cache-control'}, 'private, no-cache', 'and again';
status_is('the token is over', 401, '/file', with(good(exp => -600)), @known);
status_is('no token', 401, '/file', @known);
$answer = status_is('no file', 404, '/none', with(good()));
is $answer->{headers}{'cache-control'}, 'private, no-cache', 'may come to be';
$answer = status_is('a secret', 200, '/secret/file', with(good()));
is $answer->{headers}{'cache-control'}, 'no-store', 'is kept by nobody';
status_is('a secret, no token', 401, '/secret/file');
status_is('open to everybody', 200, '/assets/file');
stop_nginx();

# -- json-error-page.conf -----------------------------------------------------

# The answer as it was without the page, but for its body.
sub refused_as {
    my ($title, $status, $reason, @headers) = @_;
    my $answer = status_is($title, $status, '/api/', @headers);
    is $answer->{headers}{'content-type'}, 'application/json', 'as JSON';
    is $answer->{content}, qq({"status":$status,"error":"$reason"}\n), 'why';
    return $answer->{headers};
}

start_example('json-error-page');
like refused_as('no token', 401, 'token_missing')->{'www-authenticate'},
    qr/^Bearer realm="[^"]*"$/, 'the challenge stays';
like refused_as('a bad token', 401, 'expired', with(good(exp => -600)))
    ->{'www-authenticate'}, qr/error="invalid_token"/, 'with its error';
refused_as('malformed', 400, 'credentials_malformed',
    Authorization => 'Bearer a b');
refused_as('a rule', 403, 'claim_rule', with(good(email_verified => \0)));
status_is('a good token', 200, '/api/', with(good(email_verified => \1)));
stop_nginx();
SKIP: {
    start_nginx(write_file('no-keys.conf', rewrite(
        slurp("$examples/json-error-page.conf")
            =~ s{issuer .*}{issuer https://127.0.0.1:1/;}r, $api))) or last;
    like refused_as('no keys', 503, 'keys_unavailable',
        with(good(iss => 'https://127.0.0.1:1/')))->{'retry-after'}, qr/^\d+$/,
        'when to come back';
    stop_nginx();
}

# -- several-issuers.conf -----------------------------------------------------

my %of = (
    '/web/'        => good(aud => 'WEB_CLIENT_ID'),
    '/phone/'      => good(aud => 'PHONE_CLIENT_ID'),
    '/contoso/'    => good(iss => "$base/contoso/", aud => 'ENTRA_CLIENT_ID'),
    '/fabrikam/'   => good(iss => "$base/fabrikam/", aud => 'ENTRA_CLIENT_ID'),
    '/google/'     => good(iss => "$base/google/", aud => 'GOOGLE_CLIENT_ID'),
    '/google-old/' => good(iss => 'accounts.google.com', aud => 'GOOGLE_CLIENT_ID'),
);

start_example('several-issuers');
for my $path (sort keys %of) {
    for my $other (sort keys %of) {
        status_is("$path, the token of $other", $path eq $other ? 200 : 401,
            $path, with($of{$other}));
    }
}
status_is('an issuer with {tenantid}', 401, '/contoso/',
    with(good(iss => "$base/{tenantid}/", aud => 'ENTRA_CLIENT_ID')));
status_is('no such path', 403, '/other/', with($of{'/web/'}));
stop_nginx();

# -- entra-groups.conf --------------------------------------------------------

sub member {
    my (%claims) = @_;
    return with(good(iss => "$base/contoso/", aud => 'ENTRA_CLIENT_ID', %claims));
}
my %overage = (_claim_names => { groups => 'src1' },
    _claim_sources => { src1 => { endpoint => 'https://graph.example/' } });

start_example('entra-groups');
status_is('an administrator', 200, '/admin/', member(groups => ['x', 'ADMINS_GROUP_ID']));
status_is('a member of others', 403, '/admin/', member(groups => ['x']));
status_is('of too many to tell', 403, '/admin/', member(%overage));
like request('/reports/', member(groups => ['a', 'b']))->{content},
    qr/"X-Groups": "a,b"/, 'the application sees the groups';
$answer = request('/reports/', member(%overage), 'X-Groups' => 'root');
like $answer->{content}, qr/"X-Groups-Elsewhere": "src1"/, 'or where to ask';
unlike $answer->{content}, qr/"X-Groups"/, 'and none that are made up';
unlike request('/reports/', member())->{content}, qr/X-Groups/, 'or that there are none';
status_is('a role, whatever the groups', 200, '/by-role/',
    member(%overage, roles => ['Reports.Read']));
status_is('another role', 403, '/by-role/', member(roles => ['Other']));
stop_nginx();

# -- the README ---------------------------------------------------------------

# What each of its pieces of configuration may refer to.
my $pem = write_file('assertion.pem', IdToken::run_mint('pem', '@ec1') . "\n");
chmod 0600, $pem;
my $inner = "id_token_assertion inner { key $pem; audience inner;\n"
    . "issuer https://gateway.example.com; }\n";

my $bearer = write_file('bearer', "secret\n");
my $tenant = 'id_token_provider tenant { client_id spa; jwks_file '
    . write_file('piece.json', jwks('@rsa1'))
    . '; issuer https://tenant.example.com/; }';

for my $piece (slurp('README.md') =~ /```nginx\n(.*?)```/sg) {
    next if $piece =~ /^load_module/;
    my ($title) = $piece =~ /(\S+)/;
    $piece =~ s{/etc/nginx/assertion\.pem}{$pem};
    if ($piece =~ /^jwks_header/) {
        $piece =~ s{/var/run/\S+}{$bearer;};
        $piece = "id_token_provider more { issuer https://127.0.0.1:9/; "
            . "client_id spa; $piece }";
    }
    elsif ($piece !~ /^(id_token_|log_format|client_header|map|server)/) {
        $piece = "$tenant server { listen 127.0.0.1:$port; $piece\n"
            . "location /guarded { auth_id_token tenant; } }";
    }
    $piece = $inner . $piece if $piece !~ /id_token_assertion inner/;
    my $conf = write_file('piece.conf', ($module ? '' : '# ')
        . "load_module modules/ngx_http_auth_id_token_module.so;\n"
        . "pid piece.pid; error_log error.log; events {}\n"
        . "http { include try.conf;\n$piece }\n");
    local $ENV{ASAN_OPTIONS} = IdToken::asan_without_leaks();
    is system("$nginx -p $prefix/ -e error.log -c $conf -t -q"), 0,
        "the piece of the manual with $title"
        or diag $piece;
}

# -- the quick start of the README --------------------------------------------

my ($quick) = slurp('README.md') =~ /## Quick start.*?```nginx\n(.*?)```/s;
my $lines = () = $quick =~ /^.*\S.*$/mg;
cmp_ok $lines, '<', 14, 'the quick start is short';
start_nginx(write_file('quick.conf', rewrite(<<"END", $api)));
load_module modules/ngx_http_auth_id_token_module.so;
pid nginx.pid;
error_log error.log info;
events {}
http {
    include try.conf;
    $quick
}
END
status_is('quick start, no token', 401, '/api/');
$answer = status_is('quick start, a good token', 200, '/api/', with(good()));
like $answer->{content}, qr/"X-OIDC-Sub": "alice"/, 'the API knows who calls';
stop_nginx();

done_testing();
