# A verdict belongs to one pass of one request through one location: also where
# the next pass is through the same block. And what the page of a refusal shows.

use lib 't/lib';
use IdToken;
use Test::Nginx::Socket 'no_plan';

my $red  = write_file('red.json', jwks('@rsa1'));
my $blue = write_file('blue.json', jwks('@rsa2'));

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value(http_config => provider('red', jwks_file => $red)
            . provider('blue', jwks_file => $blue, issuer => 'https://blue.test/', client_id => 'blue')
            . 'map $uri $team_of { volatile; ~red red; ~blue blue; default none; }'
            . ($block->http_config || ''));
    my $config = $block->config || '';
    $block->set_value(config => <<"END" . $config);
    location /backend/ {
        auth_id_token off;
        return 200 "user=[\$http_x_user] early=[\$http_early]\\n";
    }
    location /backend/red/ { auth_id_token off; return 404; }
END
});

our $red  = bearer(sub => 'ruth', claims => { team => 'red' });
our $blue = bearer(key => '@rsa2', iss => 'https://blue.test/', aud => 'blue', sub => 'bea');
our $late = bearer(exp => -3600);

no_long_string();
no_shuffle();
run_tests();

__DATA__

=== TEST 1: error_page into the same block, whose capture names another provider
--- config
    location ~ ^/t/(?<t>red|blue)/ {
        auth_id_token $t;
        auth_id_token_set_header X-User sub;
        set $early "$id_token_status,$id_token_claim_sub";
        proxy_set_header Early $early;
        proxy_intercept_errors on;
        error_page 404 = /t/blue/x;
        add_header Got "$id_token_status $id_token_claim_sub." always;
        proxy_pass http://127.0.0.1:$server_port/backend/$t/;
    }
--- request eval: ["GET /t/red/x", "GET /t/blue/x", "GET /t/blue/x"]
--- more_headers eval: [$::red, $::red, $::blue]
--- response_headers eval: ["Got: rejected .", "Got: rejected .", "Got: ok bea."]
--- error_code eval: [401, 401, 200]


=== TEST 2: the same where an address lets in: blue gets no name of red's
--- config
    location ~ ^/t/(?<t>red|blue)/ {
        auth_id_token $t;
        satisfy any;
        allow all;
        auth_id_token_set_header X-User sub;
        set $early "$id_token_status,$id_token_claim_sub";
        proxy_set_header Early $early;
        proxy_intercept_errors on;
        error_page 404 = /t/blue/x;
        proxy_pass http://127.0.0.1:$server_port/backend/$t/;
    }
--- request eval: ["GET /t/red/x", "GET /t/blue/x"]
--- more_headers eval: [$::red, $::blue]
--- response_body eval: ["user=[] early=[rejected,]\n", "user=[bea] early=[ok,bea]\n"]
--- error_code eval: [200, 200]


=== TEST 3: a rule on an argument that rewrite changes
--- config
    location /team {
        auth_id_token red;
        satisfy any;
        allow all;
        auth_id_token_require team = $arg_team;
        auth_id_token_set_header X-User sub;
        if ($id_token_status = ok) {
            rewrite ^ /team/x?team=$arg_next? last;
        }
        proxy_pass http://127.0.0.1:$server_port/backend/x;
    }
--- request eval: ["GET /team?team=red&next=blue", "GET /team?team=green"]
--- more_headers eval: [$::red, $::red]
--- response_body eval: ["user=[] early=[]\n", "user=[] early=[]\n"]
--- error_code eval: [200, 200]


=== TEST 4: an argument that changes from one "set" to the next
--- config
    location /set {
        auth_id_token red;
        auth_id_token_require team = $arg_team;
        set $one "$id_token_status,$id_token_claim_sub";
        set $args team=red;
        set $two "$id_token_status,$id_token_claim_sub";
        set $args team=blue;
        set $three "$id_token_status,$id_token_claim_sub";
        return 200 "$one $two $three $id_token_status\n";
    }
--- request eval: ["GET /set?team=blue", "GET /set?team=red"]
--- more_headers eval: [$::red, $::red]
--- response_body eval
["rejected, ok,ruth rejected, rejected\n", "ok,ruth ok,ruth rejected, rejected\n"]
--- error_code eval: [200, 200]


=== TEST 5: what "set" saw is not what later phases see
--- config
    location /early {
        auth_id_token red;
        auth_id_token_require team = $arg_team;
        if ($id_token_status = ok) { set $seen 1; }
        set $args team=$arg_next;
        add_header Got "$seen $id_token_status." always;
        empty_gif;
    }
--- request eval: ["GET /early?team=red&next=red", "GET /early?team=red&next=blue"]
--- more_headers eval: [$::red, $::red]
--- response_headers eval: ["Got: 1 ok.", "Got: 1 rejected."]
--- error_code eval: [200, 403]


=== TEST 6: a named location judges anew, by its own selector's value
--- config
    location ~ ^/n/(?<t>red|blue)/ {
        auth_id_token $t;
        set $early "$id_token_status";
        error_page 404 = @again;
        proxy_intercept_errors on;
        proxy_pass http://127.0.0.1:$server_port/backend/$t/;
    }
    location @again {
        auth_id_token blue;
        add_header Got "$id_token_status $id_token_claim_sub." always;
        empty_gif;
    }
--- request
GET /n/red/x
--- more_headers eval: $::red
--- response_headers
Got: rejected .
--- error_code: 401


=== TEST 7: subrequests of one page, each through the same block
--- config
    location = /page {
        auth_id_token off;
        addition_types *;
        add_after_body /s/blue/x;
        add_before_body /s/red/x;
        proxy_pass http://127.0.0.1:$server_port/backend/x;
    }
    location ~ ^/s/(?<t>red|blue)/ {
        auth_id_token $t;
        auth_id_token_mode report;
        auth_id_token_set_header X-User sub;
        proxy_pass http://127.0.0.1:$server_port/backend/x?$t;
    }
--- request
GET /page
--- more_headers eval: $::red
--- response_body eval
"user=[ruth] early=[]\nuser=[] early=[]\nuser=[] early=[]\n"


=== TEST 8: try_files and index run the block again
--- config
    location /files/ {
        auth_id_token $team_of;
        add_header Got "$id_token_status $id_token_claim_sub." always;
        try_files /nothing /files/blue;
    }
    location = /files/blue {
        auth_id_token $team_of;
        add_header Got "$id_token_status $id_token_claim_sub." always;
        empty_gif;
    }
--- request
GET /files/red
--- more_headers eval: $::red
--- response_headers
Got: rejected .
--- error_code: 401


=== TEST 9: the page of a refusal, from an open location, tells of it
--- config
    location /g {
        auth_id_token red;
        error_page 401 403 @json;
        auth_id_token_require team = $arg_team;
        empty_gif;
    }
    location @json {
        auth_id_token off;
        add_header Got "$id_token_status $id_token_error $id_token_claim_sub." always;
        return 401 "{\"error\":\"$id_token_error\"}\n";
    }
--- request eval: ["GET /g?team=red", "GET /g", "GET /g", "GET /g?team=blue"]
--- more_headers eval: [$::red, $::late, "A: b", $::red]
--- response_body_like eval: ["GIF", "^\\{\"error\":\"expired\"\\}\$", "^\\{\"error\":\"token_missing\"\\}\$", "\"claim_rule\""]
--- error_code eval: [200, 401, 401, 403]


=== TEST 10: a page by its URI, too; other errors tell of no refusal
--- config
    location /guarded {
        auth_id_token red;
        error_page 401 404 /page;
        alias html/none;
    }
    location = /page {
        internal;
        auth_id_token off;
        add_header Got "$id_token_status $id_token_error." always;
        proxy_pass http://127.0.0.1:$server_port/backend/x;
    }
--- request eval: ["GET /guarded", "GET /guarded"]
--- more_headers eval: [$::late, $::red]
--- response_headers eval: ["Got: rejected expired.", "Got: off ."]
--- error_code eval: [401, 404]


=== TEST 11: nothing was refused where another module let the request in
--- config
    location /any {
        auth_id_token red;
        satisfy any;
        auth_request /yes;
        error_page 404 /page;
        alias html/none;
    }
    location = /yes { auth_id_token off; return 204; }
    location = /page {
        internal;
        auth_id_token off;
        add_header Got "$id_token_status $id_token_error." always;
        proxy_pass http://127.0.0.1:$server_port/backend/x;
    }
--- request
GET /any
--- more_headers eval: $::late
--- response_headers
Got: off .
--- error_code: 404


=== TEST 12: error_page into the same block, and nothing looked before
--- config
    location ~ ^/t/(?<t>red|blue)/ {
        auth_id_token $t;
        satisfy any;
        allow all;
        auth_id_token_set_header X-User sub;
        proxy_intercept_errors on;
        error_page 404 = /t/blue/x;
        proxy_pass http://127.0.0.1:$server_port/backend/$t/;
    }
--- request eval: ["GET /t/red/x", "GET /t/blue/x"]
--- more_headers eval: [$::red, $::blue]
--- response_body eval: ["user=[] early=[]\n", "user=[bea] early=[]\n"]
--- error_code eval: [200, 200]


=== TEST 13: what "set" saw is not what the upstream gets
--- config
    location /early {
        auth_id_token red;
        satisfy any;
        allow all;
        auth_id_token_require team = $arg_team;
        auth_id_token_set_header X-User sub;
        set $seen $id_token_status;
        set $args team=$arg_next;
        proxy_pass http://127.0.0.1:$server_port/backend/x;
    }
--- request eval: ["GET /early?team=red&next=red", "GET /early?team=red&next=blue"]
--- more_headers eval: [$::red, $::red]
--- response_body eval: ["user=[ruth] early=[]\n", "user=[] early=[]\n"]
--- error_code eval: [200, 200]
