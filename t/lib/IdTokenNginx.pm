package IdTokenNginx;

# An nginx of our own, for what Test::Nginx cannot do: signals between
# requests, requests side by side, a look at its processes.

use strict;
use warnings;

use Exporter qw(import);
use IO::Select ();
use IO::Socket::INET ();
use Time::HiRes qw(sleep time);

use IdToken;
use IdTokenProtocol;

our @EXPORT = qw(tenant_url);

my $count = 0;
my %given;

sub tenant_url {
    my ($path) = @_;
    return "http://127.0.0.1:$ENV{TEST_NGINX_TENANT_HTTP}"
        . (defined $path ? $path : '/jwks.json');
}

# Never the same one twice: it is free until nginx takes it. Files that run side
# by side have ports of their own.
sub free_port {
    my ($first, $count) = $ENV{TEST_PORTS}
        ? split /\+/, $ENV{TEST_PORTS} : (12000, 18000);
    for (1 .. 1000) {
        my $port = $first + int rand $count;
        next if $given{$port}++;
        IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1',
            LocalPort => $port) or next;
        return $port;
    }
    die 'no free port';
}

# IdTokenNginx->start(providers => $text, workers => 2, main => '',
#     http => '', server => '')
sub start {
    my ($class, %opt) = @_;
    my $self = bless { workers => 2, connections => 4096, daemon => 'off',
        port => free_port(), %opt }, $class;
    $self->{dir} = data_dir() . '/nginx-' . ++$count;
    mkdir $_ or die "$_: $!" for $self->{dir}, "$self->{dir}/logs";
    $self->configure(%opt);

    my $pid = fork;
    die "fork: $!" if !defined $pid;
    if ($pid == 0) {
        open STDERR, '>>', "$self->{dir}/logs/stderr" or exit 1;
        exec $self->command;
        exit 1;
    }
    $self->{pid} = $pid;
    my ($there, $gone);
    wait_until {
        $there = IO::Socket::INET->new("127.0.0.1:$self->{port}");
        return $there || ($gone = $self->{daemon} eq 'off' && $self->gone);
    };
    delete $self->{pid} if $gone;
    $there or die "nginx did not start:\n" . $self->log . $self->stderr;
    if ($self->{daemon} eq 'on') {
        waitpid $pid, 0;
        $self->{pid} = $self->pid_file;
    }
    return $self;
}

sub pid_file {
    my ($self) = @_;
    open my $file, '<', "$self->{dir}/logs/nginx.pid" or return;
    my $pid = <$file>;
    chomp $pid;
    return $pid;
}

sub gone {
    my ($self) = @_;
    return $self->{daemon} eq 'on'
        ? !kill 0, $self->{pid}
        : waitpid($self->{pid}, 1) != 0;
}

sub command {
    my ($self) = @_;
    return ($ENV{TEST_NGINX_BINARY} || 'nginx', '-p', "$self->{dir}/",
        '-c', "$self->{dir}/nginx.conf", '-e', "$self->{dir}/logs/error.log");
}

sub configure {
    my ($self, %opt) = @_;
    %$self = (%$self, %opt);
    my $load = $ENV{TEST_NGINX_LOAD_MODULES}
        ? "load_module $ENV{TEST_NGINX_LOAD_MODULES};" : '';
    my %text = map { $_ => defined $self->{$_} ? $self->{$_} : '' }
        qw(main http server providers);
    my $guard = $text{providers} ? 'auth_id_token tenant;' : '';
    open my $file, '>', "$self->{dir}/nginx.conf" or die $!;
    print {$file} <<"_CONF_";
$load
daemon $self->{daemon};
worker_processes $self->{workers};
pid logs/nginx.pid;
error_log logs/error.log info;
$text{main}
events { worker_connections $self->{connections}; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    $text{http}
    $text{providers}
    server {
        @{[IdTokenProtocol::listen_at($self->{port})]}
        location = /api {
            $guard
            add_header Kid \$id_token_kid always;
            add_header Error \$id_token_error always;
            add_header Pid \$pid always;
            empty_gif;
        }
        location = /open { empty_gif; }
        $text{server}
    }
}
_CONF_
    close $file or die $!;
    return;
}

sub connect {
    my ($self) = @_;
    return IO::Socket::INET->new("127.0.0.1:$self->{port}")
        || die "connect: $!";
}

# A request under way, a GET unless the path begins with another method;
# read_answer() takes its answer.
sub send_request {
    my ($self, $path, @headers) = @_;
    my $method = $path =~ s/^([A-Z]+) // ? $1 : 'GET';
    unshift @headers, 'Host: localhost' if !grep { /^Host:/i } @headers;
    return IdTokenProtocol::send_by_curl($self->{port}, $method, $path,
        @headers) if $IdTokenProtocol::version != 1;
    my $socket = $self->connect;
    print {$socket} join("\r\n", "$method $path HTTP/1.1",
        'Connection: close', @headers, '', '');
    $socket->flush;
    return $socket;
}

# {} if the connection is closed without an answer or the time is up.
sub read_answer {
    my ($socket, $seconds) = @_;
    my $until  = time + (defined $seconds ? $seconds : 30);
    my $select = IO::Select->new($socket);
    my $text   = '';
    while ((my $left = $until - time) > 0) {
        next if !$select->can_read($left);
        last if !sysread $socket, $text, 65536, length $text;
    }
    close $socket;
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    return {} if !defined $head || $head !~ s{^HTTP/[\d.]+ (\d+)[^\r]*}{};
    my %answer = (status => $1, body => $body);
    $answer{lc $1} = $2 while $head =~ /^([^\r\n:]+):[ ]*([^\r\n]*)/mg;
    return \%answer;
}

sub get {
    my ($self, $path, @headers) = @_;
    return read_answer($self->send_request($path, @headers));
}

# The status of /api with such a token.
sub status {
    my ($self, %token) = @_;
    return $self->get('/api', bearer(%token))->{status} || 0;
}

sub log {
    my ($self) = @_;
    open my $file, '<', "$self->{dir}/logs/error.log" or return '';
    local $/;
    return scalar <$file>;
}

sub stderr {
    my ($self) = @_;
    open my $file, '<', "$self->{dir}/logs/stderr" or return '';
    local $/;
    return scalar <$file>;
}

sub count_log {
    my ($self, $pattern) = @_;
    my @found = $self->log =~ /$pattern/g;
    return scalar @found;
}

# Waits until the log says so.
sub tells {
    my ($self, $pattern) = @_;
    return wait_until { $self->count_log($pattern) };
}

sub children {
    my ($self, $parent) = @_;
    $parent ||= $self->{pid};
    my @children;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $file, '<', $stat or next;
        my $line = <$file>;
        next if !defined $line;
        push @children, $1
            if $line =~ /^(\d+) \(.*\) ([A-Z]) (\d+)/ && $3 == $parent
            && $2 ne 'Z';
    }
    @children = sort { $a <=> $b } @children;
    return @children;
}

# The TCP sockets of the machine: addresses, state, queues, inode.
sub sockets {
    open my $table, '<', '/proc/net/tcp' or die $!;
    my @sockets;
    while (<$table>) {
        my @field = split;
        next if $field[1] !~ /:([0-9A-F]{4})$/;
        my $local = hex $1;
        my ($remote) = $field[2] =~ /:([0-9A-F]{4})$/;
        my (undef, $unread) = split /:/, $field[4];
        push @sockets, { local => $local, remote => hex $remote,
            state => $field[3], unread => hex $unread, inode => $field[9] };
    }
    return @sockets;
}

# Those of PIDS that hold one of the sockets.
sub holders {
    my ($sockets, @pids) = @_;
    my %inode = map { $_->{inode} => 1 } @$sockets;
    return grep {
        grep { (readlink($_) || '') =~ /^socket:\[(\d+)\]/ && $inode{$1} }
            glob "/proc/$_/fd/*"
    } @pids;
}

# The workers that hold a connection to PORT, that of the tenant.
sub fetching {
    my ($self, $port) = @_;
    return holders([ grep { $_->{remote} == $port } sockets() ],
        $self->children);
}

# Waits until nginx has read all that was sent to its port (PORT).
sub has_read {
    my ($self, $port) = @_;
    $port ||= $self->{port};
    return wait_until {
        !grep {
            $_->{local} == $port && $_->{state} =~ /^0[138]$/
                && ($_->{state} eq '03' || $_->{unread} || !$_->{inode})
        } sockets();
    };
}

# Waits until a fetch is under way for which all that was sent waits.
sub waits {
    my ($self, $port) = @_;
    wait_until { counters()->{active} } or die "no fetch:\n" . $self->log;
    $self->has_read($port) or die "nobody reads:\n" . $self->log;
    return;
}

sub signal {
    my ($self, $signal) = @_;
    kill $signal, $self->{pid} or die "kill: $!";
    return;
}

# Until new workers are there and those of before take no more requests.
sub reload {
    my ($self) = @_;
    my @old = $self->children;
    my %old = map { $_ => 1 } @old;
    $self->signal('HUP');
    wait_until {
        $self->{workers} == grep { !$old{$_} } $self->children
    } or die "no new workers:\n" . $self->log;
    wait_until { !$self->listening(@old) }
        or die "the former workers stay:\n" . $self->log;
    return;
}

# Those of PIDS that take connections.
sub listening {
    my ($self, @pids) = @_;
    return holders([ grep { $_->{local} == $self->{port}
        && $_->{state} eq '0A' } sockets() ], @pids);
}

# Seconds until nginx is gone; dies when it takes longer. What would hold it up
# takes a minute and more wherever that is tested.
sub stop {
    my ($self, $signal) = @_;
    my $start = time;
    $self->signal($signal || 'QUIT');
    wait_until { $self->gone }
        or die "nginx is still there:\n" . $self->log;
    delete $self->{pid};
    return time - $start;
}

# Lines that no test wants to see.
sub complaints {
    my ($self) = @_;
    return join "\n", grep {
        /\[(?:alert|emerg|crit)\]|exited on signal/
    } split /\n/, $self->log . $self->stderr;
}

sub DESTROY {
    my ($self) = @_;
    return if !$self->{pid};
    local ($?, $!);
    kill 'TERM', $self->{pid};
    wait_until { $self->gone } 10
        or kill 'KILL', $self->{pid};
    return;
}

1;
