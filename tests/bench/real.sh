# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What benches on real guests share: plain QEMU in a group of its own, balloond
# minding it by QMP, and swap for the while. Sourced; judges nothing.
#
#	real_needs COMMAND...          or it skips
#	real_begin PREFIX              names, directories, what guests boot from
#	real_group NAME                a memory group; its directory in REAL_GROUP
#	real_limit BYTES|none          the most memory that it may have
#	real_boot NAME MIB [OPTION]... of QEMU
#	real_wait SECONDS COMMAND...   until it holds
#	real_has NAME MIB              its work got so much
#	real_daemon / real_no_daemon   reads $work/balloond.json
#	real_swap MIB / real_no_swap
#	real_end                       takes down what was put up
#
# A bench that cannot run says so on stderr and exits with 77.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${BALLOON_GUEST_CACHE:-/var/cache/libballoon}
build=${BALLOON_BUILD:-$root/build}
work='' daemon='' swap='' sockets='' REAL_GROUP='' REAL_GROUPS=()
declare -A pid

. "$root/examples/guests/kit.sh"

skip() { echo "SKIP: $*" >&2; exit 77; }
note() { echo "# $*" >&2; }

real_needs() {
	local c
	[ "$(id -u)" = 0 ] || skip "groups and swap need root"
	for c in qemu-system-x86_64 jq cpio cc setpriv python3 "$@"; do
		command -v "$c" >/dev/null || skip "$c is not installed"
	done
	balloond=$(find "$build" -type f -name balloond -perm -u+x 2>/dev/null | head -n 1)
	[ "$balloond" ] || skip "balloond is not built"
	modules=$(find "$build" -name backend-qmp.so 2>/dev/null | head -n 1)
	[ "$modules" ] || skip "the QMP backend is not built"
	modules=$(dirname "$modules")
}

# On a disk: a swap file does not lie in memory.
real_begin() { # PREFIX
	work=$(mktemp -d /var/tmp/balloon-bench.XXXXXX) || exit 1
	trap real_end EXIT
	trap 'exit 130' INT TERM HUP
	kit_init "$1" "$cache" || skip "no guest can be made here; see above"
	kit_sweep
	kit_leaves "$KIT_RUN"
	kit_leaves "$work"
	kit_make_guest --download || skip "no kernel for guests"
	sockets=$KIT_RUN/sockets
	mkdir "$sockets"
}

# -------------------------------------------------------------------------- groups

# Where memory groups are made, and the file that limits one.
real_group_home() {
	local v1 v2
	v1=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	if [ "$v1" ]; then
		home=$v1 limit_file=memory.limit_in_bytes
	elif [ "$v2" ] && echo +memory > "$v2/cgroup.subtree_control" 2>/dev/null; then
		home=$v2 limit_file=memory.max
	else
		skip "there are no memory groups here"
	fi
}

real_group() { # NAME
	real_group_home
	REAL_GROUP=$home/balloon-$1.$$
	mkdir "$REAL_GROUP" || skip "no group can be made in $home"
	REAL_GROUPS+=("$REAL_GROUP")
}

real_limit() { # BYTES|none
	local bytes=$1
	[ "$bytes" = none ] && { [ $limit_file = memory.max ] && bytes=max || bytes=-1; }
	for _ in {1..20}; do # v1 tries a few times to get below it, then says busy
		echo "$bytes" 2>/dev/null > "$REAL_GROUP/$limit_file" && return 0
		sleep 0.2
	done 2>/dev/null
	return 1
}

# -------------------------------------------------------------------------- guests

# As little machine as a guest needs. It ends with this script, however that ends,
# and notes when it was told a target.
real_boot() { # NAME MIB [OPTION]...
	local name=$1 mib=$2
	shift 2
	mkfifo "$KIT_RUN/$name.ear.in" "$KIT_RUN/$name.ear.out" || return 1
	(
		[ -z "$REAL_GROUP" ] || echo $BASHPID > "$REAL_GROUP/cgroup.procs"
		exec setpriv --pdeathsig KILL qemu-system-x86_64 -name "$name" -M pc \
			-accel tcg,tb-size=32 -m "$mib" -display none -nodefaults -no-reboot \
			-kernel "$cache/kernel" -initrd "$cache/initrd" \
			-append "console=ttyS0 quiet panic=-1 nokaslr mitigations=off no_timer_check edd=off
 audit=0 rcupdate.rcu_expedited=1 cryptomgr.notests 8250.nr_uarts=2 work=24" \
			-serial "file:$(kit_console "$name")" \
			-chardev "pipe,id=ear,path=$KIT_RUN/$name.ear" -serial chardev:ear \
			-msg timestamp=on -trace virtio_balloon_to_target \
			-qmp "unix:$sockets/$name.qmp,server=on,wait=off" "$@" {KIT_LOCK}>&-
	) > "$KIT_RUN/$name.log" 2>&1 &
	pid[$name]=$!
}

real_wait() { # SECONDS COMMAND...
	local last=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ $SECONDS -gt $last ] && return 1
		sleep 0.2
	done
}

real_has() { local have; have=$(kit_heard "$1" have_mib); [ "${have:-0}" -ge "$2" ]; }
real_has_at_most() { local have; have=$(kit_heard "$1" have_mib); [ "${have:-9999}" -le "$2" ]; }

# -------------------------------------------------------------------------- daemon

real_daemon() {
	chmod 600 "$work/balloond.json"
	: > "$work/beats"
	BALLOON_BACKEND_DIR=$modules setpriv --pdeathsig TERM "$balloond" \
		--config "$work/balloond.json" --json {KIT_LOCK}>&- > "$work/beats" \
		2>> "$work/balloond.log" &
	daemon=$!
	real_wait 20 real_beats || { tail -n 3 "$work/balloond.log" >&2; return 1; }
}
real_beats() { grep -q '}$' "$work/beats"; }
real_said() { grep '}$' "$work/beats" 2>/dev/null | tail -n 1 | jq -r "$1" 2>/dev/null; }

real_no_daemon() {
	[ "$daemon" ] || return 0
	kill -TERM "$daemon" 2>/dev/null
	wait "$daemon"
	daemon=''
}

# ---------------------------------------------------------------------------- swap

real_swap() { # MIB
	swap=$work/swap
	[ -f "$swap" ] || { dd if=/dev/zero of="$swap" bs=1M count="$1" status=none &&
		chmod 600 "$swap" && mkswap "$swap" >/dev/null 2>&1; } || return 1
	swapon "$swap" 2>/dev/null
}

real_no_swap() { [ -z "$swap" ] || swapoff "$swap" 2>/dev/null; return 0; }

real_end() {
	local g
	trap '' INT TERM HUP
	real_no_daemon
	[ ${#pid[@]} -gt 0 ] && kill -9 "${pid[@]}" 2>/dev/null && wait "${pid[@]}" 2>/dev/null
	real_no_swap
	for g in "${REAL_GROUPS[@]}"; do
		for _ in {1..50}; do rmdir "$g" 2>/dev/null && break; sleep 0.1; done
	done
	[ "${BALLOON_TEST_KEEP:-}" ] && cp "$KIT_RUN"/*.console "$KIT_RUN"/*.log "$work" &&
		note "kept in $work" && work=''
	kit_end
	[ "$work" ] && rm -rf "$work"
}
