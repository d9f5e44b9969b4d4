# The directives of logins: what is accepted, and what "nginx -t" says of what
# is not.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use IdTokenLogin;
use Test::More;

my $nginx  = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $module = $ENV{TEST_NGINX_LOAD_MODULES};
my $dir    = data_dir();
mkdir "$dir/logs";

sub private { my $path = write_file(@_); chmod 0600, $path; return $path }

our $key   = private('login.key', 'k' . 'y' x 40);
my $open   = write_file('open.key', 'k' . 'y' x 40);
my $short  = private('short.key', 'x1' x 15);
my $zeros  = private('zeros.key', "\0" x 64);
my $large  = private('large.key', 'ab' x 3000);
my $secret = private('secret', "s3cret\n");
my $lines  = private('lines', "a\nb\n");
my $pem    = private('client.pem', IdToken::run_mint('pem', '@ec1'));
my $nopem  = private('no.pem', "no key\n");

sub nginx_t {
    my ($http) = @_;
    my $load = $module ? "load_module $module;" : '';
    write_file('nginx.conf', <<"END");
$load
pid $dir/nginx.pid;
error_log stderr;
events { }
http {
    access_log off;
    client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fcgi; uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
    id_token_login_key $key;
$http
}
END
    local $ENV{ASAN_OPTIONS} = IdToken::asan_without_leaks();
    my $out = `$nginx -t -p $dir -c $dir/nginx.conf 2>&1`;
    return ($? == 0, $out);
}

sub good {
    my ($title, $http) = @_;
    my ($ok, $out) = nginx_t($http);
    ok($ok, "accepted: $title") or diag $out;
    unlike($out, qr/\[(warn|error|crit|alert|emerg)\]/, "silently: $title");
    return;
}

sub bad {
    my ($title, $text, $http) = @_;
    my ($ok, $out) = nginx_t($http);
    ok(!$ok, "refused: $title");
    like($out, qr/\[emerg\].*\Q$text\E/, "and why: $title");
    return;
}

sub server { return "server { server_name app.test; " . join(' ', @_) . " }\n" }

my $source   = 'auth_id_token_source cookie=__Host-id;';
my $app      = 'location / { auth_id_token tenant; auth_id_token_login on; }';
my $callback = 'location = /oidc/callback { id_token_callback tenant; }';
my $whole    = server($source, $app, $callback);

good('the whole of it', login_provider() . $whole);
good('a URL', login_provider(redirect_uri => 'https://app.test/oidc/callback') . $whole);
good('everything', login_provider(
    response_type => 'code', client_auth => "secret_basic $secret", jwks_file => undef,
    jwks_uri => 'https://127.0.0.1:1/jwks', scope => 'openid email',
    login_parameter => 'prompt $arg_prompt', token_endpoint => 'https://op.example.com/token',
    end_session_endpoint => 'https://op.example.com/end',
    post_logout_redirect_uri => '/bye', logout_hint => 'on')
    . server($source, $app, $callback, 'auth_id_token_renew 10%;',
        'location = /login { id_token_login tenant; }',
        'location = /logout { id_token_logout tenant; }',
        'location = /up { auth_id_token tenant; auth_id_token_login on; auth_id_token_login_parameter acr_values high; auth_id_token_renew off; }',
        'location = /me { auth_id_token tenant; id_token_identity sub name; }'));
for my $kind ("secret_post $secret", "private_key_jwt $pem", 'none') {
    good($kind, login_provider(response_type => 'code', client_auth => $kind, jwks_file => undef,
        jwks_uri => 'https://127.0.0.1:1/jwks', token_endpoint => 'https://op.example.com/token') . $whole);
}

# In the provider.
my %code = (response_type => 'code', jwks_file => undef, jwks_uri => 'https://127.0.0.1:1/jwks',
    token_endpoint => 'https://op.example.com/token');

for my $case (
    ['a relative redirect_uri', 'needs a path such as "/oidc/callback" or an https URL, not', redirect_uri => 'callback'],
    ['another host by a path',  'needs a path such as', redirect_uri => '//evil.test/'],
    ['a query in a path',       'needs a path such as', redirect_uri => '/callback?a'],
    ['plain http', 'needs https, since browsers keep no cookie of a login over plain http, not "http://app.test/cb"',
        redirect_uri => 'http://app.test/cb'],
    ['plain http after a logout', 'needs https, since browsers keep no cookie', post_logout_redirect_uri => 'http://app.test/'],
    ['another response_type', 'must be "id_token" or "code", not "token"', response_type => 'token'],
    ['another logout_hint', 'must be "on" or "off", not "yes"', logout_hint => 'yes'],
    ['a scope without openid', 'needs words with "openid" among them (RFC 6749 3.3), near "email"', scope => 'email'],
    ['an endpoint that is no URL', '"token_endpoint" needs a URL, not "/token"', token_endpoint => '/token'],
    ['an endpoint over plain http', 'is plain http, and its issuer is not', authorization_endpoint => 'http://op.example.com/'],
    ['our own parameter', '"login_parameter" cannot set "state", which a login sets itself', login_parameter => 'state x'],
    ['a request object', 'cannot set "request_uri"', login_parameter => 'request_uri x'],
    ['no endpoint', 'has no "authorization_endpoint", which a login needs where "jwks_file" makes discovery unnecessary',
        authorization_endpoint => undef],
    ['code without token endpoint', 'has no "token_endpoint", which a login needs where "jwks_uri"', %code, token_endpoint => undef],
    ['code with keys of a file', '"response_type code" of id_token_provider "tenant" needs "jwks_uri" or discovery',
        response_type => 'code', token_endpoint => 'https://op.example.com/token'],
    ['a secret without code', 'means nothing without "response_type code"', client_auth => "secret_post $secret"],
    ['another client_auth', 'must be "none", "secret_basic FILE", "secret_post FILE" or "private_key_jwt FILE", near "basic"',
        %code, client_auth => 'basic'],
    ['a secret without file', 'needs a file, near "secret_post"', %code, client_auth => 'secret_post'],
    ['none with a file', 'none has no file, near', %code, client_auth => "none $secret"],
    ['a file that is not there', 'could not be opened', %code, client_auth => 'secret_post nofile'],
    ['a directory', 'the "client_auth" "' . $dir . '" is not a file', %code, client_auth => "secret_post $dir"],
    ['a secret of two lines', 'holds no secret in one line of printable ASCII', %code, client_auth => "secret_post $lines"],
    ['a large secret', 'is larger than a secret', %code, client_auth => "secret_post $large"],
    ['no private key', 'of "client_auth" holds no private key in PEM', %code, client_auth => "private_key_jwt $nopem"],
    ['no redirect_uri', '"scope" of id_token_provider "tenant" means nothing without "redirect_uri"',
        redirect_uri => undef, scope => 'openid'],
) {
    my ($title, $text, %opt) = @$case;
    bad($title, $text, login_provider(%opt) . server());
}
bad('a word twice', '"redirect_uri" is duplicate', login_provider(redirect_uri => '/a; redirect_uri /b') . server());

# In locations.
bad('no cookie', 'needs a cookie to write whose name no other host can set', login_provider() . server($app, $callback));
for my $name (qw(id __Host-id-r __Host-oidc_id __Secure-id)) {
    bad("the cookie $name", '"auth_id_token_login" in ', login_provider() . server("auth_id_token_source cookie=$name;", $app, $callback));
}
bad('no redirect_uri', '"auth_id_token_login" in ', provider() . server($source, $app));
bad('no callback', 'no location with "id_token_callback tenant" serves the "redirect_uri" "/oidc/callback"',
    login_provider() . server($source, $app));
bad('a callback elsewhere', 'no location with "id_token_callback tenant" serves', login_provider()
    . server($source, $app, 'location = /callback { id_token_callback tenant; }'));
bad('an unknown provider', 'unknown id_token_provider "other" in "id_token_callback"', login_provider()
    . server($source, $app, 'location = /oidc/callback { id_token_callback other; }'));
bad('one callback for two', 'have the same "redirect_uri" "/oidc/callback": each needs its own',
    login_provider() . login_provider(name => 'b') . server($source, $app, $callback,
        'location /b { auth_id_token b; auth_id_token_login on; location /b/c { id_token_callback b; } }',
        'location /oidc/callback { id_token_callback b; }'));
bad('an unknown provider of a logout', 'unknown id_token_provider "other" in "id_token_backchannel_logout"', login_provider()
    . server($source, $app, 'location = /oidc/callback { id_token_callback tenant; }', 'location = /back { id_token_backchannel_logout other; }'));
bad('two handlers of logouts', 'has another handler already', login_provider()
    . server('location = /back { id_token_backchannel_logout tenant; id_token_revoke; }'));
good('logouts of a provider without logins', IdToken::provider()
    . server('location = /back { id_token_backchannel_logout tenant; }', 'location = /front { id_token_frontchannel_logout tenant; }', 'location = /revoke { id_token_revoke; }'));
bad('two handlers', 'has another handler already', login_provider()
    . server($source, $app, 'location = /oidc/callback { id_token_callback tenant; id_token_logout tenant; }'));
bad('a share above 90%', '"auth_id_token_renew" needs a share of the token\'s life from "1%" to "90%", or "off", not "91%"',
    login_provider() . server($source, $app, $callback, 'auth_id_token_renew 91%;'));
bad('a share of 0', 'needs a share of the token\'s life', login_provider() . server('auth_id_token_renew 0%;'));
bad('a share without %', 'needs a share of the token\'s life', login_provider() . server('auth_id_token_renew 20;'));
bad('our own parameter', '"auth_id_token_login_parameter" cannot set "nonce"', login_provider()
    . server($source, 'auth_id_token_login_parameter nonce x;'));
bad('a pointer', '"id_token_identity" cannot name "/a/b": whole claims only', login_provider()
    . server('location = /me { auth_id_token tenant; id_token_identity /a/b; }'));

# Keys.
sub key_case {
    my ($title, $file, $text) = @_;
    my ($ok, $out) = do { local $key = $file; nginx_t(login_provider() . $whole) };
    if ($text =~ s/^warn: //) { ok($ok, "accepted: $title"); like($out, qr/\[warn\].*\Q$text\E/, "with a warning: $title") }
    else { ok(!$ok, "refused: $title"); like($out, qr/\[emerg\].*\Q$text\E/, "and why: $title") }
    return;
}
key_case('a key that others read', $open, 'warn: is open to everyone: whoever reads it can begin logins for others');
key_case('a short key', $short, "the \"id_token_login_key\" \"$short\" has less than 32 bytes");
key_case('a key of zeros', $zeros, 'repeats a single byte');
key_case('a large key', $large, 'is larger than a key');
key_case('no key', "$dir/none", 'could not be opened');
bad('keys twice', '"id_token_login_key" directive is duplicate', "id_token_login_key $key;");

done_testing;
