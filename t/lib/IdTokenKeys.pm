package IdTokenKeys;

# What t/keys_*.t share: a tenant with its faults set before nginx starts, a
# provider with a URL, a protected location, the tenant's control API.
#
# Sections of a block:
#   faults    JSON, a fault or a list of them; there before nginx is
#   tenant    Perl, run before nginx starts
#   provider  Perl, pairs for main::provider(); jwks_uri is the tenant's

use strict;
use warnings;

use IdToken;
use JSON::PP ();
use Test::Nginx::Socket -Base;

our @EXPORT = qw(tenant_url);

# For the evals in blocks.
{
    no strict 'refs';
    *{"main::$_"} = \&{"IdToken::$_"} for @IdToken::EXPORT;
}

my $json = JSON::PP->new->utf8;

sub tenant_url {
    my ($path) = @_;
    return "http://127.0.0.1:$ENV{TEST_NGINX_TENANT_HTTP}"
        . (defined $path ? $path : '/jwks.json');
}

sub IdTokenKeys::prepare {
    my ($faults) = @_;
    control('/reset', { all => JSON::PP::true });
    return if !defined $faults;
    $faults = $json->decode($faults);
    control('/fault',
        ref $faults eq 'ARRAY' ? { faults => $faults } : $faults);
    return;
}

start_tenant();

add_block_preprocessor(sub {
    my ($block) = @_;

    my $code = 'IdTokenKeys::prepare('
        . (defined $block->faults ? 'q{' . $block->faults . '}' : '') . ');';
    $code .= 'package main; ' . $block->tenant if defined $block->tenant;
    $block->set_value(post_setup_server_root => $code);

    my %opt = (jwks_uri => tenant_url(),
        defined $block->provider ? eval 'package main;' . $block->provider
            : ());
    die $@ if $@;
    $block->set_value(http_config => ($block->http_config || '')
            . provider(%opt));

    # The name is in it so that every block starts an nginx of its own.
    $block->set_value(config => '# ' . $block->name . "\n"
            . ($block->config || '') . <<'_CONFIG_');
        location = /api {
            auth_id_token tenant;
            add_header Sub $id_token_claim_sub;
            add_header Kid $id_token_kid;
            add_header Error $id_token_error always;
            empty_gif;
        }
        location /tenant/ {
            proxy_pass http://127.0.0.1:$TEST_NGINX_TENANT_CONTROL/;
        }
_CONFIG_

    $block->set_value(more_headers => bearer(sub => 'alice'))
        if !defined $block->more_headers;
});

no_shuffle();
no_long_string();

1;
