# The code flow: discovery, PKCE, the token endpoint and how it knows us, the
# issuer in the answer (RFC 9207).

use lib 't/lib';
use strict;
use warnings;

use Digest::SHA qw(sha256);
use IdToken;
use IdTokenLogin;
use IdTokenNginx;
use MIME::Base64 qw(encode_base64url decode_base64url decode_base64);
use Test::More;

my $issuer = start_op(authorization_response_iss_parameter_supported => JSON::PP::true,
    end_session_endpoint => undef);
my $secret = write_file('secret', "p:w d\n");
my $pem    = write_file('client.pem', IdToken::run_mint('pem', '@ec1'));
chmod 0600, $secret, $pem;

my %issuer = (issuer => $issuer, jwks_file => undef, jwks_uri => undef,
    authorization_endpoint => undef, response_type => 'code');

sub start {
    my (%opt) = @_;
    return IdTokenNginx->start(workers => 1,
        providers => login_provider(%issuer, %opt), server => login_server());
}

sub id_token { my ($begun, %claims) = @_;
    return token(iss => $issuer, claims => { nonce => $begun->{nonce}, %claims }) }

sub back {
    my ($browser, $begun, %more) = @_;
    my %field = (state => $begun->{state}, code => 'the code', iss => $issuer, %more);
    delete $field{$_} for grep { !defined $field{$_} } keys %field;
    return $browser->request('GET /oidc/callback?' . answer_form(%field),
        'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Sec-Fetch-Site: cross-site');
}

my $nginx = start();

subtest 'a code is redeemed' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/deep?x=y');
    is($begun->{answer}{status}, 302, 'it is sent to the tenant that discovery names');
    like($begun->{answer}{location}, qr{^\Q$issuer\E/auth\?response_type=code&}, 'for a code');
    is($begun->{code_challenge_method}, 'S256', 'with PKCE');
    is($begun->{response_mode}, undef, 'in the query');
    like($begun->{answer}{set}[0], qr/SameSite=Lax$/, 'the transaction is Lax');

    op_answers(200, { access_token => 'secret', token_type => 'Bearer', id_token => id_token($begun) });
    my $answer = back($browser, $begun);
    is($answer->{status}, 303, 'the answer is taken');
    is($answer->{location}, 'http://localhost/deep?x=y', 'back');
    my $asked = op_request();
    is($asked->{line}, 'POST /token HTTP/1.1', 'a POST');
    is($asked->{'content-type'}, 'application/x-www-form-urlencoded', 'of a form');
    is($asked->{authorization}, undef, 'without a secret');
    my $verifier = delete $asked->{form}{code_verifier};
    is(encode_base64url(sha256($verifier)), $begun->{code_challenge}, 'the verifier of the challenge');
    is_deeply($asked->{form}, { grant_type => 'authorization_code', code => 'the code',
        redirect_uri => 'http://localhost/oidc/callback', client_id => $begun->{client_id} }, 'and the rest');
    is($browser->request('GET /oidc/me')->{status}, 200, 'a session');
    like($nginx->log, qr/id_token login succeeded, provider "tenant"/, 'the log says so');
    unlike($nginx->log, qr/\Q$verifier\E/, 'and nothing secret');
};

sub refused {
    my ($title, $status, $said, $answer_status, $answer_body, %more) = @_;
    my $browser = IdTokenLogin->new($nginx);
    my $begun = $browser->begin('/');
    op_answers($answer_status, ref $answer_body eq 'CODE' ? $answer_body->($begun) : $answer_body);
    my $answer = back($browser, $begun, %more);
    is($answer->{status}, $status, "$title: $status");
    is($answer->{said}, $said, "$title: $said");
    ok(!grep({ /^__Host-id/ } keys %{ $browser->{jar} }), "$title: no session");
    ok(!grep({ /oidc_tx/ } keys %{ $browser->{jar} }), "$title: the transaction is over");
    return $answer;
}

subtest 'what the token endpoint may say' => sub {
    my $good = sub { { id_token => id_token($_[0]) } };
    refused('an error', 403, 'token_answer', 400, { error => 'invalid_grant' });
    ok($nginx->count_log('token_answer.*invalid_grant'), 'its code is in the log');
    refused('no token', 403, 'token_answer', 200, { access_token => 'x' });
    refused('no JSON', 403, 'token_answer', 200, '<html>');
    my $down = refused('a failure', 503, 'token_endpoint', 500, {});
    ok($down->{'retry-after'}, 'later, then');
    refused('nothing', 503, 'token_endpoint', 'close', '');
    refused('another nonce', 403, 'token_refused', 200, sub { { id_token => id_token({ nonce => 'x' x 43 }) } });
    refused('another issuer in it', 403, 'token_refused', 200,
        sub { { id_token => token(iss => 'http://other', claims => { nonce => $_[0]{nonce} }) } });
    refused('another issuer beside it', 403, 'answer_issuer', 200, $good, iss => 'http://127.0.0.1:1');
    refused('no issuer beside it', 403, 'answer_issuer', 200, $good, iss => undef);
    refused('no code', 400, 'answer_empty', 200, $good, code => undef);
};

subtest 'a POST is not taken' => sub {
    my $browser = IdTokenLogin->new($nginx);
    my $answer = $browser->finish($browser->begin('/'));
    is($answer->{said}, 'answer_method', 'refused');
};

$nginx->stop;
is($nginx->complaints, '', 'nothing to complain of');

for my $case (
    ["secret_basic $secret", sub {
        my ($asked) = @_;
        like($asked->{authorization}, qr/^Basic /, 'in a header');
        like(decode_base64(substr $asked->{authorization}, 6), qr/:p%3Aw%20d$/, 'escaped first');
        is($asked->{form}{client_id}, undef, 'the body has no more of it');
    }],
    ["secret_post $secret", sub {
        is($_[0]{form}{client_secret}, 'p:w d', 'in the body');
        is($_[0]{authorization}, undef, 'no header');
    }],
    ["private_key_jwt $pem", sub {
        my ($asked) = @_;
        is($asked->{form}{client_assertion_type}, 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'RFC 7523');
        my $claims = JSON::PP::decode_json(decode_base64url((split /\./, $asked->{form}{client_assertion})[1]));
        is($claims->{aud}, $issuer, 'for the issuer');
        is($claims->{sub}, $claims->{iss}, 'of the client');
        is($claims->{exp} - $claims->{iat}, 60, 'for a minute');
        like($claims->{jti}, qr/^[\w-]{22}$/, 'once');
    }],
) {
    my ($auth, $check) = @$case;
    subtest "client_auth $auth" => sub {
        $nginx = start(client_auth => $auth);
        my $browser = IdTokenLogin->new($nginx);
        my $begun = $browser->begin('/');
        op_answers(200, { id_token => id_token($begun) });
        is(back($browser, $begun)->{status}, 303, 'redeemed');
        $check->(op_request());
        $nginx->stop;
        is($nginx->complaints, '', 'nothing to complain of');
        unlike($nginx->log, qr/p:w d/, 'the secret is not in the log');
    };
}

subtest 'a tenant without discovery' => sub {
    $nginx = IdTokenNginx->start(workers => 1, providers => login_provider(
        %issuer, issuer => 'http://127.0.0.1:1', response_type => 'id_token'), server => login_server());
    my $answer = IdTokenLogin->new($nginx)->visit('/');
    is($answer->{status}, 503, 'a page load waits in vain');
    is($answer->{said}, 'endpoint_missing', '$id_token_login');
    ok($answer->{'retry-after'}, 'and is told to come back');
    $nginx->stop;
};

done_testing;
