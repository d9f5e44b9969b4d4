package IdTokenProtocol;

# Requests by HTTP/2 or HTTP/3, where the environment asks for one of them as it
# asks Test::Nginx. A curl that speaks it sends them.

use strict;
use warnings;

# 1, 2 or 3
our $version = $ENV{TEST_NGINX_USE_HTTP3} ? 3
    : $ENV{TEST_NGINX_USE_HTTP2} ? 2 : 1;

# What send_by_curl() sends behind the fields.
our $body;

# Directives of a server that takes requests at PORT; over TCP by HTTP/1.1, too.
sub listen_at {
    my ($port) = @_;
    my $tcp = "listen 127.0.0.1:$port;";
    return ($tcp, "$tcp http2 on;")[ $version - 1 ] if $version < 3;
    return "$tcp listen 127.0.0.1:$port quic reuseport; ssl_protocols TLSv1.3;"
        . " ssl_certificate $ENV{TEST_NGINX_HTTP3_CRT};"
        . " ssl_certificate_key $ENV{TEST_NGINX_HTTP3_KEY};";
}

# A handle to read the answer from, written as that of HTTP/1.1 is.
sub send_by_curl {
    my ($port, $method, $path, @headers) = @_;
    my @url = $version == 3
        ? ('--http3-only', '--insecure', "https://127.0.0.1:$port$path")
        : ('--http2-prior-knowledge', "http://127.0.0.1:$port$path");
    # curl wants ";" behind a name without a value
    @headers = map { s/^([^:]+):\s*$/$1;/r } map { split /\r\n/ } @headers;
    push @url, '--header', 'Content-Type:', '--data-binary', $body
        if defined $body;
    open my $answer, '-|', 'curl', '--silent', '--include', '--path-as-is',
        '--globoff', '--max-time', 60,
        $method eq 'HEAD' ? '--head' : ('--request', $method),
        (map { ('--header', $_) } 'User-Agent:', 'Accept:', @headers), @url
        or die "curl: $!";
    return $answer;
}

# For a file of Test::Nginx: its blocks, too, but for those that write their
# bytes themselves. Left alone it keeps HTTP/1.1 for servers that ask themselves.
sub for_blocks {
    return if $version != 2;
    Test::Nginx::Util::add_block_preprocessor(sub {
        my ($block) = @_;
        $block->set_value('http2', '') if defined $block->request
            && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    });
    return;
}

1;
