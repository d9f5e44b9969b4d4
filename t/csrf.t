# auth_id_token_csrf: evidence that our own pages made the request.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

my $tls  = IdTokenNginx::free_port();
my $h2   = IdTokenNginx::free_port();
my $dir  = IdToken::data_dir();
my $make = IdToken::write_file('openssl.cnf', "[req]\ndistinguished_name=dn\n[dn]\n");
system "openssl req -config $make -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    . " -keyout $dir/key.pem -out $dir/cert.pem -subj /CN=app.test -days 2 2>/dev/null" and die 'openssl';

my $locations = <<'END';
    auth_id_token tenant;
    auth_id_token_source bearer cookie=idt;
    add_header Error $id_token_error always;
    location /guard { proxy_pass http://127.0.0.1:$sink/; }
    location /named { auth_id_token_csrf https://app.test http://other.test:8080 https://[2001:DB8::1]:444; proxy_pass http://127.0.0.1:$sink/; }
    location /named/on { auth_id_token_csrf on; proxy_pass http://127.0.0.1:$sink/; }
    location /off { auth_id_token_csrf off; proxy_pass http://127.0.0.1:$sink/; }
    location /off/on { auth_id_token_csrf on; proxy_pass http://127.0.0.1:$sink/; }
    location /report { auth_id_token_mode report; proxy_pass http://127.0.0.1:$sink/; }
    location /via-sub { auth_id_token off; auth_request /check; proxy_pass http://127.0.0.1:$sink/; }
    location = /check { internal; proxy_pass http://127.0.0.1:$sink/; proxy_pass_request_body off; }
    location /optional { auth_id_token_mode optional; proxy_pass http://127.0.0.1:$sink/; }
END
my $sink = IdTokenNginx::free_port();
$locations =~ s/\$sink/$sink/g;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(),
    http      => <<"END",
    server { listen 127.0.0.1:$sink; return 200 ok; }
    server { listen 127.0.0.1:$tls ssl http2; server_name app.test;
        ssl_certificate $dir/cert.pem; ssl_certificate_key $dir/key.pem; $locations }
    server { listen 127.0.0.1:$h2 http2; $locations }
END
    server => $locations,
);

my $token  = token();
my $cookie = "Cookie: idt=$token";

# Our own origins begin with it, others do not.
my $scheme = $IdTokenProtocol::version == 3 ? 'https' : 'http';
my %other = (http => 'https', https => 'http', 80 => 443, 443 => 80);

# A table's line as the protocol of this run has it: HTTP/3 is always https.
sub in_scheme {
    my (@headers) = @_;
    return @headers if $scheme eq 'http';
    return map { s{^(Origin: )(https?)(?=:)}{$1$other{$2}}r =~ s{:(80|443)$}{:$other{$1}}r } @headers;
}

# A request with Host of our choice.
sub ask {
    my ($request, @headers) = @_;
    my $host = @headers && $headers[0] =~ /^Host:/ ? shift @headers : 'Host: app.test';
    my $answer = $nginx->get($request, $host,
        $request =~ /^(?:GET|HEAD|OPTIONS) / ? () : 'Content-Length: 0', @headers);
    return "$answer->{status}" . ($answer->{error} ? " $answer->{error}" : '');
}

my ($ok, $no) = ('200', '403 csrf');
for my $row (
    # Sec-Fetch-Site
    ['Sec-Fetch-Site same-origin', $ok, 'Sec-Fetch-Site: same-origin'],
    ['the header in lower case', $ok, 'sec-fetch-site: same-origin'],
    ['same-site', $no, 'Sec-Fetch-Site: same-site'],
    ['cross-site', $no, 'Sec-Fetch-Site: cross-site'],
    ['none', $no, 'Sec-Fetch-Site: none'],
    ['an unknown value', $no, 'Sec-Fetch-Site: x'],
    ['another case', $no, 'Sec-Fetch-Site: Same-Origin'],
    ['an empty value', $no, 'Sec-Fetch-Site:'],
    ['a list', $no, 'Sec-Fetch-Site: same-origin, cross-site'],
    ['twice', $no, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'],
    ['twice the same', $no, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: same-origin'],
    ['same-origin beside another Origin', $ok, 'Sec-Fetch-Site: same-origin', 'Origin: http://evil.test'],
    ['same-site with our own Origin', $no, 'Sec-Fetch-Site: same-site', 'Origin: http://app.test'],
    ['cross-site with our own Origin', $no, 'Sec-Fetch-Site: cross-site', 'Origin: http://app.test'],
    ['an unknown value with our own Origin', $no, 'Sec-Fetch-Site: x', 'Origin: http://app.test'],
    # Origin
    ['our own Origin', $ok, 'Origin: http://app.test'],
    ['with the usual port', $ok, 'Origin: http://app.test:80'],
    ['in another case', $ok, 'Origin: http://APP.test'],
    ['another scheme', $no, 'Origin: https://app.test'],
    ['another port', $no, 'Origin: http://app.test:8080'],
    ['another host', $no, 'Origin: http://evil.test'],
    ['a sibling', $no, 'Origin: http://www.app.test'],
    ['a longer host', $no, 'Origin: http://app.test.evil.test'],
    ['a dot at the end', $no, 'Origin: http://app.test.'],
    ['a user name', $no, 'Origin: http://app.test@evil.test'],
    ['a path', $no, 'Origin: http://app.test/'],
    ['another scheme of ours', $no, 'Origin: ftp://app.test'],
    ['a scheme in upper case', $no, 'Origin: HTTP://app.test'],
    ['null', $no, 'Origin: null'],
    ['empty', $no, 'Origin:'],
    ['a host alone', $no, 'Origin: app.test'],
    ['several', $no, 'Origin: http://app.test http://app.test'],
    ['twice', $no, 'Origin: http://app.test', 'Origin: http://evil.test'],
    ['twice the same', $no, 'Origin: http://app.test', 'Origin: http://app.test'],
    ['a Host with our port', $ok, 'Host: app.test:8080', 'Origin: http://app.test:8080'],
    ['a Host with another port', $no, 'Host: app.test:8080', 'Origin: http://app.test'],
    ['an IPv6 address', $ok, 'Host: [::1]:81', 'Origin: http://[::1]:81'],
    ['another IPv6 address', $no, 'Host: [::1]:81', 'Origin: http://[::2]:81'],
    # neither
    ['neither header', $no],
    ['a Referer is no evidence', $no, 'Referer: http://app.test/x'],
    ['X-Requested-With is none', $no, 'X-Requested-With: XMLHttpRequest'],
    ['X-Forwarded-Host is none', $no, 'X-Forwarded-Host: evil.test', 'Origin: http://evil.test'],
    ) {
    my ($title, $want, @headers) = in_scheme(@$row);
    is(ask('POST /guard', @headers, $cookie), $want, "$title: $want");
    is(ask('POST /guard', @headers, "Authorization: Bearer $token"), $ok, "$title: a bearer needs no evidence");
    is(ask('GET /guard', @headers, $cookie), $ok, "$title: GET needs none");
    is(ask('POST /off', @headers, $cookie), $ok, "$title: off asks for none");
    is(ask('POST /off/on', @headers, $cookie), $want, "$title: on below off");
    is(ask('POST /via-sub', @headers, $cookie), $want =~ s/ csrf//r, "$title: by auth_request");
    is(ask('GET /via-sub', @headers, $cookie), $ok, "$title: by auth_request, GET");
}

# named origins
for my $row (
    ['a named origin', $ok, 'Origin: https://app.test'],
    ['with its usual port', $ok, 'Origin: https://app.test:443'],
    ['in another case', $ok, 'Origin: https://App.Test'],
    ['the second named', $ok, 'Origin: http://other.test:8080'],
    ['the third, an address', $ok, 'Origin: https://[2001:db8::1]:444'],
    ['our own', $ok, "Origin: $scheme://app.test"],
    ['same-origin', $ok, 'Sec-Fetch-Site: same-origin', 'Origin: http://any.test'],
    ['a named one that is cross-site', $ok, 'Sec-Fetch-Site: cross-site', 'Origin: http://other.test:8080'],
    ['a named one that is same-site', $ok, 'Sec-Fetch-Site: same-site', 'Origin: https://app.test'],
    ['our own that is cross-site', $no, 'Host: own.test', 'Sec-Fetch-Site: cross-site', "Origin: $scheme://own.test"],
    ['a named host with another port', $no, 'Origin: http://other.test'],
    ['a named host with another scheme', $no, 'Origin: https://other.test:8080'],
    ['another', $no, 'Origin: https://evil.test'],
    ['null', $no, 'Origin: null'],
    ['neither', $no],
    ) {
    my ($title, $want, @headers) = @$row;
    is(ask('POST /named', @headers, $cookie), $want, "named: $title: $want");
}
is(ask('POST /named/on', 'Origin: http://other.test:8080', $cookie), $no, 'on names nobody');
is(ask('POST /named/deeper', 'Origin: https://app.test', $cookie), $ok, 'names are inherited');

# methods and handshakes
for my $method (qw(GET HEAD OPTIONS)) {
    is(ask("$method /guard", $cookie, 'Sec-Fetch-Site: cross-site'), $ok, "$method is safe");
    is(ask("$method /guard", 'Sec-Fetch-Site: cross-site'), '401 token_missing', "$method without a token");
}
for my $method (qw(POST PUT PATCH DELETE MKCOL MOVE COPY PROPFIND LOCK)) {
    is(ask("$method /guard", $cookie, 'Sec-Fetch-Site: cross-site'), $no, "$method is not safe");
    is(ask("$method /guard", $cookie, 'Sec-Fetch-Site: same-origin'), $ok, "$method with evidence");
}
is(ask('FOO /guard', $cookie), $no, 'nor is an unknown method');
for my $upgrade ('Upgrade: websocket', 'upgrade: h2c, WebSocket', "Upgrade: h2c\r\nUpgrade: websocket") {
    last if $IdTokenProtocol::version != 1;    # there is no such field
    is(ask('GET /guard', $cookie, $upgrade), $no, "GET with $upgrade");
    is(ask('GET /guard', $cookie, $upgrade, 'Origin: http://app.test'), $ok, "with evidence: GET with $upgrade");
    is(ask('GET /guard', $cookie, $upgrade, 'Origin: http://evil.test'), $no, "of another site: GET with $upgrade");
}
is(ask('GET /guard', $cookie, 'Upgrade: h2c'), $ok, 'GET with another protocol');
is(ask('POST /guard', $cookie, 'Upgrade: h2c'), $no, 'which makes no POST safe');
is(ask('POST /guard', $cookie, 'X-HTTP-Method-Override: GET'), $no, 'an overridden method');
is(ask('GET /guard', 'Upgrade: websocket', "Authorization: Bearer $token"), $ok, 'a bearer with Upgrade');

# modes; judged for a cookie that counts
is(ask('POST /report', $cookie), '200 csrf', 'report tells');
is(ask('POST /optional', $cookie), $no, 'optional refuses');
is(ask('POST /optional'), '200 token_missing', 'optional, anonymous');
is(ask('POST /guard', 'Cookie: idt=x'), '401 token_format', 'a bad cookie');
is(ask('POST /guard', 'Cookie: idt=x', 'Sec-Fetch-Site: same-origin'), '401 token_format', 'a bad cookie with evidence');
is(ask('POST /guard'), '401 token_missing', 'no cookie');
is(ask('POST /guard', 'Origin: http://evil.test', 'Cookie: other=1'), '401 token_missing', 'other cookies alone');

# TLS and HTTP/2: scheme and host are those of the connection
sub curl {
    my (@args) = @_;
    open my $out, '-|', 'curl', '-sk', '--noproxy', '*', '--max-time', '30', '-o', '/dev/null', '-w', '%{http_code}',
        '-X', 'POST', '-b', "idt=$token", @args or die "curl: $!";
    return scalar <$out>;
}
for my $version ('--http1.1', '--http2') {
    my @tls = ($version, '--resolve', "app.test:$tls:127.0.0.1", "https://app.test:$tls/guard");
    is(curl('-H', "Origin: https://app.test:$tls", @tls), 200, "https $version: our own Origin");
    is(curl('-H', 'Origin: https://app.test', @tls), 403, "https $version: another port");
    is(curl('-H', "Origin: http://app.test:$tls", @tls), 403, "https $version: another scheme");
    is(curl('-H', "Origin: https://evil.test:$tls", @tls), 403, "https $version: another host");
    is(curl('-H', 'Sec-Fetch-Site: same-origin', @tls), 200, "https $version: same-origin");
    is(curl(@tls), 403, "https $version: no evidence");
}
my @h2 = ('--http2-prior-knowledge', "http://127.0.0.1:$h2/guard");
is(curl('-H', "Origin: http://127.0.0.1:$h2", @h2), 200, 'HTTP/2: our own Origin');
is(curl('-H', "Origin: https://127.0.0.1:$h2", @h2), 403, 'HTTP/2: another scheme');
is(curl('-H', 'Sec-Fetch-Site: cross-site', @h2), 403, 'HTTP/2: cross-site');
is(curl(@h2), 403, 'HTTP/2: no evidence');

like($nginx->log, qr/id_token refused, csrf: no proof of a same-origin request, provider "tenant"/, 'the log line');
is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
