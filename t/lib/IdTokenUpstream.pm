package IdTokenUpstream;

# An application behind nginx, of each kind that nginx can speak to, that
# answers with the very bytes it got: t/tenant/upstream.py.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use IPC::Open2 ();
use JSON::PP ();

use IdTokenNginx;

our @EXPORT = qw(start_upstreams @kinds pass_to h2_server sent fields
    post raw_token);

our @kinds = qw(proxy fastcgi uwsgi scgi grpc);

my ($port, $h2, $lifeline);

sub start_upstreams {
    my $tool = abs_path(dirname(__FILE__) . '/../tenant/upstream.py');
    IPC::Open2::open2(my $out, $lifeline, 'python3', $tool);
    $port = JSON::PP::decode_json(scalar <$out>);
    $h2   = IdTokenNginx::free_port();
    return $port;
}

# The directive that sends a request there; a kind of its own for each.
sub pass_to {
    my ($kind) = @_;
    return "grpc_pass grpc://127.0.0.1:$h2;" if $kind eq 'grpc';
    return "proxy_pass http://127.0.0.1:$port->{http};" if $kind eq 'proxy';
    return "${kind}_pass 127.0.0.1:$port->{$kind};"
        . " ${kind}_param REQUEST_METHOD \$request_method;";
}

# gRPC ends here: the header fields that arrived by HTTP/2, as HTTP/1.1.
sub h2_server {
    return <<"END";
    server {
        listen 127.0.0.1:$h2 http2;
        underscores_in_headers on;
        ignore_invalid_headers off;
        large_client_header_buffers 8 64k;
        location / { proxy_pass http://127.0.0.1:$port->{http}; }
    }
END
}

# [name, value] of each header field that arrived; names as upstreams fold
# them: lower case, "_" for what is no letter or digit, without HTTP_.
sub fields {
    my ($body) = @_;
    my @fields;
    for my $line (split /\r?\n/, defined $body ? $body : '') {
        next if $line !~ /^([^\s:=]+)(?::[ ]|=)(.*)$/;
        my ($name, $value) = (lc $1, $2);
        $name =~ s/[^a-z0-9]/_/g;
        $name =~ s/^http_//;
        push @fields, [$name, $value];
    }
    return @fields;
}

# The values of one name, in order, joined by "|"; "-" if there is none.
sub sent {
    my ($body, $name) = @_;
    my @values = map { $_->[1] } grep { $_->[0] eq $name } fields($body);
    return @values ? join('|', @values) : '-';
}

# A request with a body.
sub post {
    my ($nginx, $path, $body, @headers) = @_;
    local $IdTokenProtocol::body = $body;
    my $socket = $nginx->send_request("POST $path",
        'Content-Length: ' . length $body, @headers);
    print {$socket} $body if $IdTokenProtocol::version == 1;
    return IdTokenNginx::read_answer($socket);
}

# A good token with this JSON added to the claims, byte for byte.
sub raw_token {
    my ($json, %claim) = @_;
    my $now    = time;
    my %good   = (iss => "\"$IdToken::issuer\"", aud => "\"$IdToken::client_id\"",
        sub => '"alice"', iat => $now, exp => $now + 3600, %claim);
    my $claims = join ',', map {"\"$_\":$good{$_}"} sort keys %good;
    return IdToken::token(
        raw => ['{"alg":"RS256"}', "{$claims" . ($json ? ",$json" : '') . '}']);
}

1;
