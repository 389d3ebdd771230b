# SPDX-License-Identifier: GPL-2.0
# A store in GDBM, which commits by msync(MS_SYNC | MS_INVALIDATE). Others that are said to do so do not, as Debian
# builds them: RRDtool (1.7) maps its files and leaves it to the kernel when they are written, and Berkeley DB (5.3)
# maps files to read them only.
#
#	store_gdbm.pl store DIR	stores, commits, says so, and waits to be killed
#	store_gdbm.pl check DIR	says what is there
use strict;
use warnings;
use GDBM_File;

my ($what, $directory) = @ARGV;
my %store;
my $store = tie(%store, 'GDBM_File', "$directory/gdbm", $what eq 'store' ? GDBM_WRCREAT : GDBM_READER, 0644)
	or die "gdbm: $!";
$| = 1;
if ($what eq 'store') {
	$store{"key $_"} = "value $_ " x 20 for 1 .. 300;
	$store->sync() and die "sync: $!";
	print "committed\n";
	<STDIN>;
} else {
	my $right = grep { ($store{"key $_"} // '') eq "value $_ " x 20 } 1 .. 300;
	print "$right right of ", scalar(keys %store), "\n";
}
