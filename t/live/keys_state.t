# jwks_state: keys on disk for a start while the tenant is down.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Digest::SHA qw(sha256_hex);
use Test::More;
use Time::HiRes qw(sleep time);

start_tenant();

my $state;
my $states = 0;

sub fetches { return counters()->{jwks} }

sub start {
    my (%opt) = @_;
    $state = data_dir() . '/state-' . ++$states if !delete $opt{keep};
    return IdTokenNginx->start(providers => provider(
        jwks_uri => tenant_url(), jwks_state => $state,
        %opt));
}

sub fresh {
    my ($fault) = @_;
    control('/reset', { all => JSON::PP::true });
    control('/fault', $fault) if $fault;
    return;
}

sub files { return glob "$state/*" }

sub ends_well {
    my ($nginx) = @_;
    $nginx->stop;
    is($nginx->complaints, '', 'nothing to complain of');
    return;
}

# Saved keys of a good run.
sub saved {
    fresh();
    my $nginx = start(@_);
    $nginx->status == 200 or die 'no keys';
    $nginx->stop;
    my ($file) = files();
    return $file;
}

sub slurp {
    open my $file, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar <$file>;
}

# Changes the file in place, which keeps its owner.
sub spew {
    my ($path, $text) = @_;
    open my $file, '+<:raw', $path or die "$path: $!";
    truncate $file, 0;
    print {$file} $text;
    close $file or die $!;
    return;
}

# A file that is whole, with its header changed.
sub forge {
    my ($path, $change) = @_;
    my ($magic, undef, $rest) = split /\n/, slurp($path), 3;
    local $_ = $rest;
    $change->();
    spew($path, "$magic\nsha256 " . sha256_hex($_) . "\n$_");
    return;
}

# A start without tenant that takes no keys from the file.
sub ignored {
    my ($why, @opt) = @_;
    fresh('unavailable');
    my $nginx = start(keep => 1, @opt);
    is($nginx->status, 503, 'there are no keys');
    ok($nginx->tells(qr/\[warn\].*the saved keys are ignored: .*$why/),
        "and the log says why: $why") or diag $nginx->log;
    ends_well($nginx);
    return;
}

subtest 'what is written, and how' => sub {
    my $file = saved();
    my @stat = stat $state;
    my $own  = (stat $file)[4];
    is($stat[2] & 07777, 0700, 'the directory is closed');
    is($stat[4], $own, "and the worker user's");
    is((stat $file)[2] & 07777, 0600, 'so is the file');
    like($file, qr{/id_token_keys_[0-9a-f]{32}$}, 'named after the source');
    my @files = files();
    is(@files, 1, 'nothing else is left');
    my $text = slurp($file);
    like($text, qr/^issuer \d+ https:\/\/tenant\.test\/$/m, 'issuer');
    like($text, qr/^url \d+ \Q${\ tenant_url()}\E$/m, 'URL');
    like($text, qr/\n\n\{.*"keys"/s, 'and the set');
};

subtest 'a start while the tenant is down serves at once' => sub {
    saved();
    fresh({ hold => \1, status => 503 });
    my $nginx = start(keep => 1, jwks_timeout => '60s');
    is($nginx->status, 200, 'with the saved keys') for 1 .. 4;
    ok(&wait_until(sub { counters()->{active} }), 'a fetch began beside it');
    is($nginx->count_log(qr/no keys from/), 0, 'which nobody waits for');
    my $taken =
        qr{\[info\].*: 1 keys taken from "\Q$state\E/.*", fetched \d+ s ago};
    ok($nginx->tells($taken), 'the log says whence');
    is($nginx->count_log($taken), 1, 'once');
    release();
    ok($nginx->tells(qr/the keys held remain in use/), 'the fetch fails');
    fresh();
    ok(&wait_until(sub { fetches() }), 'and is tried again');
    ends_well($nginx);
};

subtest 'a directory that comes with a reload gets the keys at hand' => sub {
    fresh();
    my $before = int time;
    my $nginx = IdTokenNginx->start(
        providers => provider(jwks_uri => tenant_url()));
    is($nginx->status, 200, 'there are keys');
    my $after = int time;
    control('/fault', 'unavailable');
    sleep 2.1;
    $state = data_dir() . '/state-' . ++$states;
    $nginx->configure(providers => provider(
        jwks_uri => tenant_url(), jwks_state => $state));
    $nginx->reload;
    my $file;
    ok(&wait_until(sub { ($file) = grep { !/[.]tmp\d*$/ } files() }),
        'they are saved') or return;
    my ($fetched_at) = slurp($file) =~ /^fetched_at (\d+)$/m;
    cmp_ok($fetched_at, '<=', $after + 1, 'with the time of their fetch');
    cmp_ok($fetched_at, '>=', $before - 1, 'but no earlier one');
    ends_well($nginx);
    $nginx = start(keep => 1);
    is($nginx->status, 200, 'and serve after a restart');
    ends_well($nginx);
};

subtest 'what is on disk is not better than what the tenant says' => sub {
    saved();
    fresh();
    control('/keys/replace', { keys => ['@rsa2'] });
    my $nginx = start(keep => 1);
    ok($nginx->tells(qr/new key set/), 'fetched');
    is($nginx->status, 401, 'a withdrawn key is refused');
    is($nginx->status(key => '@rsa2'), 200, 'the new one is not');
    ends_well($nginx);
    control('/keys/replace', { keys => ['@rsa1'] });
};

subtest 'its age counts' => sub {
    my $file = saved();
    forge($file, sub { s/^fetched_at \K\d+/int(time) - 86340/me });
    fresh('unavailable');
    my $nginx = start(keep => 1);
    is($nginx->status, 200, 'nearly a day old');
    ends_well($nginx);
    forge($file, sub { s/^fetched_at \K\d+/int(time) - 86400/me });
    ignored('is too old');
    forge($file, sub { s/^fetched_at \K\d+/int(time) - 100/me });
    ignored('is too old', jwks_max_stale => '90s', jwks_refresh => '60s');
};

subtest 'a damaged file is ignored' => sub {
    my $file = saved();
    my $text = slurp($file);
    (my $other = $text) =~ s/"n": ?"./"n":"A/;
    for my $damaged ('', 'x', substr($text, 0, -1), $other, "$text ",
        "\0" x 1000)
    {
        next if $damaged eq $text;
        spew($file, $damaged);
        ignored('is damaged');
    }
    spew($file, $text);
    forge($file, sub { s/\n\n.*/\n\n{"keys":[]}/s });
    ignored('does not hold a usable key set');
    spew($file, 'x' x (2 << 20));
    ignored('is too large');
};

subtest 'a file from the future, or of another source, is ignored' => sub {
    my $file = saved();
    my $text = slurp($file);
    forge($file, sub { s/^fetched_at \K\d+/int(time) + 3600/me });
    ignored('is from the future');
    spew($file, $text);
    forge($file, sub { s/^issuer \d+ .*/issuer 3 abc/m });
    ignored('belongs to another key source');
    spew($file, $text);
    forge($file, sub { s/^trust (\d+) ca /trust $1 cb /m });
    ignored('belongs to another key source');
};

subtest 'links and files of others are not read' => sub {
    my $file = saved();
    my ($uid, $gid) = (stat $file)[4, 5];
    rename $file, "$file.real" or die $!;
    symlink "$file.real", $file or die $!;
    ignored('cannot be opened');
    unlink $file;
    mkdir $file or die $!;
    ignored('is not a file that only the worker user can write');
    rmdir $file;
    rename "$file.real", $file or die $!;
    chmod 0622, $file;
    ignored('is not a file that only the worker user can write');
    if ($> == 0) {
        chmod 0644, $file;
        chown 0, 0, $file;
        ignored('is not a file that only the worker user can write')
            if $uid != 0;
    }
};

subtest 'all workers warn once of a directory that cannot be written' => sub {
    fresh();
    $state = data_dir() . '/state-' . ++$states;
    my $nginx = start(keep => 1, jwks_refresh => '1s', jwks_min_interval => '1s');
    is($nginx->status, 200, 'keys are there');
    my ($saved) = files();
    unlink $saved;
    rmdir $state or die $!;
    control('/reset');
    ok(&wait_until(sub { fetches() >= 3 }), 'fetched again and again');
    my $warning = qr/ (\d+)#\d+: .*the keys cannot be saved in/;
    $nginx->tells($warning) or return fail('nothing is told');
    is($nginx->count_log($warning), 1, 'told once');

    my ($teller) = $nginx->log =~ $warning;
    kill 'KILL', $teller;
    my $before = fetches();
    ok(&wait_until(sub { fetches() >= $before + 2 }), 'others fetch');
    is($nginx->count_log($warning), 1, 'and say nothing new');
    is($nginx->status, 200, 'and serve all the same');
    $nginx->stop;
};

subtest 'what a killed worker left behind is swept' => sub {
    my $file = saved();
    my $dead = fork;
    exit 0 if defined $dead && !$dead;
    waitpid $dead, 0;
    my @kept = ("$file.tmp$$", "$file.tmp", "$file.tmp${dead}x",
        "$file.other$dead");
    for my $name ("$file.tmp$dead", @kept) {
        open my $left, '>', $name or die $!;
    }
    fresh();
    my $nginx = start(keep => 1);
    is($nginx->status, 200, 'keys are there');
    ok(!-e "$file.tmp$dead", 'that of a process that is gone');
    ok(-e $_, 'but not another file') for @kept;
    ends_well($nginx);
};

subtest 'nginx -t gives away no more than the directory itself' => sub {
    plan skip_all => 'is not root' if $> != 0;
    $state = data_dir() . '/state-' . ++$states;
    my $target = "$state-target";
    my ($me, $worker) = ($>, undef);
    my $test = sub {
        my ($dir) = @_;
        fresh();
        my $nginx = IdTokenNginx->start;
        $nginx->configure(providers => provider(jwks_uri => tenant_url(),
            jwks_state => $dir));
        my $said = join '', map {qx{$_ -t 2>&1}} join ' ', $nginx->command;
        my $good = $? == 0;
        $nginx->stop;
        ok($good, 'the test succeeds') or diag $said;
    };
    mkdir $_ or die "$_: $!" for $state, $target;
    $test->($state);
    $worker = (stat $state)[4];
    isnt($worker, 0, 'a directory is given to the worker user');
    symlink $target, "$state-link" or die $!;
    $test->("$state-link");
    is((stat $target)[4], $me, 'what a link points at is not');
    chown $worker, -1, $target;
    $state .= '-link';
    fresh();
    my $nginx = start(keep => 1);
    is($nginx->status, 200, 'keys are there');
    ok(&wait_until(sub { files() }), 'and saved where the link leads');
    ends_well($nginx);
};

done_testing();
