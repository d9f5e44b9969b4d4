# id_token_assertion and id_token_assertion_jwks: what is accepted, and for
# each kind of bad input the sentence of "nginx -t" with file, line and word.

use lib 't/lib';
use strict;
use warnings;

use IdToken;
use Test::More;

my $nginx  = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $module = $ENV{TEST_NGINX_LOAD_MODULES};
my $mint   = $ENV{ID_TOKEN_MINT};
my $dir    = data_dir();
my $jwks   = write_file('jwks.json', jwks('@rsa1'));
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
    like($out, qr/\[warn\].*$message.*in \S*nginx\.conf:8\b/,
        "with a warning: $title");
    return;
}

sub bad {
    my ($title, $http, $message, $line) = @_;
    my ($ok, $out) = nginx_t($http);
    my $where = !defined $line ? qr/in \S*nginx\.conf:8\b/
        : $line ? qr/in \S*nginx\.conf:$line\b/ : qr//;
    ok(!$ok, "refused: $title");
    like($out, qr/\[emerg\].*$message.*$where/, "with a sentence: $title");
    unlike($out, qr/signal|core dumped|PRIVATE KEY/, "and no more: $title");
    return;
}

sub key_file {
    my ($name, $text, $mode) = @_;
    my $path = write_file($name, $text);
    chmod defined $mode ? $mode : 0600, $path;
    return $path;
}

sub pem { return scalar `$mint pem @_` }

sub made {
    my ($command) = @_;
    my $text = `$command 2>/dev/null`;
    return $text;
}

my $ec  = key_file('ec.pem',  pem('@ec1'));
my $rsa = key_file('rsa.pem', pem('@rsa1'));

my %whole = (key => $ec, issuer => 'https://gw.test', audience => 'app',
    claims => 'sub', lifetime => undef);

# assertion(audience => undef, claims => 'email'): one line
sub assertion {
    my %opt = (%whole, @_);
    return 'id_token_assertion a { '
        . join('', map { defined $opt{$_} ? "$_ $opt{$_}; " : '' }
            sort keys %opt) . '}';
}

sub location {
    return assertion() . " server { listen 127.0.0.1:8088; location / { $_[0] } }";
}

my $guarded = 'server { listen 127.0.0.1:8088; auth_id_token t; }';
my $provider = "id_token_provider t { issuer https://t.test/; client_id spa; jwks_file $jwks; }";

# the block
good('an assertion', assertion());
good('an RSA key', assertion(key => $rsa));
good('twice, of other names', assertion() . "\n" . (assertion() =~ s/ a / b_2 /r));
good('no claims', assertion(claims => undef));
good('include', assertion(audience => undef, include => key_file('more.conf', "audience x;\n")));
bad("include$_", assertion(include => $_), 'invalid number of arguments in "include" directive') for '', ' a b';
good('beside a provider', "$provider $guarded " . assertion());
bad('the same name twice', assertion() . "\n" . assertion(), 'duplicate id_token_assertion "a"', 9);
for my $name ('A', 'my-app', '""', '$x', "\xc3\xa4") {
    (my $shown = $name) =~ s/"//g;
    bad("the name $name", assertion() =~ s/ a / $name /r, 
        qq{invalid name "\Q$shown\E" in "id_token_assertion", it must be made of lower-case letters, digits and "_", as the name of a variable});
}
bad('no name', 'id_token_assertion { }', 'invalid number of arguments in "id_token_assertion"');
bad('two names', 'id_token_assertion a b { }', 'invalid number of arguments in "id_token_assertion"');
bad('in a server', 'server { ' . assertion() . ' }', '"id_token_assertion" directive is not allowed here');
bad('an unknown word', assertion(typ => 'JWT'), 'unknown directive "typ" in id_token_assertion "a"');
for my $word (qw(key issuer audience)) {
    bad("no $word", assertion($word => undef), qq{id_token_assertion "a" has no "$word"});
}
for my $word (qw(key issuer audience claims lifetime)) {
    bad("$word without a value", assertion($word => ''), qq{invalid number of arguments in "$word"});
    my $value = $word eq 'lifetime' ? '1m' : $whole{$word};
    bad("$word twice", assertion($word => "$value; $word $value"), qq{"$word" is duplicate});
}
for my $word (qw(key issuer audience lifetime)) {
    bad("$word of two values", assertion($word => '1m 2m'), qq{invalid number of arguments in "$word"});
}
for my $word (qw(key issuer audience)) {
    bad("an empty $word", assertion($word => '""'), qq{"$word" cannot be empty});
}

# issuer
for my $issuer (qw(gateway ftp://x.test https:// https://u@x.test), '"https://x y"', '"https://x.test/#f"') {
    (my $shown = $issuer) =~ s/"//g;
    $shown =~ s/u@/***@/;
    bad("issuer $issuer", assertion(issuer => $issuer), qq{the "issuer" "\Q$shown\E"});
}
good('an http issuer', assertion(issuer => 'http://gw.internal:8080/x'));
for my $issuer (qw(https://t.test/ https://t.test)) {
    bad("a provider's issuer, $issuer", assertion(issuer => $issuer) . "\n$provider",
        'id_token_assertion "a" has the "issuer" of id_token_provider "t"');
    bad("after the provider, $issuer", "$provider\n" . assertion(issuer => $issuer),
        'id_token_assertion "a" has the "issuer" of id_token_provider "t"', 9);
}
good('under the issuer', "$provider $guarded " . assertion(issuer => 'https://t.test/gateway'));

# claims
good('claims', assertion(claims => 'sub email https://example.com/roles cognito:groups'));
for my $claim (qw(iss aud exp nbf iat jti typ token_use events)) {
    bad("the claim $claim", assertion(claims => "sub $claim"), qq{"claims" cannot name "$claim", which an assertion does not take from the ID token});
}
bad('a JSON pointer', assertion(claims => '/realm_access/roles'), '"claims" cannot name "/realm_access/roles": whole claims only, no JSON pointer');
bad('a claim twice', assertion(claims => 'sub email sub'), '"claims" names "sub" twice');
bad('an empty claim', assertion(claims => '""'), '"claims" cannot hold an empty value');

# lifetime
good("lifetime $_", assertion(lifetime => $_)) for qw(1s 60s 1h);
bad("lifetime $_", assertion(lifetime => $_), qq{"lifetime" needs a time above zero such as "5s", not "$_"}) for qw(0 0s -1s soon);
bad("lifetime $_", assertion(lifetime => $_), qq{"lifetime" needs a time from 1s to 1h, not "$_"}) for qw(61m 1d);

# the key file
bad('a key that is not there', assertion(key => 'none.pem'), qq{the "key" "$dir/none.pem" could not be opened.*2: No such file});
bad('a directory', assertion(key => $dir), qq{the "key" "$dir" is not a file});
SKIP: {
    skip 'root reads every file', 3 if $> == 0;
    bad('an unreadable key', assertion(key => key_file('closed.pem', pem('@ec1'), 0)), '"key" .*closed\.pem" could not be opened.*13');
}
SKIP: {
    my ($short) = grep { -f && -s && -r } glob '/sys/kernel/*';
    skip 'no file that is shorter than it says', 3 if !defined $short;
    bad('a file cut off while it is read', assertion(key => $short), qq{the "key" "$short" could not be read});
}
for my $row (
    ['empty',           '',                       'holds no private key in PEM'],
    ['a secret',        "c2VjcmV0c2VjcmV0\n",     'holds no private key in PEM'],
    ['a symmetric JWK', '{"kty":"oct","k":"AA"}', 'holds no private key in PEM'],
    ['a public key',    pem('@ec1', '--public'),  'holds no private key in PEM'],
    ['cut off',         substr(pem('@ec1'), 0, 90), 'holds no private key in PEM'],
    ['P-384',           pem('@ec384'), 'holds a key that is neither RSA nor EC P-256'],
    ['P-521',           pem('@ec521'), 'holds a key that is neither RSA nor EC P-256'],
    ['Ed25519',         pem('@ed1'),   'holds a key that is neither RSA nor EC P-256'],
    ['RSA-PSS', made('openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048'),
        'holds a key that is neither RSA nor EC P-256'],
    ['secp256k1', made('openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1'),
        'holds a key that is neither RSA nor EC P-256'],
    ['RSA of 1024 bits', made('openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024'),
        'holds an RSA key outside 2048 to 16384 bits'],
    ['encrypted', made("openssl pkey -in $ec -aes-128-cbc -passout pass:x"), 'holds an encrypted private key'],
    ['encrypted, the old way', made("openssl rsa -traditional -aes128 -passout pass:x -in $rsa"), 'holds an encrypted private key'],
    ['too long', 'x' x 65537, 'is larger than a private key'],
) {
    my ($title, $text, $message) = @$row;
    my $path = key_file('bad.pem', $text);
    bad("a key file: $title", assertion(key => $path), qq{the "key" "$path" $message});
}
good('SEC 1, with parameters before it', assertion(key => key_file('sec1.pem', made('openssl ecparam -name prime256v1 -genkey'))));
good('PKCS #1', assertion(key => key_file('pkcs1.pem', made("openssl rsa -traditional -in $rsa"))));
warned('a variable', assertion(audience => '$host'), '"\$host" in "audience" is taken as it stands: there are no variables here');
good('a name relative to the configuration', assertion(key => 'ec.pem'));
good('to its owner alone', assertion(key => key_file('open.pem', pem('@ec1'), 0400)));
for my $row ([0644, 'everyone'], [0640, 'its group'], [0604, 'everyone'], [0620, 'its group'], [0602, 'everyone']) {
    my ($mode, $who) = @$row;
    my $path = key_file('open.pem', pem('@ec1'), $mode);
    warned(sprintf('mode %04o', $mode), assertion(key => $path), qq{the "key" "$path" is open to $who});
}

# id_token_assertion_jwks
good('its key set', location('id_token_assertion_jwks a;'));
good('before the block', "server { listen 127.0.0.1:8088; location / { id_token_assertion_jwks a; } }\n" . assertion());
bad('an unknown name', location('id_token_assertion_jwks b;'), 'unknown id_token_assertion "b" in "id_token_assertion_jwks"');
bad('an empty name', location('id_token_assertion_jwks "";'), 'unknown id_token_assertion "" in "id_token_assertion_jwks"');
bad('no name', location('id_token_assertion_jwks;'), 'invalid number of arguments in "id_token_assertion_jwks"');
bad('twice', location('id_token_assertion_jwks a; id_token_assertion_jwks a;'), '"id_token_assertion_jwks" directive is duplicate');
bad('in a server', assertion() . ' server { id_token_assertion_jwks a; }', '"id_token_assertion_jwks" directive is not allowed here');
bad('in an if', location('if ($host) { id_token_assertion_jwks a; }'), '"id_token_assertion_jwks" directive is not allowed here');

# the variable
good('its variable', location('return 200 $id_token_assertion_a;'));
good('in any case', location('return 200 $ID_TOKEN_assertion_A;'));
bad('an unknown assertion', location('return 200 $id_token_assertion_b;'), 'the variable "\$id_token_assertion_b" names no id_token_assertion', 0);
bad('without any', 'log_format x $id_token_assertion_b;', 'the variable "\$id_token_assertion_b" names no id_token_assertion', 0);
bad('without a name', location('return 200 $id_token_assertion_;'), 'the variable "\$id_token_assertion_" names no id_token_assertion', 0);
bad('its name for a claim', assertion() . ' id_token_claim_set $id_token_assertion_a sub;', 'is a name that the module keeps');

done_testing();
