package IdToken;

# What every t/*.t needs: tokens, key sets, files and a test tenant.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp ();
use HTTP::Tiny ();
use JSON::PP ();
use POSIX ();

our @EXPORT = qw(token bearer jwks write_file data_dir provider
    start_tenant stop_tenant control counters hold release wait_until);

our $issuer    = 'https://tenant.test/';
our $client_id = 'spa';

my $root  = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{BUILD} || "$root/build";
my $mint  = $ENV{ID_TOKEN_MINT} ||= "$build/tools/mint";
my $json  = JSON::PP->new->canonical->allow_nonref->utf8;
my $http  = HTTP::Tiny->new(timeout => 60, proxy => undef,
    http_proxy => undef, https_proxy => undef);
my $owner = $$;
my (%tokens, $dir, @tenants);

$ENV{ID_TOKEN_VECTORS} ||= "$root/t/vectors/keys.json";

# For Test::Nginx, if it is loaded after this. NGINX must go: nginx itself
# reads it as a list of inherited sockets.
BEGIN {
    my $binary = delete $ENV{NGINX};
    $ENV{TEST_NGINX_BINARY}       ||= $binary      if $binary;
    $ENV{TEST_NGINX_LOAD_MODULES} ||= $ENV{MODULE} if $ENV{MODULE};
    $ENV{TEST_NGINX_TIMEOUT}      ||= 30;
}

# For "nginx -t", which ends without freeing anything: what a configuration
# leaks is seen where it is reloaded.
sub asan_without_leaks {
    return join ':', grep {defined} $ENV{ASAN_OPTIONS}, 'detect_leaks=0';
}

sub run_mint {
    my @args = @_;
    open my $out, '-|', $mint, @args or die "$mint: $!";
    local $/;
    my $text = <$out>;
    close $out or die "mint @args: failed\n";
    $text =~ s{\n\z}{};
    return $text;
}

sub as_json {
    my ($value) = @_;
    return ref $value ? $json->encode($value) : $value;
}

# token(sub => 'bob', claims => {...}, header => {...}, remove => [...],
#       raw => [HEADER, PAYLOAD], segments => [...], break => 'sig', ...)
# as the options of "mint token" are named; "-" is written "_".
# The same options give the same token within one program.
sub token {
    my %opt   = @_;
    my $cache = $json->encode(\%opt);
    return $tokens{$cache} if defined $tokens{$cache};

    my @args = ('token');
    my %claims;
    if (ref $opt{aud}) {
        %claims = (aud => delete $opt{aud});
    }
    if (%claims || ref $opt{claims}) {
        $opt{claims} = { %claims, %{ $opt{claims} || {} } };
    }
    for my $name (sort keys %opt) {
        my $value = $opt{$name};
        (my $option = "--$name") =~ tr/_/-/;
        if ($name eq 'raw') {
            push @args, '--sign-only-raw', @$value;
        } elsif ($name eq 'segments') {
            push @args, '--raw-segments', @$value;
        } elsif ($name =~ /^no_/) {
            push @args, $option if $value;
        } elsif ($name =~ /^remove/ && ref $value) {
            push @args, map { ($option, $_) } @$value;
        } else {
            push @args, $option, as_json($value);
        }
    }
    return $tokens{$cache} = run_mint(@args);
}

# The header line.
sub bearer {
    return 'Authorization: Bearer ' . token(@_);
}

# jwks('@rsa1', '@ec1:kid', '@ed1:kid:EdDSA', '--no-alg') as mint takes them.
sub jwks {
    return run_mint('jwks', @_ ? @_ : '@rsa1');
}

# A directory that nginx's workers can read, gone at the end. Configurations
# name it as $TEST_NGINX_DATA_DIR.
sub data_dir {
    if (!defined $dir) {
        $dir = File::Temp->newdir('id-token-test-XXXXXX', TMPDIR => 1);
        chmod 0755, "$dir";
        $ENV{TEST_NGINX_DATA_DIR} = "$dir";
    }
    return "$dir";
}

sub write_file {
    my ($name, $content) = @_;
    my $path = data_dir() . "/$name";
    open my $file, '>:raw', "$path.new" or die "$path: $!";
    print {$file} $content;
    close $file or die "$path: $!";
    rename "$path.new", $path or die "$path: $!";
    return $path;
}

# A provider block; without a source of keys the key set of @rsa1 as a file.
# provider('tenant', algorithms => 'ES256', jwks_file => $path, ...)
sub provider {
    my ($name, %opt) = (@_ % 2 ? @_ : ('tenant', @_));
    $opt{issuer}    = $issuer    if !exists $opt{issuer};
    $opt{client_id} = $client_id if !exists $opt{client_id};
    if (!exists $opt{jwks_file} && !exists $opt{jwks_uri}) {
        $opt{jwks_file} = write_file('jwks.json', jwks());
    }
    my $text = "id_token_provider $name {\n";
    for my $directive (sort keys %opt) {
        next if !defined $opt{$directive};
        $text .= "    $directive $opt{$directive};\n";
    }
    return $text . "}\n";
}

# Starts t/tenant/tenant.py on free ports. Options are its own, "_" for "-";
# a list repeats one, an empty string is a plain switch. Returns what it said
# when ready; the same is in the environment as TEST_NGINX_TENANT_HTTP, ...
sub start_tenant {
    my %opt  = @_;
    my @args = ("$root/t/tenant/tenant.py", '--mint', $mint);
    for my $name (sort keys %opt) {
        (my $option = "--$name") =~ tr/_/-/;
        for my $value (ref $opt{$name} ? @{ $opt{$name} } : $opt{$name}) {
            push @args, $option, length $value ? $value : ();
        }
    }
    pipe my $read, my $write or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if ($pid == 0) {
        open STDOUT, '>&', $write or POSIX::_exit(1);
        exec 'python3', @args or POSIX::_exit(1);
    }
    close $write;
    my $line = <$read>;
    die "the test tenant did not start\n" if !defined $line;
    my $tenant = $json->decode($line);
    push @tenants, $tenant;
    for my $name (keys %$tenant) {
        $ENV{ 'TEST_NGINX_TENANT_' . uc $name } =
            defined $tenant->{$name} ? "$tenant->{$name}" : '';
    }
    return $tenant;
}

sub stop_tenant {
    my ($tenant) = @_;
    @tenants = grep { $_->{pid} != $tenant->{pid} } @tenants;
    kill 'TERM', $tenant->{pid};
    waitpid $tenant->{pid}, 0;
    return;
}

# control('/fault', 'html'), control($tenant, '/keys/add', {key => '@rsa2'}):
# the answer of the control API; without $tenant of the one started last.
sub control {
    my $tenant = ref $_[0] ? shift : $tenants[-1];
    my ($path, $arg) = @_;
    my $url    = "http://127.0.0.1:$tenant->{control}$path";
    my $answer = defined $arg
        ? $http->post($url, { content => $json->encode($arg) })
        : $http->get($url);
    die "control $path: $answer->{status} $answer->{content}\n"
        if !$answer->{success};
    my $content = $answer->{content};
    if ($answer->{headers}{'content-type'} =~ /json/) {
        return $json->decode($content);
    }
    chomp $content;
    return $content;
}

sub counters {
    return control(@_, '/counters');
}

# What the tenant answers is held back, with the fault HOW, until it is released.
sub hold { return control('/fault', { hold => JSON::PP::true, @_ }) }

sub release { return control('/release') }

# Calls the sub until it is true; false after SECONDS. The limit is for what
# never comes: it is long, since a machine may be slow or stand still. Where
# that is expected, as in the mutation check, ID_TOKEN_WAIT is another one.
sub wait_until(&;$) {
    my ($condition, $seconds) = @_;
    my $steps = 20 * (defined $seconds ? $seconds : $ENV{ID_TOKEN_WAIT} || 30);
    for (1 .. $steps) {
        my $value = $condition->();
        return $value if $value;
        select undef, undef, undef, 0.05;
    }
    return;
}

END {
    if ($$ == $owner) {
        my $status = $?;
        stop_tenant($_) for @tenants;
        $? = $status;
    }
}

1;
