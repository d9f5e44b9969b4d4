# The variables: exact or absent, proven or absent, and what nginx can do with
# them.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer jwks write_file);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

start_upstreams();
my $pass = pass_to('proxy');
my $keys = write_file('keys.json', jwks('@rsa1:k1', '@ec1:with blank', '@rsa2:'));

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider('tenant', jwks_file => $keys, algorithms => 'RS256 ES256', leeway => '30s')
        . provider('other', jwks_file => $keys, issuer => 'https://other.test/')
        . provider('keyless', jwks_uri => 'http://127.0.0.1:1/jwks'),
    http => <<'END',
    large_client_header_buffers 8 256k;
    id_token_claim_set $nested /a/b;
    id_token_claim_set $index /groups/1;
    id_token_claim_set $url https://example.com/roles;
    id_token_claim_set $mixed Given_Name;
    id_token_claim_set $steps cognito:groups 0;
    id_token_claim_set $literal a/b;
    id_token_claim_set $deep /a/b/c/0/d;
    id_token_claim_set $slash /~1x/~0;
    id_token_claim_set $empty_step /a/;
    map $id_token_claim_role $by_map { default none; "" absent; admin ADMIN; ~^op(.*)$ OP$1; }
    map $id_token_claim_role $volatile { volatile; default none; "" absent; admin ADMIN; }
    limit_req_zone $id_token_claim_sub zone=by_sub:1m rate=1r/m;
    limit_conn_zone $id_token_claim_sub zone=conn_by_sub:1m;
    log_format claims escape=json '{"sub":"$id_token_claim_sub","status":"$id_token_status","error":"$id_token_error"}';
END
    server => <<"END",
    auth_id_token tenant;
    auth_id_token_source bearer cookie=idt;
    add_header X-Status \$id_token_status always;
    add_header X-Error \$id_token_error always;

    location = /claim { add_header V "[\$id_token_claim_v]" always; add_header X-Status \$id_token_status always; $pass }
    location = /claims { add_header V "\$id_token_claims" always; $pass }
    location = /hand { proxy_set_header X-V \$id_token_claim_v; proxy_set_header X-All \$id_token_claims; $pass }
    location = /named { add_header Nested "[\$nested]"; add_header Index "[\$index]"; add_header Url "[\$url]";
        add_header Mixed "[\$mixed]"; add_header Steps "[\$steps]"; add_header Literal "[\$literal]";
        add_header Deep "[\$deep]"; add_header Slash "[\$slash]"; add_header Empty-Step "[\$empty_step]"; empty_gif; }
    location = /case { add_header V "[\$id_token_claim_Given_Name][\$id_token_claim_GIVEN_NAME]"; empty_gif; }
    location = /all { add_header Content "\$id_token_status|\$id_token_error|\$id_token_provider|\$id_token_source|\$id_token_kid|\$id_token_alg|\$id_token_expires_in|\$id_token_claim_sub|\$id_token_claims" always; empty_gif; }
    location /modes/ { add_header Content "\$id_token_status|\$id_token_error|\$id_token_provider|\$id_token_source|\$id_token_claim_sub|\$id_token_claims|\$nested|\$id_token_kid|\$id_token_alg|\$id_token_expires_in" always;
        location = /modes/off { auth_id_token off; empty_gif; }
        location = /modes/enforce { empty_gif; }
        location = /modes/optional { auth_id_token_mode optional; empty_gif; }
        location = /modes/report { auth_id_token_mode report; empty_gif; }
        location = /modes/rule { auth_id_token_require sub = alice; empty_gif; }
        location = /modes/report-rule { auth_id_token_mode report; auth_id_token_require sub = alice; empty_gif; }
        location = /modes/other { auth_id_token other; empty_gif; }
        location = /modes/keyless { auth_id_token keyless; empty_gif; }
        location = /modes/selected { auth_id_token \$arg_p; empty_gif; }
        location = /modes/redirected { try_files /nothing /modes/rule; }
        location = /modes/redirected-off { try_files /nothing /modes/off; }
        location = /modes/to-other { try_files /nothing /modes/other; }
        location = /modes/any { satisfy any; allow all; empty_gif; }
    }

    location = /map { add_header V "\$by_map"; empty_gif; }
    location = /map-early { if (\$volatile = ADMIN) { set \$early yes; } add_header V "\$early \$volatile"; empty_gif; }
    location = /return { return 200 "\$id_token_claim_sub \$id_token_status"; }
    location = /if { if (\$id_token_claim_role = admin) { return 202; } empty_gif; }
    location = /set { set \$copy \$id_token_claim_sub; add_header V "[\$copy]"; empty_gif; }
    location = /rewrite { rewrite ^ /user/\$id_token_claim_sub last; }
    location /user/ { add_header V "\$uri"; empty_gif; }
    location = /target { proxy_pass http://127.0.0.1:\$server_port/to/\$id_token_claim_role; }
    location /to/ { auth_id_token off; proxy_set_header X-Path \$uri; $pass }
    location = /limited { limit_req zone=by_sub; empty_gif; }
    location = /limited-conn { limit_conn conn_by_sub 1; $pass }
    location = /logged { access_log logs/claims.log claims; empty_gif; }
    location = /ssi { ssi on; ssi_types text/plain; default_type text/plain; alias html/page; }
    location = /ssi-off { auth_id_token off; ssi on; ssi_types text/plain; default_type text/plain; alias html/page; }
    location = /inner { auth_id_token off; proxy_set_header X-Inner \$id_token_claim_sub; $pass }
    location = /auth { auth_id_token off; auth_request /auth-sub; auth_request_set \$who "\$id_token_claim_sub \$id_token_status";
        add_header V "[\$who][\$id_token_claim_sub]"; empty_gif; }
    location = /auth-sub { internal; proxy_pass http://127.0.0.1:\$server_port/open-sub; }
    location = /open-sub { auth_id_token off; return 204; }
    location = /key { proxy_cache_key "\$id_token_claim_iss \$id_token_claim_sub"; add_header V "\$proxy_port"; $pass }
END
);

sub shown {
    my ($path, $token, @headers) = @_;
    return $nginx->get($path, $token ? "Authorization: Bearer $token" : (), @headers);
}

# exact or absent: the JSON of the claim, what is shown
for my $row (
    ['a string', '"plain"', 'plain'],
    ['a string with all that is printable', '"\\" \\\\ \\/ <>&;,=%$ ~"', '" \\ / <>&;,=%$ ~'],
    ['UTF-8', '"R\u00fcdiger \u65e5\u672c \ud83d\ude00"', "R\xc3\xbcdiger \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"],
    ['a long string', '"' . 'x' x 3000 . '"', 'x' x 3000],
    ['blanks at the ends', '"  x  "', '  x  '],
    ['an empty string', '""', ''],
    ['nought', '0', '0'],
    ['an integer', '42', '42'],
    ['a negative integer', '-42', '-42'],
    ['a time', '1700000000', '1700000000'],
    ['an integer beyond 2^53', '9007199254740993', '9007199254740993'],
    ['the largest integer', '9223372036854775807', '9223372036854775807'],
    ['the smallest integer', '-9223372036854775808', '-9223372036854775808'],
    ['an integer beyond 64 bits', '18446744073709551616', '18446744073709551616'],
    ['a real number that overflows', '1e400', ''],
    ['NUL', '"a\u0000"', ''],
    ['half of an emoji', '"Ann \ud83d"', ''],
    ['a whole one', '"Ann \ud83d\ude00"', "Ann \xf0\x9f\x98\x80"],
    ['an array with half of one', '["Ann","\ud83d"]', ''],
    ['an object without what is spoiled', '{"a":"\ud83d","b":1}', '{"b":1}'],
    ['a large power of ten', '100000000000000000', '100000000000000000'],
    ['a real number', '1.5', '1.5'],
    ['the shortest form', '0.1', '0.1'],
    ['a real number of 17 digits', '0.30000000000000004', '0.30000000000000004'],
    ['a tiny one', '5e-324', '5e-324'],
    ['a large one', '1e300', '1e+300'],
    ['true', 'true', 'true'],
    ['false', 'false', 'false'],
    ['null', 'null', ''],
    ['an array', '[ 1 , "a" , true , null , 1.5 ]', '[1,"a",true,null,1.5]'],
    ['an empty array', '[ ]', '[]'],
    ['an object', '{ "b" : 1 , "a" : [ { } ] }', '{"b":1,"a":[{}]}'],
    ['a quote in an array', '["a\"b"]', '["a\"b"]'],
    ['CR and LF', '"a\r\nX: 1"', ''],
    ['LF', '"a\nb"', ''],
    ['CR', '"a\rb"', ''],
    ['a tab', '"a\tb"', ''],
    ['escape', '"\u001b[31m"', ''],
    ['DEL', '"\u007f"', ''],
    ['a line break in an array, escaped', '["a\nb"]', '["a\nb"]'],
    ['a line break in an object, escaped', '{"a\r":"\u0001\u007f"}', '{"a\r":"\u0001\u007f"}'],
    ) {
    my ($title, $json, $want) = @$row;
    my $token  = raw_token("\"v\":$json");
    my $answer = shown('/claim', $token);
    is($answer->{'x-status'}, 'ok', "$title: a good token");
    is($answer->{v}, "[$want]", "$title: shown exactly or not at all");
    my $by_hand = shown('/hand', $token)->{body};
    (my $trimmed = $want) =~ s/^ +//;
    is(sent($by_hand, 'x_v'), length $want ? $want : '-', "$title: in a header of proxy_set_header")
        if $want !~ /^ /;
    unlike($by_hand, qr/^X: 1/m, "$title: no line is split");
}
isnt(shown('/claim', raw_token('"v":1,"v":2'))->{'x-status'}, 'ok', 'a claim twice');

# the whole claim set
my $token = raw_token('"nul":"a\u0000","half":["\ud83d"],"z":{"y":[1,2.50]},"v":"a\r\nX: 1\u007f\u0001\"\\\\\/","n":null', iat => 1700000000, exp => 4102444800);
my $answer = shown('/claims', $token);
is($answer->{v}, '{"aud":"spa","exp":4102444800,"iat":1700000000,"iss":"https://tenant.test/","sub":"alice",'
    . '"z":{"y":[1,2.5]},"v":"a\r\nX: 1\u007f\u0001\"\\\\/","n":null}', 'the claim set, in its order, escaped');
is(sent(shown('/hand', $token)->{body}, 'x_all'), $answer->{v}, 'on one line of a header');

# names
my $json = '"a":{"b":"nested"},"groups":["x","second"],"https://example.com/roles":["r"],"Given_Name":"Alice",'
    . '"cognito:groups":["cg"],"a/b":"literal","/x":{"~":"slash"}';
$answer = shown('/named', raw_token($json));
is($answer->{nested},  '[nested]', 'a nested claim');
is($answer->{index},   '[second]', 'an element of an array');
is($answer->{url},     '[["r"]]',  'a claim named by a URL');
is($answer->{mixed},   '[Alice]',  'a claim in mixed case');
is($answer->{steps},   '[cg]',     'several steps');
is($answer->{literal}, '[literal]', 'a name with a slash inside');
is($answer->{slash},   '[slash]',  'escapes of a JSON pointer');
is($answer->{deep},    '[]',       'a path that leads nowhere');
is($answer->{'empty-step'}, '[]',  'an empty step');
$answer = shown('/named', raw_token('"a":"b","groups":{"1":"object"},"given_name":"no","cognito:groups":"cg","x":1'));
is(join('', @$answer{qw(nested index mixed steps url literal deep)}), '[][object][][][][][]', 'paths that do not fit are absent');
is(shown('/named', raw_token('"a":{"b":{"c":[{"d":"deep"}]}}'))->{deep}, '[deep]', 'a deep path');
is(shown('/named', raw_token('"a":{"":"empty"}'))->{'empty-step'}, '[empty]', 'the empty name');
is(shown('/case', raw_token('"given_name":"lower"'))->{v}, '[lower][lower]', 'variables have no case, claims are lower case');
is(shown('/case', raw_token('"Given_Name":"mixed","GIVEN_NAME":"upper"'))->{v}, '[][]', 'others are not shown by name');

# the others
my $now = time;

# By the clock of nginx: at some time from BEFORE on.
sub expires_in {
    my ($shown, $exp, $before, $what) = @_;
    cmp_ok($shown, '<=', $exp - $before, $what);
    cmp_ok($shown, '>=', $exp - time, "$what, and no less");
    return;
}

my $ec  = token(key => '@ec1', kid => 'with blank', exp => $now + 100, iss => 'https://tenant.test/');
my @shown = split /\|/, shown('/all', $ec)->{content};
is(join('|', @shown[0 .. 5]), 'ok||tenant|bearer|with blank|ES256', 'status, error, provider, source, kid, alg');
expires_in($shown[6], $now + 100, $now, 'expires_in');
@shown = split /\|/, $nginx->get('/all', 'Cookie: idt=' . token(key => '@rsa1', kid => 'k1', exp => $now - 10))->{content};
is(join('|', @shown[0 .. 5]), 'ok||tenant|cookie|k1|RS256', 'by cookie');
expires_in($shown[6], $now - 10, $now, 'expires_in below zero inside the leeway');
@shown = split /\|/, shown('/all', token(no_kid => 1))->{content};
is(join('|', @shown[0 .. 5]), 'ok||tenant|bearer||RS256', 'no kid');
@shown = split /\|/, shown('/all', raw_token('', exp => '1e30'))->{content};
is($shown[6], '', 'expires_in beyond 64 bits is absent');
@shown = split /\|/, shown('/all', raw_token('', exp => '4102444800.75'))->{content};
like($shown[6], qr/^[0-9]+$/, 'expires_in of a fraction is whole');

# proven or absent
my $good   = token(kid => 'k1', claims => { a => { b => 'n' } });
my $bob    = token(kid => 'k1', sub => 'bob', claims => { a => { b => 'n' } });
my $bad    = token(kid => 'k1', exp => -60, claims => { a => { b => 'n' } });
my $others = token(kid => 'k1', iss => 'https://other.test/', claims => { a => { b => 'n' } });
$nginx->tells(qr{no keys from});
for my $row (
    ['off',      $good, 200, 'off|||||||||'],
    ['enforce',  $good, 200, 'ok||tenant|bearer|alice|{'],
    ['enforce',  undef, 401, 'missing|token_missing|tenant|||||||'],
    ['enforce',  $bad,  401, 'rejected|expired|tenant|bearer||||||'],
    ['enforce',  $others, 401, 'rejected|issuer|tenant|bearer||||||'],
    ['enforce',  'x',   401, 'rejected|token_format|tenant|bearer||||||'],
    ['enforce',  '&',   400, 'rejected|credentials_malformed|tenant|||||||'],
    ['optional', undef, 200, 'missing|token_missing|tenant|||||||'],
    ['optional', $good, 200, 'ok||tenant|bearer|alice|{'],
    ['optional', $bad,  401, 'rejected|expired|tenant|bearer||||||'],
    ['report',   undef, 200, 'missing|token_missing|tenant|||||||'],
    ['report',   $good, 200, 'ok||tenant|bearer|alice|{'],
    ['report',   $bad,  200, 'rejected|expired|tenant|bearer||||||'],
    ['rule',     $good, 200, 'ok||tenant|bearer|alice|{'],
    ['rule',     $bob,  403, 'rejected|claim_rule|tenant|bearer||||||'],
    ['report-rule', $bob, 200, 'rejected|claim_rule|tenant|bearer||||||'],
    ['other',    $good, 401, 'rejected|issuer|other|bearer||||||'],
    ['other',    $others, 200, 'ok||other|bearer|alice|{'],
    ['keyless',  $good, 503, 'unavailable|keys_unavailable|keyless|bearer||||||'],
    ['selected?p=tenant', $good, 200, 'ok||tenant|bearer|alice|{'],
    ['selected?p=other', $good, 401, 'rejected|issuer|other|bearer||||||'],
    ['selected', $good, 403, 'rejected|provider_unknown||||||||'],
    ['redirected', $good, 200, 'ok||tenant|bearer|alice|{'],
    ['redirected', $bob, 403, 'rejected|claim_rule|tenant|bearer||||||'],
    ['redirected-off', $good, 200, 'off|||||||||'],
    ['to-other', $good, 401, 'rejected|issuer|other|bearer||||||'],
    ['any',      $bad,  200, 'rejected|expired|tenant|bearer||||||'],
    ['any',      $good, 200, 'ok||tenant|bearer|alice|{'],
    ) {
    my ($mode, $token, $status, $want) = @$row;
    my $answer = shown("/modes/$mode", $token);
    is($answer->{status}, $status, "$mode: $status");
    my $content = defined $answer->{content} ? $answer->{content} : '';
    $content =~ s/\|\{.*//;
    (my $line = $want) =~ s/\|\{$//;
    is($content, $line, "$mode: $want");
}
is($nginx->get('/modes/enforce', "Authorization: Bearer $good", "Cookie: idt=" . token(kid => 'k1', sub => 'bob'))->{content},
    'rejected|credentials_ambiguous|tenant|||||||', 'tokens of two persons: no claim');

# wherever variables are
my %role = map { $_ => token(kid => 'k1', sub => $_, claims => { role => $_ }) } qw(admin operator user);
is(shown('/map', $role{admin})->{v}, 'ADMIN', 'map');
is(shown('/map', $role{operator})->{v}, 'OPerator', 'map with a regular expression');
is(shown('/map', $role{user})->{v}, 'none', 'map, the default');
is(shown('/map', $good)->{v}, 'absent', 'map of an absent claim');
is(shown('/map-early', $role{admin})->{v}, 'yes ADMIN', 'a volatile map, early and late');
is(shown('/map-early', $role{user})->{v}, 'none', 'the same for another');
is(shown('/return', $role{admin})->{body}, 'admin ok', 'return');
is(shown('/return', $bad)->{body}, ' rejected', 'return, not proven');
is(shown('/if', $role{admin})->{status}, 202, 'if, before the access phase');
is(shown('/if', $role{user})->{status}, 200, 'if, another value');
is(shown('/if', token(kid => 'k1', exp => -60, claims => { role => 'admin' }))->{status}, 401, 'if, not proven');
is(shown('/set', $role{admin})->{v}, '[admin]', 'set');
is(shown('/rewrite', $role{admin})->{v}, '/user/admin', 'rewrite');
is(sent(shown('/target', $role{admin})->{body}, 'x_path'), '/to/admin', 'proxy_pass');
is(shown('/key', $role{admin})->{status}, 200, 'proxy_cache_key');

is(shown('/auth', $role{admin})->{v}, '[admin ok][]', 'auth_request_set, by the subrequest');
is(shown('/auth', $bad)->{status}, 401, 'auth_request, not proven');

is(shown('/limited', $role{user})->{status}, 200, 'limit_req by a claim: the first request');
is(shown('/limited', $role{user})->{status}, 503, 'the second is limited');
is(shown('/limited', $role{admin})->{status}, 200, 'another user is not');
is(shown('/limited', $bad)->{status}, 401, 'a bad token has no key, and is refused');
is(shown('/limited', $bad)->{status}, 401, 'every time');
is(shown('/limited', $role{admin})->{status}, 503, 'the other is now');
is(shown('/limited-conn', $role{admin})->{status}, 200, 'limit_conn by a claim');

shown('/logged', $good);
shown('/logged', $bad);
my $log = do { local (@ARGV, $/) = "$nginx->{dir}/logs/claims.log"; <> };
is($log, '{"sub":"alice","status":"ok","error":""}' . "\n" . '{"sub":"","status":"rejected","error":"expired"}' . "\n",
    'log_format');

# SSI: the name is known at run time only
mkdir "$nginx->{dir}/html";
open my $page, '>', "$nginx->{dir}/html/page" or die $!;
print {$page} '[<!--# echo var="id_token_claim_dynamic" -->|<!--# echo var="id_token_claim_sub" -->|',
    '<!--# echo var="id_token_claim_v" encoding="none" -->|<!--# echo var="id_token_claim_gone" -->|',
    '<!--# echo var="id_token_status" -->][<!--# include virtual="/inner" -->]';
close $page;
my $ssi = raw_token('"dynamic":"d1","v":{"a":[1]}');
$answer = shown('/ssi', $ssi);
like($answer->{body}, qr/\[d1\|alice\|\{"a":\[1\]\}\|\(none\)\|ok\]/, 'SSI echo');
is(sent($answer->{body}, 'x_inner'), 'alice', 'a subrequest that is off shows what was proven above it');
like(shown('/ssi', raw_token('"dynamic":"a\nb","v":"\u007f"'))->{body}, qr/\[\(none\)\|alice\|\(none\)\|\(none\)\|ok\]/,
    'SSI echo of control characters');
$answer = shown('/ssi-off', $ssi);
like($answer->{body}, qr/\[\(none\)\|\(none\)\|\(none\)\|\(none\)\|off\]/, 'SSI echo where the module is off');
is(sent($answer->{body}, 'x_inner'), '-', 'and nothing below');
is(shown('/ssi', $bad)->{status}, 401, 'SSI, a bad token');

unlike($nginx->log, qr/eyJ[\w-]+\.eyJ/, 'no token in the log');
is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
