# The version: told once at each start, at level notice, and by nothing else.

use strict;
use warnings;
use lib 't/lib';
use IdToken;
use IdTokenNginx;
use Test::More;

open my $header, '<', 'src/core/idt_base/version.h' or die "version.h: $!";
my ($version) = map { /kVersion\[\] = "([^"]+)"/ } <$header>;
close $header;
like($version, qr/\A\d+\.\d+\.\d+\z/, 'a semantic version');

open my $manual, '<', 'README.md' or die "README.md: $!";
is(scalar(grep { $_ eq "### $version\n" } <$manual>), 1,
    'its changes are told');
close $manual;

my $line = qr/\[notice\] \d+#\d+: nginx-auth-id-token \Q$version\E$/m;

my $nginx = IdTokenNginx->start;
is(() = $nginx->log =~ /$line/g, 1, 'one line at the start');
$nginx->reload;
is(() = $nginx->log =~ /$line/g, 1, 'none at a reload');
is($nginx->count_log('nginx-auth-id-token'), 1, 'nor any other');

my $out = join ' ', map {"'$_'"} $nginx->command;
$out = `$out -t 2>&1`;
is($?, 0, 'the configuration is tested') or diag $out;
is($nginx->count_log('nginx-auth-id-token'), 1, 'which does not tell it');

$nginx->stop;
is($nginx->complaints, '', 'no complaint');
done_testing;
