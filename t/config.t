# Each directive: what is accepted, and for each kind of bad input the sentence
# of "nginx -t" with the file, the line and the word at fault.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use Test::More;

my $nginx  = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $module = $ENV{TEST_NGINX_LOAD_MODULES};
my $dir    = data_dir();

my $keys    = write_file('jwks.json',    jwks('@rsa1'));
my $nokeys  = write_file('nokeys.json',  '{"keys":[]}');
my $oct     = write_file('oct.json', '{"keys":[{"kty":"oct","k":"AAAA"}]}');
my $garbage = write_file('garbage.json', '{"keys":');
my $double  = write_file('double.json',  '{"keys":[],"keys":[]}');
my $array   = write_file('array.json',   '[]');
mkdir "$dir/logs";

# The text stands in http{} from line 8 on.
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

sub warned {
    my ($title, $http, $message) = @_;
    my ($ok, $out) = nginx_t($http);
    ok($ok, "accepted: $title") or diag $out;
    like($out, qr/\[warn\].*$message/, "with a warning: $title");
    return;
}

sub bad {
    my ($title, $http, $message, $line) = @_;
    my ($ok, $out) = nginx_t($http);
    $line = 8 if !defined $line;
    ok(!$ok, "refused: $title");
    like($out, qr/\[emerg\].*$message.*in \S*nginx\.conf:$line\b/,
        "with a sentence: $title");
    unlike($out, qr/signal|core dumped/, "no crash: $title");
    return;
}

# nginx's own sentence, which names no file.
sub unknown_variable {
    my ($title, $http) = @_;
    my ($ok, $out) = nginx_t($http);
    ok(!$ok, "refused: $title");
    like($out, qr/\[emerg\].*unknown "nothing" variable/, "named: $title");
    return;
}

# A provider of five lines with one more; the server uses it.
sub with {
    my ($more, %opt) = @_;
    my $file = exists $opt{file} ? $opt{file} : "jwks_file $keys;";
    return "id_token_provider t { issuer https://t.test/; client_id spa; $file $more }\n"
        . "server { listen 127.0.0.1:8088; auth_id_token t; }";
}

sub remote { return with($_[0], file => 'jwks_uri http://127.0.0.1:9/jwks;') }

sub secure { return with($_[0], file => 'jwks_uri https://127.0.0.1:9/jwks;') }

sub server {
    my ($more) = @_;
    return "id_token_provider t { issuer https://t.test/; client_id spa; jwks_file $keys; } server { listen 127.0.0.1:8088; $more location /guarded { auth_id_token t; } }";
}

# id_token_provider
good('a provider',           with(''));
good('the name before the block', "server { listen 127.0.0.1:8088; auth_id_token t; }\n"
    . "id_token_provider t { issuer https://t.test/; client_id spa; jwks_file $keys; }");
good('include in a provider', with('include ' . write_file('more.conf', "leeway 5s;\n") . ';'));
bad("include$_ in a provider", with("include$_;"), 'invalid number of arguments in "include" directive') for '', ' a b';
bad('no issuer',    "id_token_provider t { client_id spa; jwks_file $keys; }", 'id_token_provider "t" has no "issuer"');
bad('no client_id', "id_token_provider t { issuer https://t.test/; jwks_file $keys; }", 'id_token_provider "t" has no "client_id"');
bad('an unknown word', with('audience x;'), 'unknown directive "audience" in id_token_provider "t"');
bad('a name that is "off"', 'id_token_provider off { }', 'a provider cannot be named "off"');
bad('an empty name', 'id_token_provider "" { }', 'a provider cannot be named ""');
bad('a name with a variable', 'id_token_provider $x { }', 'a provider cannot be named "\$x"');
bad('the same name twice', with('') . "\n" . with(''), 'duplicate id_token_provider "t"', 10);
bad('no name', 'id_token_provider { }', 'invalid number of arguments in "id_token_provider"');
bad('a provider in a server', 'server { id_token_provider t { } }', '"id_token_provider" directive is not allowed here');

# its words
for my $word (qw(issuer client_id jwks_file algorithms leeway max_age max_auth_age
    trusted_audience authorized_party jwks_uri jwks_refresh jwks_min_interval jwks_max_stale jwks_timeout
    jwks_max_size jwks_state jwks_proxy jwks_header ssl_certificate ssl_certificate_key ssl_trusted_certificate ssl_verify_depth ssl_crl)) {
    bad("$word without a value", "id_token_provider t { $word; }", qq{invalid number of arguments in "$word"});
}
for my $row (
    ['issuer', 'https://t.test/'], ['client_id', 'spa'], ['jwks_file', $keys],
    ['algorithms', 'RS256'], ['leeway', '5s'], ['max_age', '1h'], ['max_auth_age', '1h'],
    ['trusted_audience', 'x'], ['trusted_audience', 'any'], ['authorized_party', 'x'], ['jwks_uri', 'https://127.0.0.1/'], ['jwks_refresh', '1h'],
    ['jwks_min_interval', '1m'], ['jwks_max_stale', '1d'], ['jwks_timeout', '1s'],
    ['jwks_max_size', '1m'], ['jwks_state', "$dir/state"], ['jwks_proxy', 'http://127.0.0.1:3128'],
    ['ssl_certificate', '/x'], ['ssl_certificate_key', '/x'],
    ['ssl_trusted_certificate', '/x'], ['ssl_verify_depth', '1'], ['ssl_crl', '/x']) {
    my ($word, $value) = @$row;
    bad("$word twice", "id_token_provider t { $word $value; $word $value; }", qq{"$word" is duplicate});
}
bad('an empty issuer',    'id_token_provider t { issuer ""; }', '"issuer" cannot be empty');
bad('an empty client_id', 'id_token_provider t { client_id ""; }', '"client_id" cannot be empty');
bad('an empty trusted_audience', with('trusted_audience "";'), '"trusted_audience" cannot hold an empty value');
good('trusted audiences', with('trusted_audience a b c;'));
bad('the same trusted audience twice', with('trusted_audience a b a;'), '"trusted_audience" names "a" twice');
good('any audience trusted', with('trusted_audience any;'));
bad("any audience and another: $_", with("trusted_audience $_;"), '"any" in "trusted_audience" trusts every audience: write it alone, or leave it out') for 'any a', 'a any', 'any any';
good('an audience that begins like any', with('trusted_audience anything a;'));
good('authorized parties', with('authorized_party a b any;'));
bad('an empty authorized_party', with('authorized_party "";'), '"authorized_party" cannot hold an empty value');
bad('the same authorized party twice', with('authorized_party a b a;'), '"authorized_party" names "a" twice');
good('the client as a trusted audience, too', with('trusted_audience a spa;'));
for my $blank (' x', 'x ', "x\t") {
    bad(qq{$_ "$blank"}, qq{id_token_provider t { $_ "$blank"; }}, qq{"$_" begins or ends with a blank: "$blank"}) for qw(issuer client_id);
    bad(qq{$_ a "$blank"}, with(qq{$_ a "$blank";}), qq{"$blank" in "$_" begins or ends with a blank}) for qw(trusted_audience authorized_party);
}
good('blanks within', 'id_token_provider t { issuer "a b"; client_id "c d"; trusted_audience "e f"; ' . "jwks_file $keys; }" . " server { listen 127.0.0.1:8088; auth_id_token t; }");
bad('the same algorithm twice', with('algorithms RS256 ES256 RS256;'), '"algorithms" names "RS256" twice');
good('algorithms', with('algorithms RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519;'));
for my $alg (qw(HS256 HS384 HS512 none rs256 RS1 ES256K A128KW RSA-OAEP), '""') {
    (my $shown = $alg) =~ s/"//g;
    bad("algorithm $alg", with("algorithms RS256 $alg;"),
        $shown eq '' ? '"algorithms" cannot hold an empty value' : qq{"$shown" in "algorithms" of id_token_provider "t" is not an asymmetric});
}
for my $word (qw(leeway max_age max_auth_age)) {
    good("$word 1m", with("$word 1m;"));
    bad("$word of a word", with("$word soon;"), qq{"$word" needs a time.*"soon"});
    bad("$word below zero", with("$word -1s;"), qq{"$word" needs a time.*"-1s"});
}
good("leeway $_", with("leeway $_;")) for qw(0 1h 3600);
bad("leeway $_", with("leeway $_;"), qq{"leeway" needs a time up to 1h, not "$_"}) for qw(3601 1d soon -1s 99999999999999999999);
for my $word (qw(max_age max_auth_age)) {
    bad("$word 0", with("$word 0;"), qq{"$word" needs a time above zero such as "5s", not "0"});
    good("$word 10y", with("$word 10y;"));
    bad("$word above 10y", with("$word 315360001;"), qq{"$word" needs a time of 10y at most, not "315360001"});
    bad("$word out of range", with("$word 9223372036854775807;"), qq{"$word" needs a time of 10y at most});
}
for my $word (qw(jwks_refresh jwks_min_interval jwks_max_stale jwks_timeout)) {
    good("$word 1m", remote("$word 1m;"));
    bad("$word of a word", remote("$word soon;"), qq{"$word" needs a time.*"soon"});
    bad("$word 0", remote("$word 0;"), qq{"$word" needs a time above zero such as "5s", not "0"});
    bad("$word above 10y", remote("$word 315360001s;"), qq{"$word" needs a time of 10y at most, not "315360001s"});
    bad("$word out of range", remote("$word 9223372036854775807s;"), qq{"$word" needs a time.*"9223372036854775807s"});
}
good('the longest times', remote('jwks_max_stale 10y; jwks_refresh 9y; jwks_min_interval 9y; jwks_timeout 3650d;'));
bad('jwks_max_stale not above jwks_refresh', remote('jwks_max_stale 1m; jwks_refresh 1m; jwks_min_interval 1s;'), '"jwks_max_stale" of id_token_provider "t" must be longer than "jwks_refresh"');
bad('jwks_max_stale not above jwks_min_interval', remote('jwks_max_stale 1m; jwks_refresh 1s; jwks_min_interval 1m;'), '"jwks_max_stale" of id_token_provider "t" must be longer');
good('jwks_max_stale just above both', remote('jwks_max_stale 61s; jwks_refresh 1m; jwks_min_interval 1m;'));
good('jwks_max_size', remote('jwks_max_size 2m;'));
bad('jwks_max_size of a word', remote('jwks_max_size big;'), '"jwks_max_size" needs a size from 1k to 64m, not "big"');
bad('jwks_max_size 1023', remote('jwks_max_size 1023;'), '"jwks_max_size" needs a size from 1k to 64m, not "1023"');
good('jwks_max_size 1024', remote('jwks_max_size 1024;'));
bad('jwks_max_size 65m', remote('jwks_max_size 65m;'), '"jwks_max_size" needs a size');
good('ssl_verify_depth', remote('ssl_verify_depth 2;'));
bad('ssl_verify_depth of a word', remote('ssl_verify_depth deep;'), '"ssl_verify_depth" needs a number from 0 to 100, not "deep"');
bad('ssl_verify_depth 101', remote('ssl_verify_depth 101;'), '"ssl_verify_depth" needs a number');
good('jwks_state', remote("jwks_state $dir/state;"));
bad('an empty jwks_state', remote('jwks_state "";'), '"jwks_state" cannot be empty');
bad("jwks_state $_", remote("jwks_state $_;"), '"jwks_state" cannot be "/"') for '/', '//';
{
    # nginx would give it to the worker user, and "nginx -t" as well.
    my $file  = write_file('precious', 'x');
    my $owner = (stat $file)[4];
    bad('jwks_state of a file', remote("jwks_state $file$_;"), qq{"jwks_state" "\Q$file\E" is not a directory}) for '', '/';
    is((stat $file)[4], $owner, 'which keeps its owner');
}
good('jwks_proxy', remote('jwks_proxy http://127.0.0.1:3128;'));
for my $proxy ('127.0.0.1:3128', 'https://127.0.0.1:3128', 'http://127.0.0.1',
    'http://127.0.0.1:3128/path', 'http://unix:/x', 'http://:3128') {
    bad("jwks_proxy $proxy", remote("jwks_proxy $proxy;"), '"jwks_proxy" needs "http://HOST:PORT", not');
}

{
    my $pair    = write_file('pair', "user:pass\n");
    my $no_pair = write_file('no_pair', "pass\n");
    my $proxy   = 'jwks_proxy http://127.0.0.1:3128';
    good('jwks_proxy with credentials', remote("$proxy file=$pair;"));
    bad('jwks_proxy with another word', remote("$proxy $pair;"), '"jwks_proxy" has an unknown parameter');
    bad('jwks_proxy with no file', remote("$proxy file=;"), '"jwks_proxy" has an unknown parameter');
    bad('jwks_proxy with no pair', remote("$proxy file=$no_pair;"), 'does not hold one line "USER:PASSWORD"');
    bad('jwks_proxy with a file that is not there', remote("$proxy file=$dir/none;"), 'the file of "jwks_proxy" cannot be read');
    bad('jwks_proxy with a password', remote('jwks_proxy http://u:s3cret@127.0.0.1:3128;'),
        'has a user name or password in its URL: put "USER:PASSWORD" into a file');

    my $value = write_file('value', "a.b.c\n");
    my $lines = write_file('lines', "a\nb\n");
    my $empty = write_file('empty', "\n");
    good("jwks_header $_", secure("jwks_header $_;")) for 'X-Key abc', "X-Key file=$value", "Authorization Bearer file=$value";
    good('two headers', secure('jwks_header A a; jwks_header B b;'));
    bad('the same header twice', remote('jwks_header Key a; jwks_header key b;'), '"jwks_header" "key" of id_token_provider "t": is duplicate');
    bad("jwks_header $_", remote("jwks_header $_ a;"), 'is not a header that can be added')
        for 'Host', 'content-length', 'Proxy-Authorization', '"a b"', '""';
    bad('jwks_header with no value', remote('jwks_header A "";'), 'cannot be sent');
    bad('jwks_header of two lines', remote(qq{jwks_header A "a\nB: b";}), 'cannot be sent', 9);
    bad('jwks_header with three words', remote('jwks_header A a b;'), 'needs "NAME VALUE"');
    bad("jwks_header $$_[0]", remote("jwks_header A file=$$_[1];"), $$_[2])
        for ['of a file with two lines', $lines, 'cannot be sent'], ['of an empty file', $empty, 'is empty'],
        ['of a file that is not there', "$dir/none", 'cannot be read'], ['of no file', '', 'names no file'];
    for my $row (['jwks_header', 'jwks_header A s3cret;'], ['ssl_certificate', "ssl_certificate $value; ssl_certificate_key $value;"]) {
        my ($word, $text) = @$row;
        bad("$word over plain http", with($text, file => 'jwks_uri http://127.0.0.1:8080/jwks;'), qq{"$word" of id_token_provider "t" is for https only});
    }
    bad('ssl_certificate alone', remote("ssl_certificate $value;"), 'has no "ssl_certificate_key"');
    bad('ssl_certificate_key alone', remote("ssl_certificate_key $value;"), 'has no "ssl_certificate"');
    bad('ssl_certificate that is none', secure("ssl_certificate $value; ssl_certificate_key $value;"), '"ssl_certificate" of id_token_provider "t" cannot be used');
    my ($cert, $key) = ("$dir/client.pem", "$dir/client.key");
    for my $lock ('-nodes', '-passout pass:x') {
        system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 $lock -keyout $key -out $cert -subj /CN=x -days 9 2> /dev/null");
        my @pair = ("ssl_certificate_key $lock", secure("ssl_certificate $cert; ssl_certificate_key $key;"));
        $lock eq '-nodes' ? good(@pair) : bad(@pair, '"ssl_certificate" of id_token_provider "t" cannot be used');
    }
    for my $text (remote('jwks_proxy http://u:s3cret@127.0.0.1:3128;'), remote(qq{jwks_header A "s3cret\x01";}),
        with('', file => 'jwks_uri https://u:s3cret@127.0.0.1/;'), with('', file => 'jwks_uri "https://u:s3 cret@127.0.0.1/";')) {
        my ($ok, $out) = nginx_t($text);
        ok(!$ok && $out =~ /\[emerg\]/, 'refused');
        unlike($out, qr/s3 ?cret/, 'without saying the secret');
    }
}
bad('a URL with a password', with('', file => 'jwks_uri https://u:p@127.0.0.1/;'), 'the URL "https://\*\*\*@127\.0\.0\.1/" has a user name or password');

# the file of keys
bad('a key file that is not there', with('', file => "jwks_file $dir/none.json;"), qr{none\.json});
for my $row (['without keys', $nokeys], ['with a symmetric key alone', $oct], ['cut off', $garbage],
    ['with a duplicate member', $double], ['that is an array', $array], ['that is a directory', $dir]) {
    my ($title, $path) = @$row;
    bad("a key file $title", with('', file => "jwks_file $path;"), quotemeta $path);
}
bad('a key file and a URL', with('jwks_uri https://127.0.0.1/;'), 'has "jwks_file", where "jwks_uri" means nothing');
for my $row ('jwks_refresh 1m', 'jwks_min_interval 1m', 'jwks_max_stale 1m', 'jwks_timeout 1s', 'jwks_max_size 1m',
    "jwks_state $dir/state", 'jwks_proxy http://127.0.0.1:1', 'jwks_header A a', "ssl_certificate $keys", "ssl_certificate_key $keys", "ssl_trusted_certificate $keys", 'ssl_verify_depth 1', "ssl_crl $keys") {
    my ($word) = split / /, $row;
    bad("$word with a key file", with("$row;"), qq{has "jwks_file", where "$word" means nothing});
}

# the URL of keys
good('https to an address', with('', file => 'jwks_uri https://127.0.0.1:8443/jwks?x=1;'));
good('http to the loopback', with('', file => 'jwks_uri http://127.0.0.1:8080/jwks;'));
good('http to the IPv6 loopback', with('', file => 'jwks_uri http://[::1]:8080/jwks;'));
bad('http to elsewhere', with('', file => 'jwks_uri http://192.0.2.1/jwks;'), 'http://192\.0\.2\.1/jwks');
good('http to elsewhere, insecure', with('', file => 'jwks_uri http://192.0.2.1/jwks insecure;'));
bad('https, insecure', with('', file => "jwks_uri $_//192.0.2.1/jwks insecure;"), '"jwks_uri" is https, which is never "insecure"') for qw(https: HTTPS:);
bad('another parameter', with('', file => 'jwks_uri http://192.0.2.1/jwks secure;'), '"jwks_uri" has an unknown parameter "secure"');
for my $url ('ftp://127.0.0.1/', '127.0.0.1/jwks', 'https://', 'https:///jwks', 'https://127.0.0.1:0/',
    'https://127.0.0.1:99999/', 'https://127.0.0.1/#x') {
    bad("jwks_uri $url", with('', file => "jwks_uri '$url';"), quotemeta $url);
}
bad('discovery of an issuer that is no URL', 'id_token_provider t { issuer tenant; client_id spa; }', 'tenant');
bad('discovery of an http issuer', 'id_token_provider t { issuer http://192.0.2.1/; client_id spa; }', 'http://192\.0\.2\.1/');
bad('discovery of the document', 'id_token_provider t { issuer https://t.test/.well-known/openid-configuration; client_id spa; }',
    '"issuer" of id_token_provider "t" is the URL of the document, not the issuer');
good('discovery of an address', 'id_token_provider t { issuer https://127.0.0.1:9/; client_id spa; }' . " server { listen 127.0.0.1:8088; auth_id_token t; }");
for my $word (qw(ssl_trusted_certificate ssl_crl)) {
    for my $url ('https://127.0.0.1:9/', 'http://127.0.0.1:9/') {
        bad("$word that is not there, $url", with("$word $dir/none.pem;", file => "jwks_uri $url;"), qq{"$word" of id_token_provider "t" cannot be used});
        bad("$word without a certificate, $url", with("$word $keys;", file => "jwks_uri $url;"), qq{"$word" of id_token_provider "t" cannot be used});
    }
}

# auth_id_token
good('off', server('auth_id_token off;'));
good('in a location and limit_except', server('location / { auth_id_token t; limit_except GET { auth_id_token off; } }'));
good('a variable', server('auth_id_token $host;'));
bad('an unknown provider', server('auth_id_token u;'), 'unknown id_token_provider "u" in "auth_id_token"');
bad('an unknown provider in a location', server('location / { auth_id_token u; }'), 'unknown id_token_provider "u" in "auth_id_token"');
unknown_variable('an unknown variable', server('auth_id_token $nothing;'));
bad('an empty name of a provider', server('auth_id_token "";'), '"auth_id_token" needs the name of a provider');
bad('auth_id_token twice', server('auth_id_token t; auth_id_token t;'), '"auth_id_token" directive is duplicate');
bad('in an if', server('location / { if ($host) { auth_id_token t; } }'), '"auth_id_token" directive is not allowed here');

# auth_id_token_realm
good('a realm', server('auth_id_token_realm "my api $host";'));
bad('a realm twice', server('auth_id_token_realm a; auth_id_token_realm b;'), '"auth_id_token_realm" directive is duplicate');
unknown_variable('a realm of an unknown variable', server('auth_id_token_realm $nothing;'));

# auth_id_token_source
good('sources', server('auth_id_token_source bearer cookie=__Host-idt;'));
bad('an unknown source', server('auth_id_token_source query=t;'), 'invalid source "query=t" in "auth_id_token_source"');
good('a header as a source', server('auth_id_token_source bearer cookie=idt header=X-ID-Token;'));
bad('a header without a name', server('auth_id_token_source header=;'), 'invalid source "header="');
for my $name ('Cookie', 'authorization', 'Host', 'Origin', 'Sec-Fetch-Site', 'Connection', 'TE', 'Proxy-Authorization', 'a b', 'a[]') {
    bad("the header $name", server(qq{auth_id_token_source "header=$name";}),
        qr{"\Q$name\E" in "auth_id_token_source" is not the name of a header that may hold a token, such as "X-ID-Token"});
}
bad('the same header twice', server('auth_id_token_source header=X-A header=X-A;'), 'duplicate source "header=X-A"');
bad('the same header in another case', server('auth_id_token_source header=X-A header=x-a;'), 'duplicate source "header=x-a"');
bad('a cookie without a name', server('auth_id_token_source cookie=;'), 'invalid source "cookie="');
bad('a cookie with a bad name', server('auth_id_token_source "cookie=a;b";'), '"a;b" is not a cookie name');
bad('the same source twice', server('auth_id_token_source bearer bearer;'), 'duplicate source "bearer"');
bad('sources twice', server('auth_id_token_source bearer; auth_id_token_source bearer;'), '"auth_id_token_source" directive is duplicate');

# auth_id_token_mode
good("mode $_", server("auth_id_token_mode $_;")) for qw(enforce optional);
warned('mode report', server('auth_id_token_mode report;'), '"auth_id_token_mode report" is in effect');
bad('an unknown mode', server('auth_id_token_mode lax;'), '"auth_id_token_mode" must be "enforce", "optional" or "report", not "lax"');
bad('mode twice', server('auth_id_token_mode report; auth_id_token_mode report;'), '"auth_id_token_mode" directive is duplicate');

# auth_id_token_require
good("require $_", server("auth_id_token_require $_;")) for ('groups has a b', 'groups !has a', 'email_verified = true',
    'hd in a.test b.test', 'acr ~ ^urn:', 'auth_time > 1 error=401', 'n !< 1', 'sub present', 'email !present error=404',
    '/realm_access/roles/0 = admin', 'https://x.test/roles has admin', '$http_x = 1', 'sub = $arg_sub', 'n < $arg_n', '"a b" = "c d" error=403');
bad('a single word', server('auth_id_token_require sub;'), '"auth_id_token_require" needs an operator after "sub"');
bad('an unknown operator', server('auth_id_token_require sub is bob;'), 'unknown operator "is" in "auth_id_token_require": it must be =, in, has, ~, <, > or present, or one of them behind "!"');
bad("$_ for an operator", server("auth_id_token_require sub $_;"), '"auth_id_token_require" needs an operator after "sub"') for qw(error=403 error=500 error=);
bad('an error that is not last', server('auth_id_token_require sub in a error=401 b;'), '"error=401" in "auth_id_token_require" must be the last word');
bad('an error that is first', server('auth_id_token_require error=401 sub = a;'), '"error=401" in "auth_id_token_require" must be the last word');
bad('an error without a code', server('auth_id_token_require sub = a error=;'), 'invalid "error="');
bad('no value', server('auth_id_token_require sub =;'), 'operator "=" in "auth_id_token_require" needs exactly one value');
bad('two values', server('auth_id_token_require sub = a b;'), 'operator "=" in "auth_id_token_require" needs exactly one value');
bad('no list', server('auth_id_token_require sub in;'), 'operator "in" in "auth_id_token_require" needs a value');
bad('a value for present', server('auth_id_token_require sub present x;'), 'operator "present" in "auth_id_token_require" needs no value');
bad('another code', server('auth_id_token_require sub = a error=500;'), 'invalid "error=500"');
bad('no number', server('auth_id_token_require n < many;'), '"many" in "auth_id_token_require" is not a number');
for my $text (qw(1. .5 -.5 007 0x10 1e999)) {
    bad("$text is no JSON number", server("auth_id_token_require n > $text;"), qq{"$text" in "auth_id_token_require" is not a number});
}
bad('no expression', server('auth_id_token_require sub ~ "(";'), 'pcre2?_compile\(\) failed.*"auth_id_token_require"');
for my $regex ('$host', '^$host$', '"${host}"', 'a$1', '[a]$_', '[]$a]$b', '[^]$a]$b') {
    (my $shown = $regex) =~ s/"//g;
    bad("a variable in the expression $regex", server("auth_id_token_require tid $_ $regex;"),
        qq{"\Q$shown\E" in "auth_id_token_require": a regular expression cannot contain variables}) for '~', '!~';
}
good("the expression $_", server("auth_id_token_require sub ~ '$_';")) for 'a$', 'a$|^b', '(a$)', 'a\$b', '[$a]', '[]$a]', '[^]$a]', '[\]$a]', '$';
bad('an empty claim', server('auth_id_token_require "" = a;'), '"" in "auth_id_token_require" is not the name of a claim');
bad('a bad pointer', server('auth_id_token_require "/a~2" = a;'), '"/a~2" in "auth_id_token_require" is not the name of a claim');
unknown_variable('an unknown variable in a rule', server('auth_id_token_require $nothing = a;'));

# auth_id_token_set_header
good('headers', server('auth_id_token_set_header X-User sub; auth_id_token_set_header X-Roles /realm_access/roles; auth_id_token_set_header X-S $id_token_status;'));
for my $name (qw(Host Content-Length content_length Transfer-Encoding Connection Cookie Authorization AUTHORIZATION Upgrade TE Expect Range
    If-Match User-Agent Content-Type Proxy)) {
    bad("header $name", server("auth_id_token_set_header $name sub;"), qq{header "$name" in "auth_id_token_set_header" steers});
}
bad('a header with a line break', server(qq{auth_id_token_set_header "X-A\nX-B" sub;}), 'is not the\s+name of a header|is not the name', '\d+');
bad('a header with a space', server('auth_id_token_set_header "X A" sub;'), '"X A" in "auth_id_token_set_header" is not the name of a header');
bad('an empty header', server('auth_id_token_set_header "" sub;'), '"" in "auth_id_token_set_header" is not the name of a header');
bad('the same header in another spelling', server('auth_id_token_set_header X-User sub; auth_id_token_set_header x_user email;'), 'duplicate header "x_user"');
good('a value with a variable in a header', server('auth_id_token_set_header X-User "user:$id_token_claim_sub";'));
bad('a dollar alone in a header', server('auth_id_token_set_header X-User $;'), 'invalid variable name');
bad('a dollar alone in a rule', server('auth_id_token_require $ = x;'), 'invalid variable name');
bad('an empty claim in a header', server('auth_id_token_set_header X-User "";'), '"" in "auth_id_token_set_header" is not the name of a claim');

# auth_id_token_strip, _preflight, _csrf, _nonce
good('strip', server('auth_id_token_strip on;'));
bad('strip maybe', server('auth_id_token_strip maybe;'), 'invalid value "maybe"');
bad('strip twice', server('auth_id_token_strip on; auth_id_token_strip on;'), '"auth_id_token_strip" directive is duplicate');
good("preflight $_", server("auth_id_token_preflight $_;")) for qw(pass check);
bad('preflight on', server('auth_id_token_preflight on;'), '"auth_id_token_preflight" must be "check" or "pass", not "on"');
bad('preflight twice', server('auth_id_token_preflight pass; auth_id_token_preflight pass;'), '"auth_id_token_preflight" directive is duplicate');
good("csrf $_", server("auth_id_token_csrf $_;")) for ('on', 'off', 'https://app.test http://127.0.0.1:8080 https://[::1]');
for my $origin ('app.test', 'https://app.test/', 'null', '*', 'https://u@app.test') {
    my $shown = $origin =~ s/u@/***@/r;
    bad("csrf $origin", server("auth_id_token_csrf https://ok.test $origin;"), qq{"\Q$shown\E" in "auth_id_token_csrf" is no origin});
}
bad('csrf, an origin twice', server('auth_id_token_csrf https://ok.test https://OK.test:443;'), '"auth_id_token_csrf" names "https://OK.test:443" twice');
bad('csrf off among origins', server('auth_id_token_csrf https://ok.test off;'), '"off" in "auth_id_token_csrf" is no origin');
bad('csrf twice', server('auth_id_token_csrf on; auth_id_token_csrf on;'), '"auth_id_token_csrf" directive is duplicate');
good('nonce', server('auth_id_token_nonce $cookie_nonce;'));
good('nonce off', server('auth_id_token_nonce off;'));
bad('a fixed nonce', server('auth_id_token_nonce abc;'), '"auth_id_token_nonce" needs a variable such as "\$cookie_nonce", not "abc"');
bad('nonce twice', server('auth_id_token_nonce $host; auth_id_token_nonce $host;'), '"auth_id_token_nonce" directive is duplicate');

# id_token_log_level
good("id_token_log_level $_", server("auth_id_token t; id_token_log_level $_;")) for qw(info notice warn error);
good('id_token_log_level in http', 'id_token_log_level warn;');
bad('id_token_log_level of another level', 'id_token_log_level debug;', '"id_token_log_level" must be "info", "notice", "warn" or "error", not "debug"');
bad('id_token_log_level twice', 'id_token_log_level warn; id_token_log_level warn;', '"id_token_log_level" directive is duplicate');

# id_token_status
good("id_token_status $_", "server { location = /s { id_token_status $_; } }") for '', 'json', 'prometheus';
bad('id_token_status of another kind', 'server { location = /s { id_token_status xml; } }', 'invalid value "xml" in "id_token_status": it must be "json" or "prometheus"');
bad('id_token_status beside another handler', 'server { location = /s { empty_gif; id_token_status; } }', 'the location "/s" has another handler already');
bad('id_token_status twice', 'server { location = /s { id_token_status; id_token_status; } }', 'the location "/s" has another handler already');
bad('id_token_status in a server', 'server { id_token_status; }', '"id_token_status" directive is not allowed here');
bad('id_token_status with two words', 'server { location = /s { id_token_status json json; } }', 'invalid number of arguments in "id_token_status"');

# id_token_cache
good("id_token_cache $_", "id_token_cache $_;") for qw(off 8m 4k 1k 1024);
bad("id_token_cache $_", "id_token_cache $_;", qq{invalid size "$_" in "id_token_cache", it must be 1k or more}) for qw(on 0 -1 8q 8 1023);
bad('id_token_cache twice', 'id_token_cache 1m; id_token_cache 1m;', '"id_token_cache" directive is duplicate');
bad('id_token_cache in a server', 'server { id_token_cache 1m; }', '"id_token_cache" directive is not allowed here');

# id_token_claim_set
good('claims', 'id_token_claim_set $a /x/0; id_token_claim_set $b https://x.test/roles; id_token_claim_set $c address country;');
bad('no variable', 'id_token_claim_set a x;', 'invalid variable name "a" in "id_token_claim_set"');
bad("the name $_", "id_token_claim_set $_ x;", qq{invalid variable name "\Q$_\E" in "id_token_claim_set"}) for qw($ $a-b $1 $0a $a. $$a);
bad("the name $_", qq{id_token_claim_set "$_" x;}, qq{invalid variable name "\Q$_\E" in "id_token_claim_set"}) for '$a b', '${a}', "\$\xc3\xa4";
good("the name $_", "id_token_claim_set $_ x;") for qw($_a $A1_b);
bad('a name of the module', 'id_token_claim_set $id_token_claim_x x;', '"\$id_token_claim_x" in "id_token_claim_set" is a name that the module keeps');
bad('the same in capitals', 'id_token_claim_set $ID_token_Claim_x x;', 'is a name that the module keeps');
bad('a variable that "set" would replace', 'id_token_claim_set $a x; server { set $a 1; }', 'the duplicate "a" variable');
bad('one that "map" would replace', 'id_token_claim_set $a x; map $uri $a { default 1; }', 'the duplicate "a" variable');
bad('one that a location would replace', 'id_token_claim_set $a x; server { location ~ ^/(?<a>.) { } }', 'the duplicate "a" variable');
bad('a variable of nginx', 'id_token_claim_set $host x;', 'the duplicate "host" variable|"\$host" in "id_token_claim_set" is defined already');
bad('the same variable twice', 'id_token_claim_set $a x; id_token_claim_set $a y;', 'the duplicate "a" variable');
bad('an empty path', 'id_token_claim_set $a "";', 'invalid claim "" in "id_token_claim_set"');
bad('a bad pointer in a claim', 'id_token_claim_set $a /x~3;', 'invalid claim "/x~3"');
bad('no path', 'id_token_claim_set $a;', 'invalid number of arguments in "id_token_claim_set"');

# what an operator should hear of, without being stopped
for my $word ('$CLIENT_ID', '${CLIENT_ID}', 'x-${ID}', 'a$b') {
    warned("client_id $word", qq{id_token_provider t { issuer https://t.test/; client_id "$word"; jwks_file $keys; }},
        qr{"\Q$word\E" in "client_id" is taken as it stands: there are no variables here in \S*nginx\.conf:8});
}
warned('a variable among parties', with('authorized_party a $b;'), qr{"\$b" in "authorized_party" is taken as it stands});
warned('a variable among audiences', with('trusted_audience a $b;'), qr{"\$b" in "trusted_audience" is taken as it stands});
warned('a variable for a cookie', server('auth_id_token_source bearer cookie=$name;'), qr{"cookie=\$name" in "auth_id_token_source" is taken as it stands});
good('a "$" that is no variable', 'id_token_provider t { issuer https://t.test/; client_id a$; trusted_audience $1 a$-b; ' . "jwks_file $keys; }" . " server { listen 127.0.0.1:8088; auth_id_token t; }");
my $ec = write_file('ec.json', jwks('@ec1'));
warned('keys for other algorithms', with('', file => "jwks_file $ec;"), qr{no key of "jwks_file" "\Q$ec\E" fits the "algorithms" of id_token_provider "t"});
good('keys for one of them', with('algorithms RS256 ES256;', file => "jwks_file $ec;"));
{
    my $shared = sub { join("\n", map { "id_token_provider p$_ { issuer https://127.0.0.1:9/; client_id spa; $_[$_] }" } 0 .. 1 ) . "\nserver { listen 127.0.0.1:8088; location /0 { auth_id_token p0; } location /1 { auth_id_token p1; } }" };
    warned('two directories for the same keys', $shared->("jwks_state $dir/state;", "jwks_state $dir/state2;"),
        qr{"jwks_state" "\Q$dir\E/state2" of id_token_provider "p1" is not used: it shares its keys with "p0"});
    good('one directory for both', $shared->("jwks_state $dir/state;", "jwks_state $dir/state/;"));
    good('a directory of one of them', $shared->('', "jwks_state $dir/state;"));
}
warned('a host that does not resolve', with('', file => 'jwks_uri https://no-such-host.invalid/jwks;'), 'no-such-host\.invalid');

# What looks like a guard and is none. Each beside its twin.
my $t = "id_token_provider t { issuer https://t.test/; client_id spa; jwks_file $keys; }\n";
sub off { return $t . "server { listen 127.0.0.1:8088;\nlocation /a { $_[0] }\nlocation /b { auth_id_token t; } }" }
sub told {
    my ($title, $http, $level, $message) = @_;
    my ($ok, $out) = nginx_t($http);
    ok($level eq 'emerg' ? !$ok : $ok, "judged: $title") or diag $out;
    my @told = $out =~ /(\[(?:warn|emerg)\] .*)$/mg;
    is(scalar(grep {/^\[$level\] .*$message/} @told), 1, "told once: $title") or diag $out;
    return;
}
my $nothing = '"auth_id_token_require" guards nothing in \S*nginx\.conf:10: no "auth_id_token" is in effect there';
told('a rule where the gate is off', off('auth_id_token_require sub = a;'), 'emerg', $nothing);
good('a rule where it is on', off('auth_id_token t; auth_id_token_require sub = a;'));
told('a rule beside off', off('auth_id_token off; auth_id_token_require sub = a;'), 'emerg', $nothing);
good('a rule with a guarded location within', off('auth_id_token_require sub = a; location /a/b { auth_id_token t; }'));
told('a rule in limit_except', off('limit_except GET { auth_id_token_require sub = a; }'), 'emerg', $nothing);
good('a rule in limit_except with a gate', off('limit_except GET { auth_id_token t; auth_id_token_require sub = a; }'));
good('a rule above a limit_except with a gate', off('auth_id_token_require sub = a; limit_except GET { auth_id_token t; }'));
good('a rule of a server with one guarded location', $t . 'server { listen 127.0.0.1:8088; auth_id_token_require sub = a; location /b { auth_id_token t; } location /a { } }');
told('a rule of a server without', $t . "\nserver { listen 127.0.0.1:8088;\nauth_id_token_require sub = a; location /a { } }\nserver { listen 127.0.0.1:8089; auth_id_token t; }", 'emerg', '"auth_id_token_require" guards nothing in \S*nginx\.conf:11:');
good('rules that are dropped', off('auth_id_token_require off;'));
for (['auth_id_token_set_header X-User sub;', 'auth_id_token_set_header'], ['auth_id_token_strip on;', 'auth_id_token_strip'],
    ['auth_id_token_nonce $cookie_n;', 'auth_id_token_nonce'], ['auth_id_token_csrf https://app.test;', 'auth_id_token_csrf']) {
    my ($line, $word) = @$_;
    told("$line where the gate is off", off($line), 'warn', qq{"$word" stands where nobody is asked for a token in \\S*nginx\\.conf:10:});
    good("$line where it is on", off("auth_id_token t; $line"));
    good("$line above", $t . "server { listen 127.0.0.1:8088; $line location /a { auth_id_token t; } location /b { } }");
}
good("$_ where the gate is off", off($_)) for 'auth_id_token_strip off;', 'auth_id_token_csrf on;', 'auth_id_token_csrf off;';
told('a provider that is not used', $t . 'server { listen 127.0.0.1:8088; }', 'warn', 'id_token_provider "t" is used by no "auth_id_token"');
good('a provider that a variable may choose', $t . 'server { listen 127.0.0.1:8088; auth_id_token $host; }');
told('report mode', $t . 'server { listen 127.0.0.1:8088; auth_id_token t; auth_id_token_mode report; location /a { } location /b { } }', 'warn', '"auth_id_token_mode report" is in effect');
my $map = 'map $uri $which { default t; ';
told('a map that is remembered', $t . "$map } server { listen 127.0.0.1:8088; auth_id_token \$which; }", 'warn', '"\$which" in "auth_id_token" keeps its first value');
good('a volatile map', $t . "$map volatile; } server { listen 127.0.0.1:8088; auth_id_token \$which; }");
my $back = 'proxy_pass http://127.0.0.1:9;';
told('a header set twice', $t . "server { listen 127.0.0.1:8088; auth_id_token t; auth_id_token_set_header X-User sub; proxy_set_header x_user a; location /a { $back } location /b { $back } }", 'warn', '"proxy_set_header x_user" sends its own value');
good('a header set beside', $t . "server { listen 127.0.0.1:8088; auth_id_token t; auth_id_token_set_header X-User sub; proxy_set_header X-Users a; location /a { $back } }");
told('a return that answers everybody', off('auth_id_token t; return 204;'), 'warn', '"return 204" in location "/a" answers everybody');
good('a return that refuses', off('auth_id_token t; return 404;'));
good('a return under a condition', off('auth_id_token t; if ($request_method = OPTIONS) { return 204; }'));
good('a return where the gate is off', off('return 204;'));

# What is wrong with a URL is told, a password in it is not.
for my $word ('jwks_uri https://u:hunter2@op.test/', 'jwks_uri ftp://u:hunter2@op.test/',
    'jwks_uri https://u:hunter2@op.test/$x', 'jwks_uri https://u:hunter2@op.test/ x',
    'jwks_uri https://op.test/; jwks_uri https://u:hunter2@op.test/', 'issuer https://u:hunter2@op.test/',
    'jwks_proxy http://u:hunter2@proxy.test:3128', 'jwks_proxy u:hunter2@proxy.test',
    'redirect_uri https://u:hunter2@app.test/', 'post_logout_redirect_uri https://u:hunter2@app.test/',
    map { "$_ https://u:hunter2\@op.test/" } qw(authorization_endpoint token_endpoint end_session_endpoint)) {
    my ($ok, $out) = nginx_t('id_token_provider tenant { client_id spa; '
        . ($word =~ /^issuer/ ? '' : 'issuer https://tenant.test/; ') . "$word; }");
    ok(!$ok, "refused: $word");
    unlike($out, qr/hunter2/, "without its password: $word");
}
for my $text (server('auth_id_token_csrf https://u:hunter2@app.test;'),
    'id_token_assertion inner { issuer https://u:hunter2@gateway.test/; }') {
    my ($ok, $out) = nginx_t($text);
    ok(!$ok, 'refused: a password elsewhere');
    unlike($out, qr/hunter2/, 'not told');
}

# who has been logged out

{
    my $one = provider('one', jwks_file => $keys);
    my $block = sub { return "id_token_revocations { $_[0] } $one server { auth_id_token one; }" };
    good('id_token_revocations', $block->(''));
    good('its words', $block->("zone 64k; keep 8h; state $dir/revoked;"));
    good('the least zone', $block->('zone 32k;'));
    good('no provider', 'id_token_revocations { }');
    bad("zone $_", $block->("zone $_;"), qq{"zone" needs a size from 32k such as "1m", not "\Q$_\E"})
        for '31k', '1023', '0', 'large', '1.5m';
    bad("keep $_", $block->("keep $_;"), qq{"keep" needs a time above zero such as "5s", not "$_"}) for '0', 'long';
    bad('an empty state', $block->('state "";'), '"state" cannot be empty');
    bad('state /', $block->('state /;'), '"state" cannot be "/"');
    bad('state of a file', $block->("state $keys;"), qq{"state" "\Q$keys\E" is not a directory});
    bad("$_ twice", $block->("$_; $_;"), qr/"\w+" is duplicate, near/) for 'zone 1m', 'keep 1h', "state $dir/revoked";
    bad('an unknown word', $block->('zones 1m;'),
        'unknown directive "zones" in id_token_revocations');
    bad('two values', $block->('zone 1m 2m;'), 'invalid number of arguments in "zone" directive');
    bad('two blocks', 'id_token_revocations { } ' . $block->(''), '"id_token_revocations" directive is duplicate');
    bad('in a server', "server { id_token_revocations { } } $one", '"id_token_revocations" directive is not allowed here');
}

done_testing();
