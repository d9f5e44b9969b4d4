# auth_id_token_require: each operator met, not met, negated, and of an absent
# claim; error codes; inheritance; variables on both sides.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

# one location for each distinct rule
my (@rules, %location, @cases);

sub rule {
    my ($rule, $want, $claims, @headers) = @_;
    if (!$location{$rule}) {
        $location{$rule} = '/rule' . keys %location;
        push @rules, $rule;
    }
    push @cases, [$rule, $want, $claims, @headers];
    return;
}

# [rule, claims that meet it, claims that do not]
for my $row (
    ['s = staff', '"s":"staff"', -1, '"s":"Staff"', '"s":"staf"', '"s":"staffs"', '"s":""', '"s":["staff"]', '"s":{"staff":1}', '"s":"staff\u0001"'],
    ['n = 17', '"n":17', '"n":"17"', '"n":17.0', -1, '"n":170', '"n":17.5', '"n":[17]'],
    ['v = true', '"v":true', '"v":"true"', -1, '"v":false', '"v":1'],
    ['s != staff', '"s":"other"', '"s":1', '"s":true', '"s":""', -1, '"s":"staff"'],
    ['s in a b c', '"s":"a"', '"s":"c"', -1, '"s":"d"', '"s":"a b"', '"s":["a"]'],
    ['s !in a b', '"s":"d"', -1, '"s":"a"', '"s":"b"'],
    ['g has admins operators', '"g":["x","admins"]', '"g":["operators"]', '"g":"admins"', -1, '"g":["x"]', '"g":[]',
        '"g":"admins operators"', '"g":[["admins"]]', '"g":{"admins":true}', '"g":["admins "]'],
    ['g has 7', '"g":[7]', '"g":["7"]', '"g":7', -1, '"g":[70]', '"g":[7.5]'],
    ['g has true', '"g":[true]', -1, '"g":[false]', '"g":[null]'],
    ['g !has blocked', '"g":["x"]', '"g":[]', '"g":"x"', -1, '"g":["x","blocked"]', '"g":"blocked"'],
    ['s ~ ^a.*z$', '"s":"abcz"', '"s":"az"', -1, '"s":"Az"', '"s":"azb"', '"s":["az"]', '"s":{}'],
    ['s ~ (?i)^A', '"s":"ab"', '"s":"AB"', -1, '"s":"b"'],
    ['n ~ ^1', '"n":17', -1, '"n":71'],
    ['s !~ ^a', '"s":"b"', -1, '"s":"ab"'],
    # a regular expression that gives up tells neither
    ['s ~ (*LIMIT_MATCH=2000)^(a+)+$', '"s":"aaa"', -1, '"s":"aab"', '"s":"' . 'a' x 40 . 'b"'],
    ['s !~ (*LIMIT_MATCH=2000)^(a+)+$', '"s":"aab"', -1, '"s":"aaa"', '"s":"' . 'a' x 40 . 'b"'],
    ['n < 10', '"n":9', '"n":-1', '"n":9.99', -1, '"n":10', '"n":11', '"n":"9"', '"n":[9]', '"n":true'],
    ['n > 10', '"n":11', '"n":10.01', '"n":1e300', -1, '"n":10', '"n":9', '"n":"11"'],
    ['n > -1.5e2', '"n":-149', -1, '"n":-150'],
    ['n !< 10', '"n":10', '"n":11', -1, '"n":9', '"n":"11"'],
    ['n !> 10', '"n":10', '"n":9', -1, '"n":11', '"n":"9"'],
    ['s present', '"s":"x"', '"s":""', '"s":0', '"s":false', '"s":[]', '"s":{}', -1, '"s":null', '"s2":1', '"S":1'],
    ['s !present', '"s2":1', '"s":null', -1, '"s":"x"', '"s":""', '"s":false'],
    ['/realm/roles has admin', '"realm":{"roles":["admin"]}', -1, '"realm":{"roles":["x"]}', '"realm":{}', '"realm":"admin"',
        '"/realm/roles":"admin"'],
    ['/groups/1 = b', '"groups":["a","b"]', -1, '"groups":["b"]', '"groups":["b","a"]', '"groups":{"2":"b"}'],
    ['https://example.com/roles has admin', '"https://example.com/roles":["admin"]', '"https://example.com/roles":"admin"', -1,
        '"https://example.com/roles":["x"]', '"https://example.com/role":"admin"', '"https:":{"":{"example.com":{"roles":"admin"}}}'],
    ['cognito:groups has admin', '"cognito:groups":["admin"]', -1, '"cognito:groups":[]'],
    ['/a~1b/c~0d = 1', '"a/b":{"c~d":1}', -1, '"a":{"b":{"c~d":1}}'],
    ['email_verified = true', '"email_verified":true', -1, '"email_verified":false', '"email_verified":null', '"x":1'],
    ['hd in example.com example.org', '"hd":"example.org"', -1, '"hd":"example.com.evil"', '"x":1'],
    ['amr has mfa otp', '"amr":["pwd","otp"]', -1, '"amr":["pwd"]', '"x":1'],
    ['acr in urn:silver urn:gold', '"acr":"urn:gold"', -1, '"acr":"urn:bronze"'],
    ['"with blank" = "a b"', '"with blank":"a b"', -1, '"with blank":"a"', '"with":"a b"'],
    ["s = b\xc3\xa4r", '"s":"b\u00e4r"', "\"s\":\"b\xc3\xa4r\"", -1, '"s":"bar"'],
    ['s = $arg_x', '"s":"q"', -1, '"s":"p"', '"s":""'],
    ['s in x $arg_x-$arg_x', '"s":"q-q"', '"s":"x"', -1, '"s":"q"'],
    ['g has $arg_x', '"g":["q"]', -1, '"g":["x"]'],
    ['n > $arg_n', '"n":6', -1, '"n":5', '"n":"6"'],
    ['n < $arg_x', -1, '"n":1'],
    ['n !< $arg_x', -1, '"n":1'],
    # a hole in a map is no value
    ['s = $arg_hole', -1, '"s":""', '"s":"x"'],
    ['s != $arg_hole', -1, '"s":""', '"s":"x"'],
    ['s in a $arg_hole', '"s":"a"', -1, '"s":""'],
    ['s !in a $arg_hole', -1, '"s":""', '"s":"b"', '"s":"a"'],
    ['g !has $arg_hole', -1, '"g":["x"]', '"g":[""]'],
    ['s = ""', '"s":""', -1, '"s":"x"'],
    ) {
    my ($rule, @claims) = @$row;
    my $want = 200;
    for my $claims (@claims) {
        if ($claims eq '-1') {
            $want = 403;
            next;
        }
        rule($rule, $want, $claims);
    }
}

# an absent claim meets no rule but !present
# A claim of a kind that the operator does not judge meets neither.
for my $rule ('s = a', 's != a', 's in a b', 's !in a b', 's ~ .', 's !~ .') {
    for my $value ('["a"]', '["b"]', '[]', '{"k":"a"}') {
        rule($rule, 403, qq{"s":$value});
    }
}
for my $rule ('s has a', 's !has a') {
    rule($rule, 403, '"s":{"a":"a"}');
}

for my $rule ('gone = a', 'gone != a', 'gone in a b', 'gone !in a b', 'gone has a', 'gone !has a', 'gone ~ .', 'gone !~ .',
    'gone < 1', 'gone !< 1', 'gone > 1', 'gone !> 1', 'gone present', '/gone/a != a', '/s/0 != a', 'gone !in ""', 'gone = ""') {
    rule($rule, 403, '"s":"x"');
    rule($rule, 403, '"gone":null');
}
rule('gone !present', 200, '"s":"x"');

# variables as operands
rule('$http_x_v = a',        200, '', 'X-V: a');
rule('$http_x_v = a',        403, '', 'X-V: b');
rule('$http_x_v = a',        403, '');
rule('$http_x_v != a',       200, '', 'X-V: b');
rule('$http_x_v != a',       403, '');
rule('$http_x_v in a b',     200, '', 'X-V: b');
rule('$http_x_v !in a b',    403, '');
rule('$http_x_v has a',      200, '', 'X-V: a');
rule('$http_x_v ~ ^a',       200, '', 'X-V: ab');
rule('$http_x_v ~ ^a',       403, '', 'X-V: ba');
rule('$http_x_v !~ ^a',      403, '');
rule('$http_x_v > 5',        200, '', 'X-V: 6');
rule('$http_x_v > 5',        403, '', 'X-V: 6a');
rule('$http_x_v present',    403, '');
rule('$http_x_v present',    200, '', 'X-V: 0');
rule('$http_x_v !present',   200, '');
rule('$http_x_v !present',   403, '', 'X-V: 0');
rule('$upper = YES',         200, '"s":"x"');
rule('$upper = YES',         403, '"s":"y"');
rule('"$request_method:$id_token_claim_s" = GET:x', 200, '"s":"x"');
rule('"$request_method:$id_token_claim_s" = GET:x', 403, '"s":"y"');
rule('$id_token_claim_s = x', 200, '"s":"x"');
rule('$id_token_expires_in > 3000', 200, '');
rule('$id_token_expires_in > 4000', 403, '');
rule('$set_claim = 1',       200, '"set":{"x":1}');
rule('$set_claim = 1',       403, '"set":{"x":2}');

# error codes
rule('s = a error=403', 403, '"s":"b"');
rule('s = a error=401', 401, '"s":"b"');
rule('s = a error=404', 404, '"s":"b"');
rule('s = a error=404', 200, '"s":"a"');
rule('s present error=401', 401, '');
rule('s in a error=b error=404', 200, '"s":"error=b"');
rule('s in a error=b error=404', 404, '"s":"b"');

my $locations = join '', map {
    "location = $location{$_} { auth_id_token_require $_; add_header Error \$id_token_error always; empty_gif; }\n"
} @rules;

my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(),
    http      => 'map $id_token_claim_s $upper { x YES; default no; }'
        . ' id_token_claim_set $set_claim /set/x;',
    server => $locations . <<'END',
    auth_id_token tenant;
    auth_id_token_realm rules;
    location /level1 {
        auth_id_token_require a = 1 error=404;
        location /level1/2 {
            auth_id_token_require b = 2;
            location = /level1/2/3 { auth_id_token_require c = 3 error=401; auth_id_token_require d = 4; empty_gif; }
            location = /level1/2/off { auth_id_token_require off; empty_gif; }
            location = /level1/2/only { auth_id_token_require off; auth_id_token_require c = 3; empty_gif; }
            location = /level1/2/late { auth_id_token_require c = 3; auth_id_token_require off; empty_gif; }
            location = /level1/2/same { empty_gif; }
            location = /level1/2/optional { auth_id_token_mode optional; empty_gif; }
            location = /level1/2/optional-off { auth_id_token_mode optional; auth_id_token_require off; empty_gif; }
        }
        location = /level1/sibling { empty_gif; }
    }
    location = /optional { auth_id_token_mode optional; empty_gif; }
    location = /optional-rule { auth_id_token_mode optional; auth_id_token_require s !present; empty_gif; }
    location = /report { auth_id_token_mode report; auth_id_token_require s = x error=404;
        add_header S "[$id_token_claim_s]"; add_header Error $id_token_error; empty_gif; }
    location = /any { satisfy any; allow all; auth_id_token_require s = x; add_header S "[$id_token_claim_s]"; empty_gif; }
    location = /any-denied { satisfy any; deny all; auth_id_token_require s = x; empty_gif; }
    location = /any-404 { satisfy any; deny all; auth_id_token_require s = x error=404; empty_gif; }
    location = /limit { limit_except GET { auth_id_token_require s = x; } empty_gif; }
END
);

my %name = (200 => '', 403 => 'claim_rule', 401 => 'claim_rule_401', 404 => 'claim_rule_404');
my %challenge = (
    403 => 'Bearer realm="rules", error="insufficient_scope", error_description="a required claim does not match"',
    401 => 'Bearer realm="rules", error="invalid_token", error_description="a required claim does not match"',
);
for my $case (@cases) {
    my ($rule, $want, $claims, @headers) = @$case;
    my $answer = $nginx->get("$location{$rule}?x=q&n=5", 'Authorization: Bearer ' . raw_token($claims), @headers);
    my $got = join ' ', map { defined $_ ? $_ : '' } @$answer{qw(status error www-authenticate)};
    my $error = join ' ', $want, $name{$want}, $challenge{$want} || '';
    is($got, $error, "$rule: {$claims} @headers: $want");
}

# rules add up, the first that is not met decides
sub status {
    my ($path, $claims, @headers) = @_;
    return $nginx->get($path, defined $claims ? 'Authorization: Bearer ' . raw_token($claims) : (), @headers)->{status};
}
my @all = ('"a":1', '"b":2', '"c":3', '"d":4');
is(status('/level1/2/3', join ',', @all), 200, 'four rules of three levels are met');
is(status('/level1/2/3', join ',', @all[1 .. 3]), 404, 'the one of the first level is not');
is(status('/level1/2/3', join ',', @all[0, 2, 3]), 403, 'the one of the second');
is(status('/level1/2/3', join ',', @all[0, 1, 3]), 401, 'the first of the third');
is(status('/level1/2/3', join ',', @all[0 .. 2]), 403, 'the second of the third');
is(status('/level1/2/3', '"d":4'), 404, 'several: the outermost answers');
is(status('/level1/2/same', '"a":1,"b":2'), 200, 'inherited');
is(status('/level1/2/same', '"a":1'), 403, 'inherited and not met');
is(status('/level1/sibling', '"a":1'), 200, 'a sibling has not got them');
is(status('/level1/2/off', ''), 200, 'off drops all');
is(status('/level1/2/off', undef), 401, 'but not the token');
is(status('/level1/2/only', '"c":3'), 200, 'off, and one of its own');
is(status('/level1/2/only', '"a":1,"b":2'), 403, 'which is not met');
is(status('/level1/2/late', '"c":3'), 200, 'the order of off and it does not matter');
is(status('/level1/2/late', '"a":1,"b":2'), 403, 'not met');

# with other directives
is(status('/optional', undef), 200, 'optional without rules: anonymous');
is(status('/optional-rule', undef), 401, 'optional with a rule: not anonymous, though it is of an absence');
is(status('/optional-rule', ''), 200, 'optional, the rule is met');
is(status('/optional-rule', '"s":1'), 403, 'optional, the rule is not met');
is(status('/level1/2/optional', undef), 401, 'optional with inherited rules');
is(status('/level1/2/optional', '"a":1,"b":2'), 200, 'which are met');
is(status('/level1/2/optional-off', undef), 200, 'optional without the inherited rules');
my $report = $nginx->get('/report', 'Authorization: Bearer ' . raw_token('"s":"y"'));
is("$report->{status} $report->{error} $report->{s}", '200 claim_rule_404 []', 'report: let in, the reason, no claim');
$report = $nginx->get('/report', 'Authorization: Bearer ' . raw_token('"s":"x"'));
is("$report->{status} $report->{s}", '200 [x]', 'report: met');
my $any = $nginx->get('/any', 'Authorization: Bearer ' . raw_token('"s":"y"'));
is("$any->{status} $any->{s}", '200 []', 'satisfy any: let in by address, no claim');
is(status('/any-denied', '"s":"x"'), 200, 'satisfy any: let in by the rule');
is(status('/any-denied', '"s":"y"'), 403, 'satisfy any: neither');
is(status('/any-404', '"s":"y"'), 404, 'satisfy any: 404 hides it');
is(status('/limit', '"s":"y"'), 200, 'limit_except: no rule for GET');
is(post($nginx, '/limit', 'x', 'Authorization: Bearer ' . raw_token('"s":"y"'))->{status}, 403, 'limit_except: one for POST');
is(post($nginx, '/limit', 'x', 'Authorization: Bearer ' . raw_token('"s":"x"'))->{status}, 404, 'limit_except: met, so that nginx looks for a file');

# a bad token is a bad token, whatever the rules
my $bad = $nginx->get($location{'gone !present'}, bearer(exp => -60));
is("$bad->{status} $bad->{error}", '401 expired', 'rules are judged for proven tokens only');
like($nginx->log, qr{id_token refused, claim_rule: a required claim does not match, provider "tenant", claim "https://example.com/roles"},
    'the log names the claim');
unlike($nginx->log, qr/urn:bronze|evil|blocked/, 'but no value');

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
