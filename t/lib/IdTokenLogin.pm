package IdTokenLogin;

# A browser as far as a login needs one: it keeps cookies, navigates, posts
# forms; and the tenant's part of a login, with tokens that mint makes.

use strict;
use warnings;

use Digest::SHA qw(sha256);
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use IdToken qw(token write_file);
use MIME::Base64 qw(encode_base64url decode_base64url);

our @EXPORT = qw(login_provider login_server escape nonce_of answer_form
    start_op op_answers op_request);

# The provider of the tests: keys and endpoints are written, so that no tenant
# has to run.
sub login_provider {
    my %opt = (
        authorization_endpoint => 'https://op.example.com/auth?x=y',
        redirect_uri           => '/oidc/callback',
        @_
    );
    return IdToken::provider(delete $opt{name} || 'tenant', %opt);
}

# Locations of an application with a login.
sub login_server {
    my ($more) = @_;
    return <<"_END_" . ($more || '');
        auth_id_token_source cookie=__Host-id;
        location / {
            auth_id_token tenant;
            auth_id_token_login on;
            add_header Sub "\$id_token_claim_sub" always;
            add_header Said "\$id_token_login" always;
            root html;
        }
        location = /oidc/callback {
            add_header Said "\$id_token_login" always;
            id_token_callback tenant;
        }
        location = /oidc/login  { id_token_login tenant; }
        location = /oidc/logout { id_token_logout tenant; }
        location = /oidc/me     { auth_id_token tenant; id_token_identity; }
_END_
}

sub escape {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub unescape {
    my ($text) = @_;
    $text =~ s/%([0-9A-F]{2})/chr hex $1/ge;
    return $text;
}

sub new {
    my ($class, $nginx, %opt) = @_;
    return bless { nginx => $nginx, host => 'localhost', jar => {}, %opt },
        $class;
}

sub cookies {
    my ($self) = @_;
    return join '; ', map { "$_=$self->{jar}{$_}" } sort keys %{ $self->{jar} };
}

# request('GET /path', HEADER..., \$body)
sub request {
    my ($self, $line, @headers) = @_;
    my $body = ref $headers[-1] ? ${ pop @headers } : '';
    my $socket = $self->{nginx}->connect;
    push @headers, 'Cookie: ' . $self->cookies if %{ $self->{jar} };
    push @headers, 'Content-Length: ' . length $body
        if $line =~ /^POST/ && !grep { /^(Content-Length|Transfer)/ } @headers;
    print {$socket} join("\r\n", "$line HTTP/1.1", "Host: $self->{host}",
        'Connection: close', @headers, '', $body);
    $socket->flush;
    return $self->answer($socket);
}

sub answer {
    my ($self, $socket) = @_;
    my ($text, $until, $select) = ('', time + 30, IO::Select->new($socket));
    while ((my $left = $until - time) > 0) {
        next if !$select->can_read($left);
        last if !sysread $socket, $text, 65536, length $text;
    }
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($first, @lines) = split /\r\n/, defined $head ? $head : '';
    my %answer = (body => $body, set => []);
    ($answer{status}) = ($first || '') =~ m{^HTTP/1\.1 (\d+)};
    for (@lines) {
        my ($name, $value) = /^([^:]+): ?(.*)$/ or next;
        push @{ $answer{set} }, $value if lc $name eq 'set-cookie';
        $answer{lc $name} = $value;
    }
    $self->keep($_) for @{ $answer{set} };
    return \%answer;
}

sub keep {
    my ($self, $line) = @_;
    my ($name, $value) = $line =~ /^([^=]+)=([^;]*)/ or return;
    if ($line =~ /; Max-Age=0(;|$)/) {
        delete $self->{jar}{$name};
    } else {
        $self->{jar}{$name} = $value;
    }
    return;
}

# A page load.
sub visit {
    my ($self, $path, @headers) = @_;
    return $self->request("GET $path", 'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Dest: document', 'Sec-Fetch-Site: none', @headers);
}

# A page load that is sent to the tenant: the parameters.
sub begin {
    my ($self, $path) = @_;
    my $answer = $self->visit($path || '/');
    return { answer => $answer, parameters($answer) };
}

sub parameters {
    my ($answer) = @_;
    my ($query) = ($answer->{location} || '') =~ /\?(.*)/ or return;
    return map { my ($n, $v) = split /=/, $_, 2; ($n, unescape($v)) }
        split /&/, $query;
}

# The form that a tenant makes the browser post.
sub answer_form {
    my %field = @_;
    return join '&', map { escape($_) . '=' . escape($field{$_}) }
        sort keys %field;
}

# post('/path', field => value ...), as if from the tenant's page: cookies that
# are not for cross-site requests stay at home.
sub post {
    my ($self, $path, %field) = @_;
    my $body = answer_form(%field);
    return $self->request("POST $path",
        'Content-Type: application/x-www-form-urlencoded', 'Origin: null',
        'Sec-Fetch-Site: cross-site', \$body);
}

# The same of a body as it is.
sub post_text {
    my ($self, $path, $body) = @_;
    return $self->request("POST $path",
        'Content-Type: application/x-www-form-urlencoded', \$body);
}

# What the tenant does: the answer to a login that has begun.
sub finish {
    my ($self, $begun, %token) = @_;
    my $path = delete $token{path} || '/oidc/callback';
    my $claims = { nonce => $begun->{nonce}, %{ delete $token{claims} || {} } };
    return $self->post($path, state => $begun->{state},
        id_token => token(claims => $claims, %token));
}

sub login {
    my ($self, $path, %token) = @_;
    return $self->finish($self->begin($path), %token);
}

# The nonce that belongs to r.
sub nonce_of { return encode_base64url(sha256($_[0])) }

# A tenant with a token endpoint, over http: its issuer. What it answers there
# is told by op_answers(STATUS, BODY), what it was asked by op_request(). Its
# discovery document has such further members.
my $op;

sub start_op {
    my (%more) = @_;
    my $socket = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1')
        or die "listen: $!";
    my $issuer = 'http://127.0.0.1:' . $socket->sockport;
    my %document = (issuer => $issuer, jwks_uri => "$issuer/jwks",
        authorization_endpoint => "$issuer/auth", token_endpoint => "$issuer/token",
        response_types_supported => ['id_token', 'code'], %more);
    delete $document{$_} for grep { !defined $document{$_} } keys %document;
    my %file = ('/jwks' => IdToken::jwks(),
        '/.well-known/openid-configuration' => JSON::PP::encode_json(\%document));
    IdToken::data_dir();
    $op = fork;
    die "fork: $!" if !defined $op;
    if ($op == 0) {
        $SIG{TERM} = 'DEFAULT';
        while (1) {
            my $client = $socket->accept or next;
            answer_one($client, \%file);
        }
    }
    return $issuer;
}

sub answer_one {
    my ($client, $file) = @_;
    my $request = '';
    while ($request !~ /\r\n\r\n/) {
        sysread($client, $request, 65536, length $request) or return;
    }
    my ($length) = $request =~ /^Content-Length: (\d+)/mi;
    while ($length && length(($request =~ /\r\n\r\n(.*)/s)[0]) < $length) {
        sysread($client, $request, 65536, length $request) or return;
    }
    my ($path) = $request =~ /^\w+ ([^ ?]+)/;
    my ($status, $body) = (200, $file->{$path});
    if ($path eq '/token') {
        write_file('op_request', $request);
        ($status, $body) = split /\n/, read_file('op_answer'), 2;
        return if $status eq 'close';
    }
    ($status, $body) = (404, '') if !defined $body;
    print {$client} "HTTP/1.1 $status x\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    close $client;
    return;
}

sub read_file {
    my ($name) = @_;
    open my $file, '<:raw', IdToken::data_dir() . "/$name" or return '';
    local $/;
    return scalar <$file>;
}

sub op_answers {
    my ($status, $body) = @_;
    write_file('op_answer', "$status\n" . (ref $body ? JSON::PP::encode_json($body) : $body));
    return;
}

# Header fields in lower case, the line as "line", the form's fields as "form".
sub op_request {
    my ($head, $body) = split /\r\n\r\n/, read_file('op_request'), 2;
    my ($line, @fields) = split /\r\n/, $head || '';
    my %request = (line => $line, map { /^([^:]+): (.*)/ ? (lc $1 => $2) : () } @fields);
    $request{form} = { map { my ($n, $v) = split /=/, $_, 2; ($n => unescape($v)) }
        split /&/, $body || '' };
    return \%request;
}

END { kill 'TERM', $op if $op }

1;
