# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of the machine room share: messages, the cache, and the way into the root.
#
# The cache is outside the checkout and belongs to root. Each costly thing in it is a directory
# NAME-KEY, where KEY is a hash of all that it was made from. It is filled under another name and
# renamed when it is complete, so what bears its final name is whole; it is never changed afterwards.

umask 022
export LC_ALL=C.UTF-8
{ : <&0; } 2>/dev/null || exec </dev/null	# a closed stdin must not become somebody's file
cache=$(realpath -m "${VM_MAP_SYNC_CACHE:-/var/cache/vm_map_sync}")
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
logs=$cache/log
[ -z "${GUEST-}" ] || logs=$top/build/log	# in the root, where the cache cannot be written to
me=$(realpath "$0")
me=${me#"$top"/}

say() { echo "$*" >&2; }
die() { say "$me: $*"; exit 1; }

# The scripts that fill or enter the cache need root. An ordinary user gets there through sudo, and
# is told why first.
become_root() {
	[ "$(uname -m)" = x86_64 ] || die "the virtual machine is an x86_64 one and so must be this host, which is $(uname -m)"
	if [ "$(id -u)" = 0 ]; then
		unshare --mount true 2>/dev/null ||
			die "this root may not mount anything, as in a container without CAP_SYS_ADMIN: give it that, or run this outside"
		return
	fi
	command -v sudo >/dev/null ||
		die "this needs root: run it as root, or install sudo and allow $(id -un) to use it"
	say "$me uses sudo: to install mmdebstrap if it is missing, to fill the cache $cache with a" \
		"Debian root and a kernel, and to enter that root (chroot). What is built belongs to $(id -un)."
	sudo -n true 2>/dev/null || { : >/dev/tty; } 2>/dev/null ||
		die "sudo asks for a password and there is no terminal to type it: run this as root, or allow sudo without a password"
	exec sudo env "VM_MAP_SYNC_CACHE=$cache" ${CI:+"CI=$CI"} ${TERM:+"TERM=$TERM"} \
		${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
		"$top/$me" "$@"
}

# step TEXT COMMAND...: one long step. Says what it does and, when it ends, how long it took. Its
# output goes to a log; when it fails, the reason is given in one sentence if the log shows one of the
# usual ones, and with its last lines otherwise. COMMAND is one command: "set -e" does not hold in a function
# here.
step() {
	local text=$1 from=$SECONDS log why
	shift
	log=$logs/$(basename "$0")
	mkdir -p "$logs"
	say "$me: $text ..."
	if "$@" >"$log" 2>&1 </dev/null; then
		say "$me: ... done in $((SECONDS - from)) s"
		return
	fi
	if grep -q 'No space left on device' "$log"; then
		why="no disk space is left under $cache"
	elif grep -qE 'Unable to locate package|has no installation candidate|unmet dependencies' "$log"; then
		why="a package cannot be installed: $(sed -nE '/Unable to locate|no installation cand|^ .* : (Pre)?Depends/{
			s/^[E: ]*//; p; q }' "$log")"
	elif grep -qE 'Temporary failure|Could not (resolve|connect)|Failed to fetch|Network is unreach|(un|not )able to connect' "$log"; then
		why="the Debian archive cannot be reached: is there a network?"
	else
		why=$(sed -n 's/^error: //p' "$log" | head -n 1)
		tail -n 20 "$log" | sed 's/^/    | /' >&2
	fi
	die "$text: ${why:-it failed} (the whole log: $log)"
}

# key TEXT...: the hash that names what is made from all of the TEXTs.
key() { printf '%s\n' "$@" | sha256sum | cut -c 1-12; }

# hold DIR: keeps a complete directory of the cache from being removed while this process or a child
# of it lives. Fails if the directory is not there (any more).
hold() {
	local fd
	{ exec {fd}<"$1"; } 2>/dev/null || return 1
	flock --shared "$fd"
	[ "$1" -ef "/proc/self/fd/$fd" ]	# it may have been removed meanwhile
}

# lock: from here until it exits this is the only run of its script, each of which makes the things
# that bear its name, that changes them.
lock() {
	[ -z "${locked-}" ] || return 0
	mkdir -p "$cache" 2>/dev/null || die "the cache $cache cannot be made: set VM_MAP_SYNC_CACHE to another place"
	exec {locked}>"$cache/$(basename "$0").lock" || die "$cache cannot be written to"
	flock --nonblock "$locked" || { say "$me: another run is making that; waiting for it"; flock "$locked"; }
}

# begin DIR MEGABYTES: makes ready for filling $new, which is to become DIR. Fails, so that there is
# nothing to do, if another run has filled it while this one waited for its turn.
begin() {
	local free
	lock
	rm -rf --one-file-system "${1%-*}"-*.new	# of a run that died
	! hold "$1" || return 1
	free=$(df --output=avail -B 1M "$cache" | tail -n 1)
	[ "$free" -ge "$2" ] ||
		die "$cache needs $2 MB of disk space and has $((free)) MB: make room, or set VM_MAP_SYNC_CACHE to another place"
	new=$1.new
	mkdir "$new" || die "$new cannot be made"
}

# finish DIR: what begin made ready is complete. Its predecessors go, unless somebody holds them.
finish() {
	local old fd
	mv "$new" "$1"
	hold "$1"
	for old in "${1%-*}"-*; do
		[ "$old" != "$1" ] || continue
		exec {fd}<"$old"
		! flock --nonblock "$fd" || rm -rf --one-file-system "$old"
		exec {fd}<&-
	done
}

# apart COMMAND...: runs it in namespaces of its own for mounts and processes: nothing that it
# mounts or starts outlives it, or this shell, however they end.
apart() {
	setpriv --pdeathsig KILL unshare --mount --mount-proc --pid --fork --kill-child -- \
		env --default-signal=INT,QUIT "$@" <&0 &
	wait $!
}

# inside ROOT USER:GROUP[:GROUPS] DIR... -- COMMAND...: runs it in ROOT, which is read only, as that
# user and with an empty environment. The DIRs are seen there under their own names.
inside() {
	# shellcheck disable=SC2016	# it is for the inner shell to expand
	apart bash -euc '
		root=$1 who=$2
		shift 2
		mount --bind "$root" "$root"
		dirs=()
		while [ "$1" != -- ]; do dirs+=("$1"); mkdir -p "$root$1"; shift; done
		shift
		cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
		mount -o remount,bind,ro "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		for dir in ${dirs+"${dirs[@]}"}; do
			mkdir -p "$root$dir"
			mount --rbind "$dir" "$root$dir"
		done
		IFS=: read -r user group groups <<<"$who"
		chroot --userspec="$user:$group" --groups="$groups" "$root" \
			env -i PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 "$@"
	' bash "$@"
}
