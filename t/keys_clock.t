# Keys get older while the machine sleeps.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'preloading and sanitizers do not go together'
    if $ENV{ASAN_OPTIONS};

my $source = 't/faults/sleepclock.c';
my $shim = data_dir() . '/sleepclock.so';
system(($ENV{CC} || 'gcc'), '-shared', '-fPIC', '-O1', '-o', $shim, $source) == 0
    or plan skip_all => 'no C compiler';
my $file = write_file('slept', sprintf "%-16d\n", 0);

start_tenant();

# In place, for the workers that see it.
sub sleeps {
    my ($hours) = @_;
    open my $out, '+<', $file or die $!;
    printf {$out} "%-16d\n", 3600 * $hours;
    close $out or die $!;
    sleep 0.05;    # no machine sleeps for less
    return;
}

local $ENV{LD_PRELOAD} = $shim;
local $ENV{SLEEP_FILE} = $file;
my $nginx = IdTokenNginx->start(providers => provider(
    jwks_uri => tenant_url(), jwks_max_stale => '24h'));
delete @ENV{qw(LD_PRELOAD SLEEP_FILE)};

is($nginx->status, 200, 'there are keys');
control('/fault', 'unavailable');
sleeps(23);
is($nginx->status, 200, '23 hours later they serve') for 1 .. 4;
sleeps(25);
is($nginx->status, 503, '25 hours later they are too old') for 1 .. 4;
ok($nginx->tells(qr/the keys held are too old to be used/), 'and the log says so');
control('/faults/clear');
ok(&wait_until(sub { $nginx->status == 200 }), 'new ones are not');
is($nginx->status, 200, 'in any worker') for 1 .. 4;
$nginx->stop;
is($nginx->complaints, '', 'nothing to complain of');

done_testing();
