# auth_id_token_strip: the token does not reach the upstream, everything else
# does, as it came. What is the same for each kind of upstream is in
# upstreams.t.

use lib 't/lib';
use strict;
use warnings;

use IdToken qw(provider token bearer);
use IdTokenNginx;
use IdTokenUpstream;
use Test::More;

start_upstreams();
my $pass  = pass_to('proxy');
my $show  = 'add_header Got-Cookie "[$http_cookie]" always;'
    . ' add_header Got-A "[$cookie_a]" always;'
    . ' add_header Got-Token "[$cookie_idt]" always;'
    . ' add_header Got-Authorization "[$http_authorization]" always;';
my $nginx = IdTokenNginx->start(
    workers   => 1,
    providers => provider(),
    http      => 'large_client_header_buffers 16 64k;',
    server    => <<"END",
    auth_id_token tenant;
    auth_id_token_strip on;
    location = /bearer { $show $pass }
    location = /kept { auth_id_token_strip off; $pass }
    location = /cookie { auth_id_token_source cookie=idt; auth_id_token_csrf off; $show $pass }
    location = /both { auth_id_token_source bearer cookie=idt; $pass }
    location = /two { auth_id_token_source cookie=idt cookie=other; $pass }
    location = /named { proxy_set_header Cookie \$http_cookie; auth_id_token_source cookie=idt; $pass }
    location = /any { satisfy any; allow all; auth_id_token_source bearer cookie=idt; $pass }
    location = /preflight { auth_id_token_preflight pass; auth_id_token_source cookie=idt; $pass }
    location = /off { auth_id_token off; $pass }
    location = /twice { try_files /nothing /bearer; }

    location = /sub-strips { auth_id_token_strip off; auth_request /check; $show $pass }
    location = /both-strip { auth_request /check; $pass }
    location = /check { internal; auth_id_token_strip on; auth_id_token_source bearer cookie=idt;
        proxy_pass_request_body off; proxy_set_header Content-Length ""; $pass }
    location = /ssi { auth_id_token_source bearer cookie=idt; ssi on; ssi_types text/plain;
        auth_id_token_set_header X-User sub; proxy_pass http://127.0.0.1:\$server_port/page; }
    location = /page { auth_id_token off; auth_id_token_strip off; default_type text/plain;
        alias html/page; }
    location = /inner { auth_id_token_source bearer cookie=idt; $pass }
    location = /inner-kept { auth_id_token_source bearer cookie=idt; auth_id_token_strip off; $pass }
    location = /mirrored { auth_id_token_strip off; mirror /mirror; $pass }
    location = /mirror { internal; auth_id_token_strip on; $pass }
END
);
my $token  = token();
my $bearer = "Authorization: Bearer $token";

sub body { return $nginx->get(@_)->{body} }

# Authorization
is(sent(body('/bearer', $bearer), 'authorization'), '-', 'Bearer is stripped');
is(sent(body('/kept', $bearer), 'authorization'), "Bearer $token", 'off: it is not');
is(sent(body('/bearer', "authorization: bEARER   $token"), 'authorization'), '-', 'in any spelling');
is(sent(body('/bearer', "Authorization:\tBearer $token"), 'authorization'), '-', 'behind a tab');
is(sent(body('/off', $bearer), 'authorization'), '-', 'also where the module is off');
for my $other ('Basic YTpi', 'Bearerx y', 'Negotiate abc') {
    is(sent(body('/off', "Authorization: $other"), 'authorization'), $other, "$other stays");
    is(sent(body('/any', "Authorization: $other"), 'authorization'), $other, "$other stays, let in by address");
}
is(sent(body('/any', 'Authorization: Bearer'), 'authorization'), '-', 'a Bearer without a token goes');
is(sent(body('/any', 'Authorization: Bearer a b'), 'authorization'), '-', 'so does a malformed one');
is(sent(body('/cookie', "Cookie: idt=$token", 'Authorization: Bearer api-key'), 'authorization'),
    'Bearer api-key', 'a Bearer stays where only a cookie is the source');
is(sent(body('/bearer', $bearer, "Cookie: idt=$token; a=1"), 'cookie'),
    "idt=$token; a=1", 'a cookie stays where only the header is the source');

# the one cookie out of several
for my $row (
    ['alone',  'idt=T',             '-'],
    ['first',  'idt=T; a=1; b=2',   'a=1; b=2'],
    ['middle', 'a=1; idt=T; b=2',   'a=1; b=2'],
    ['last',   'a=1; b=2; idt=T',   'a=1; b=2'],
    ['without blanks', 'a=1;idt=T;b=2;c=3', 'a=1;b=2;c=3'],
    ['with many', 'a=1;   idt=T;   b=2', 'a=1;   b=2'],
    ['twice the same', 'idt=T; a=1; idt=T', 'a=1'],
    ['quoted', 'a=1; idt="T"; b=2', 'a=1; b=2'],
    ['with blanks about the name', 'a=1;  idt =T; b=2', 'a=1; b=2'],
    ['beside cookies without a name', 'x; idt=T; =y; b', 'x; =y; b'],
    ['beside empty ones', 'idt=T;; a=1;', 'a=1'],
    ['beside names that are alike', 'idtx=1; xidt=2; IDt=3; idt=T; idt.x=4; idt.00=5; idt.32=6; idt-0=7',
        'idtx=1; xidt=2; idt.x=4; idt-0=7'],
    ['beside values that hold its name', 'a=idt; b=idt=1; idt=T', 'a=idt; b=idt=1'],
    ['beside a comma', 'a=1, idx=2; idt=T', 'a=1, idx=2'],
    ['behind a comma', 'a=1, idt=2; b=3; idt=T', 'b=3'],
    ) {
    my ($title, $cookie, $rest) = @$row;
    $cookie =~ s/T\b/$token/g;
    my $answer = $nginx->get('/cookie', "Cookie: $cookie");
    is($answer->{status}, 200, "$title: let in");
    is(sent($answer->{body}, 'cookie'), $rest, "$title: the others stay");
    is($answer->{'got-cookie'}, '[' . ($rest eq '-' ? '' : $rest) . ']', "$title: \$http_cookie is the rest");
    is($answer->{'got-token'}, '[]', "$title: \$cookie_idt is empty") if $title !~ /comma|alike/;
    like($answer->{'got-a'}, $rest =~ /\ba=([^;]+)/ ? qr/^\[\Q$1\E\]$/ : qr/^\[\]$/, "$title: \$cookie_a");
    is($nginx->get('/cookie', 'Cookie: ' . $cookie =~ s/idt=/idy=/gr)->{status}, 401, "$title: without it 401")
        if $cookie !~ /idt /;
    my $named = sent(body('/named', "Cookie: $cookie"), 'cookie');
    is($named, $rest, "$title: the same by proxy_set_header");
}

# split over several cookies
my ($one, $two) = (substr($token, 0, 300), substr($token, 300));
for my $row (
    ["a=1; idt.0=$one; idt.1=$two; b=2", 'a=1; b=2'],
    ["idt.1=$two; a=1; idt.0=$one",      'a=1'],
    ["idt.0=$token; a=1",                'a=1'],
    ) {
    my $answer = $nginx->get('/cookie', "Cookie: $row->[0]");
    is($answer->{status}, 200, 'a split cookie');
    is(sent($answer->{body}, 'cookie'), $row->[1], 'all its pieces are stripped');
}
is(sent(body('/any', "Cookie: idt.0=x; idt.7=y; a=1"), 'cookie'), 'a=1', 'pieces with a gap, let in by address');

# several Cookie headers, as HTTP/2 clients behind a proxy may send them
my $seam  = $IdTokenProtocol::version == 1 ? '|' : '; ';
my @lines = ("Cookie: a=1", "Cookie: idt=$token", "Cookie: b=2; c=3");
my $answer = $nginx->get('/cookie', @lines);
is($answer->{status}, 200, 'three Cookie headers');
is(sent($answer->{body}, 'cookie'), "a=1${seam}b=2; c=3", 'the middle one goes');
is($answer->{'got-cookie'}, '[a=1; b=2; c=3]', '$http_cookie joins the rest');
$answer = $nginx->get('/cookie', "Cookie: idt.0=$one; a=1", "Cookie: b=2; idt.1=$two");
is($answer->{status}, 200, 'pieces in two Cookie headers');
is(sent($answer->{body}, 'cookie'), "a=1${seam}b=2", 'are stripped from both');

# two sources
is(sent(body('/both', $bearer, 'Cookie: a=1'), 'authorization'), '-', 'header of two sources');
$answer = body('/both', 'Authorization: Basic YTpi', "Cookie: idt=$token; a=1");
is(sent($answer, 'authorization') . sent($answer, 'cookie'), 'Basic YTpia=1', 'cookie of two sources');
is(sent(body('/two', "Cookie: other=$token; a=1"), 'cookie'), 'a=1', 'the second of two cookies');
is(sent(body('/any', "Cookie: idt=a; x=1; idt=b", $bearer), 'cookie'), 'x=1', 'ambiguous ones, let in by address');
is(sent(body('/any', "Cookie: idt=a; x=1; idt=b", $bearer), 'authorization'), '-', 'with the header');

# where the token stands among the headers, which nginx keeps in parts of 20
for my $count (0, 1, 18 .. 22, 38 .. 43) {
    for my $place (0, int $count / 2, $count) {
        my @headers = map {"X-F-$_: $_"} 1 .. $count;
        splice @headers, $place, 0, $bearer, 'Cookie: a=1';
        my $got = body('/both', @headers);
        is(join(' ', map { $_->[1] } grep { $_->[0] =~ /^x_f_/ } fields($got))
                . sent($got, 'authorization') . sent($got, 'cookie'),
            join(' ', 1 .. $count) . '-a=1', "$count headers, the token behind $place");
    }
}

# long rests, short pieces: nothing is written beyond what came
for my $rest (join(';', ('a') x 3000), join(';', map {"$_=$_"} 1 .. 600), ';' x 4000,
    join(' ; ', ('b=') x 1000)) {
    my $got = body('/cookie', "Cookie: $rest;idt=$token");
    is(sent($got, 'cookie'), $rest =~ /^;+$/ ? '-' : $rest, 'a long rest of ' . length $rest);
    is(sent(body('/any', "Cookie: $rest"), 'cookie'), $rest, 'the same without the token');
}

# whoever let the request in
$answer = $nginx->get('/any', 'Authorization: Bearer bad');
is($answer->{status}, 200, 'let in by address');
is(sent($answer->{body}, 'authorization'), '-', 'and stripped');
is(sent($nginx->get('OPTIONS /preflight', 'Origin: https://a', 'Access-Control-Request-Method: PUT',
    'X-Other: 1')->{body}, 'x_other'), '1', 'a preflight passes as it came');

# internal redirects
$answer = $nginx->get('/twice', $bearer);
is($answer->{status}, 200, 'an internal redirect');
is(sent($answer->{body}, 'authorization'), '-', 'is stripped, too');

# subrequests
$answer = $nginx->get('/sub-strips', $bearer, 'Cookie: a=1; idy=x');
is($answer->{status}, 200, 'a subrequest that strips');
is(sent($answer->{body}, 'authorization'), "Bearer $token", 'does not harm its parent');
is($answer->{'got-cookie'}, '[a=1; idy=x]', 'nor its cookies');
is($answer->{'got-a'}, '[1]', 'one by one');
is(sent(body('/both-strip', $bearer), 'authorization'), '-', 'parent and subrequest strip');
$answer = $nginx->get('/mirrored', $bearer);
is(sent($answer->{body}, 'authorization'), "Bearer $token", 'a mirror that strips does not harm its parent');

mkdir "$nginx->{dir}/html";
open my $page, '>', "$nginx->{dir}/html/page" or die $!;
print {$page} "[<!--# include virtual='/inner' -->][<!--# include virtual='/inner-kept' -->]";
close $page;
for my $row (['header', $bearer], ['cookie', "Cookie: a=1; idt=$token"]) {
    $answer = $nginx->get('/ssi', $row->[1], 'X-User: root', 'X-Other: 1');
    is($answer->{status}, 200, "$row->[0]: a page of subrequests");
    is(() = $answer->{body} =~ /GET \S+ HTTP/g, 2, "$row->[0]: both are judged by the stripped token");
    unlike($answer->{body}, qr/eyJ|root/, "$row->[0]: neither sees it");
    is(() = $answer->{body} =~ /X-Other: 1/gi, 2, "$row->[0]: both see other headers");
}
is(() = $nginx->get('/ssi')->{body} =~ /GET/g, 0, 'without a token there is no page');

# a body goes along
$answer = post($nginx, '/cookie', 'x' x 5000, "Cookie: idt=$token", 'X-Last: 1');
is($answer->{status}, 200, 'a request with a body');
like($answer->{body}, qr/\r\n\r\nx{5000}\z/, 'which arrives');

is($nginx->complaints, '', 'nginx has nothing to complain about');
done_testing();
