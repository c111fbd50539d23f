# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Functions to boot small real guests under libvirt and to leave the machine as
# it was. Sourced by bash scripts; knows nothing of libballoon.
#
#	kit_init PREFIX CACHE_DIR      names of guests begin with PREFIX
#	trap kit_end EXIT              always: takes down what was put up, also half-way
#	kit_start_libvirt              if it does not run
#	kit_make_guest [--download]    what guests boot from, see mkguest
#	kit_accel                      sets KIT_ACCEL to kvm or tcg, by trial
#	kit_boot NAME MIB [WORK]       a transient domain; WORK as in guest.c; its balloon is
#	                               KIT_BALLOON's, and KIT_DEVICES are added
#	kit_wait_up NAME SECONDS       until it has spoken
#	kit_tell NAME MIB              its work wants so much from now on
#	kit_heard NAME FIELD           the last value of a field that it said, or nothing
#	kit_console NAME               the file of its serial console
#	kit_domain NAME                its libvirt name
#	kit_pid NAME                   of its QEMU
#	kit_daemon_pid NAME            of the system's libvirtd or virtlogd
#	kit_witness                    what libvirt and the guests say now, for judge.awk
#	kit_others                     UUID and KiB of the running guests of others
#	kit_destroy NAME
#	kit_leaves DIR                 a directory to be swept if this run is killed
#	kit_end                        idempotent
#
# Failures return 1 with the sentence on stderr.

KIT_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KIT_URI=qemu:///system
KIT_BALLOON="<memballoon model='virtio' freePageReporting='on'><stats period='1'/></memballoon>"
KIT_DEVICES=
KIT_ACCEL=
KIT_RUN=
KIT_DOMAINS=()
KIT_STARTED=()

kit_say() { echo "kit: $*" >&2; }
kit_virsh() { virsh -q -c "$KIT_URI" "$@"; }
kit_domain() { echo "$KIT_PREFIX$1"; }
kit_console() { echo "$KIT_RUN/$1.console"; }
kit_pid() { cat "/run/libvirt/qemu/$KIT_PREFIX$1.pid" 2>/dev/null; }

# One kit per prefix at a time. What an earlier one left behind because it was
# killed is written down in the ledger, and is taken down now.
kit_init() {
	KIT_PREFIX=$1
	KIT_CACHE=$2
	mkdir -p "$KIT_CACHE" && chmod 755 "$KIT_CACHE" || return 1
	KIT_LEDGER=$KIT_CACHE/$KIT_PREFIX.ledger
	exec {KIT_LOCK}> "$KIT_CACHE/$KIT_PREFIX.lock"
	if ! flock -n "$KIT_LOCK"; then
		kit_say "guests called $KIT_PREFIX* are in use by another run; end that one first"
		return 1
	fi
	KIT_RUN=$(mktemp -d "${TMPDIR:-/tmp}/balloon-guests.XXXXXX") || return 1
	chmod 755 "$KIT_RUN" # QEMU is another user, and reads and writes here
}

kit_sweep() {
	local kind what
	[ -f "$KIT_LEDGER" ] || return 0
	while read -r kind what; do
		case $kind in
		domain) kit_virsh destroy "$what" </dev/null >/dev/null 2>&1 ;;
		dir)    case $what in */balloon-*.??????) rm -rf "$what" ;; esac ;;
		esac
	done < "$KIT_LEDGER"
	rm -f "$KIT_LEDGER"
}

# To be swept by the next run if this one is killed.
kit_leaves() { echo "dir $1" >> "$KIT_LEDGER"; } # DIR, called balloon-*.XXXXXX

kit_up() { timeout 10 virsh -q -c "$KIT_URI" uri >/dev/null 2>&1; }

# A daemon that was not there before is remembered, and stopped at the end.
kit_start_daemon() { # NAME
	local path
	kit_daemon_pid "$1" >/dev/null && return 0
	path=$(PATH=$PATH:/usr/sbin:/sbin command -v "$1") || return 0
	# It outlives this shell's lock and terminal, not its kit.
	"$path" -d {KIT_LOCK}>&- >/dev/null 2>&1 || return 1
	KIT_STARTED+=("$1")
}

kit_start_units() {
	local unit
	for unit in virtlogd.socket libvirtd.socket libvirtd.service; do
		systemctl is-active --quiet "$unit" && continue
		systemctl start "$unit" >/dev/null 2>&1 && KIT_STARTED+=("unit:$unit")
	done
}

kit_start_libvirt() {
	local tries
	if ! kit_up || ! { [ -d /run/systemd/system ] || kit_daemon_pid virtlogd >/dev/null; }; then
		if [ -d /run/systemd/system ]; then
			kit_start_units
		else
			kit_start_daemon virtlogd && kit_start_daemon libvirtd
		fi
		for tries in {1..100}; do
			kit_up && break
			sleep 0.1
		done
	fi
	if ! kit_up; then
		kit_say "libvirt does not answer at $KIT_URI; see its log"
		return 1
	fi
	kit_sweep
	echo "dir $KIT_RUN" > "$KIT_LEDGER"
}

# The system's own, by its pid file: there may be private ones of the same name.
kit_daemon_pid() { # NAME
	local pid
	pid=$(cat "/run/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] &&
		echo "$pid"
}

kit_stop_one() { # NAME
	local pid
	case $1 in
	unit:*) systemctl stop "${1#unit:}" >/dev/null 2>&1; return 0 ;;
	esac
	pid=$(kit_daemon_pid "$1") || return 0
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

kit_stop_libvirt() {
	local i
	[ ${#KIT_STARTED[@]} -gt 0 ] || return 0
	if [ -n "$(kit_virsh list --name 2>/dev/null | tr -d '\n')" ]; then
		kit_say "libvirt was started here, and is left running for the guests of others"
		return 0
	fi
	for ((i = ${#KIT_STARTED[@]} - 1; i >= 0; i--)); do
		kit_stop_one "${KIT_STARTED[i]}"
	done
	KIT_STARTED=()
}

kit_make_guest() { "$KIT_HERE/mkguest" "$@" "$KIT_CACHE"; }

# As little machine as a balloon needs. The translation cache of TCG is by
# default larger than the guest (1 GiB), and three of them more than the host.
kit_xml() { # NAME MIB WORK ACCEL
	local type=kvm tcg=
	if [ "$4" = tcg ]; then
		type=qemu
		tcg="<tcg><tb-cache unit='MiB'>64</tb-cache></tcg>"
	fi
	cat <<-XML
	<domain type='$type'>
	  <name>$KIT_PREFIX$1</name>
	  <memory unit='MiB'>$2</memory>
	  <vcpu>1</vcpu>
	  <os>
	    <type arch='x86_64' machine='pc'>hvm</type>
	    <kernel>$KIT_CACHE/kernel</kernel>
	    <initrd>$KIT_CACHE/initrd</initrd>
	    <cmdline>console=ttyS0 quiet panic=-1 nokaslr mitigations=off no_timer_check edd=off
	 audit=0 rcupdate.rcu_expedited=1 cryptomgr.notests 8250.nr_uarts=2 work=$3</cmdline>
	  </os>
	  <features><acpi/>$tcg</features>
	  <on_poweroff>destroy</on_poweroff>
	  <on_reboot>destroy</on_reboot>
	  <on_crash>destroy</on_crash>
	  <devices>
	    <controller type='usb' model='none'/>
	    <serial type='file'><source path='$KIT_RUN/$1.console'/></serial>
	    <serial type='pipe'><source path='$KIT_RUN/$1.ear'/></serial>
	    $KIT_BALLOON
	    $KIT_DEVICES
	  </devices>
	</domain>
	XML
}

kit_boot_as() { # ACCEL NAME MIB [WORK]
	local error
	mkfifo "$KIT_RUN/$2.ear.in" "$KIT_RUN/$2.ear.out" 2>/dev/null
	chmod 666 "$KIT_RUN/$2.ear.in" "$KIT_RUN/$2.ear.out"
	kit_xml "$2" "$3" "${4:-0}" "$1" > "$KIT_RUN/$2.xml"
	echo "domain $KIT_PREFIX$2" >> "$KIT_LEDGER"
	KIT_DOMAINS+=("$2")
	if ! error=$(kit_virsh create "$KIT_RUN/$2.xml" 2>&1 >/dev/null); then
		kit_say "$KIT_PREFIX$2 does not start: ${error//$'\n'/ }"
		return 1
	fi
}

kit_boot() { kit_boot_as "${KIT_ACCEL:-tcg}" "$@"; }

kit_wait_up() { # NAME SECONDS
	local tries
	for ((tries = 0; tries < $2 * 10; tries++)); do
		grep -aq 'guest t=' "$(kit_console "$1")" 2>/dev/null && return 0
		sleep 0.1
	done
	return 1
}

kit_tell() { timeout 5 sh -c 'echo "$1" > "$2"' sh "$2" "$KIT_RUN/$1.ear.in"; }

# Only whole lines: the guest may be in the middle of one.
kit_heard() { # NAME FIELD
	tail -c 1000 "$(kit_console "$1")" 2>/dev/null | tr -d '\r' |
		awk -v field="$2" '/^guest t=.* oom=[0-9]+$/ { line = $0 }
		END { n = split(line, word, " ")
		      for (i = 1; i <= n; i++)
			if (index(word[i], field "=") == 1) print substr(word[i], length(field) + 2) }'
}

# dominfo asks no monitor: it does not hang with a hung guest, and does not hold
# the job that the arbiter under observation needs. A guest that libvirt does
# not know any more is gone; if libvirt does not answer, there is no witness.
kit_witness() {
	local name commands= now rest seen
	read -r now rest < /proc/uptime
	for name in "${KIT_DOMAINS[@]}"; do
		commands+="dominfo $KIT_PREFIX$name; "
	done
	seen=$(timeout 10 virsh -q -c "$KIT_URI" "uri; $commands" 2>/dev/null)
	[ "$seen" ] || return 0
	for name in "${KIT_DOMAINS[@]}"; do
		rest=$(kit_heard "$name" total_kib)
		awk -v name="$KIT_PREFIX$name" -v now="$now" -v total="${rest:--}" '
			$1 == "Name:" { mine = ($2 == name) }
			$1 == "State:" && mine { state = $2 }
			/^Used memory:/ && mine { actual = $3 }
			END { if (state != "") print "seen", now, name, state, actual, total
			      else print "seen", now, name, "gone - -" }' <<< "$seen"
	done
}

kit_others() {
	local uuid name
	kit_virsh list --uuid --name 2>/dev/null | while read -r uuid name; do
		case $name in ''|"$KIT_PREFIX"*) continue ;; esac
		kit_virsh dominfo "$uuid" < /dev/null 2>/dev/null |
			awk -v uuid="$uuid" '/^Used memory:/ { print uuid, $3 }'
	done
}

kit_destroy() { # NAME
	local i
	kit_virsh destroy "$KIT_PREFIX$1" >/dev/null 2>&1
	for i in "${!KIT_DOMAINS[@]}"; do
		[ "${KIT_DOMAINS[i]}" = "$1" ] && unset "KIT_DOMAINS[i]"
	done
	return 0
}

# /dev/kvm may be there, open and even make a machine, and the guest still hang
# at its first instructions (nested set-ups). Only a guest that spoke proves it.
# Ten seconds: the same guest needs two without hardware virtualization. The
# answer holds until the host boots again.
kit_accel() {
	local boot seen
	boot=$(cat /proc/sys/kernel/random/boot_id)
	seen=$(cat "$KIT_CACHE/accel" 2>/dev/null)
	if [ "${seen% *}" = "$boot" ]; then
		KIT_ACCEL=${seen#* }
		return 0
	fi
	KIT_ACCEL=tcg
	if [ -e /dev/kvm ] && kit_boot_as kvm trial 128 2>/dev/null && kit_wait_up trial 10; then
		KIT_ACCEL=kvm
	fi
	kit_destroy trial
	echo "$boot $KIT_ACCEL" > "$KIT_CACHE/accel"
}

kit_end() {
	local name going=()
	[ "$KIT_RUN" ] || return 0
	for name in "${KIT_DOMAINS[@]}"; do
		kit_virsh destroy "$KIT_PREFIX$name" >/dev/null 2>&1 &
		going+=($!)
	done
	[ ${#going[@]} -gt 0 ] && wait "${going[@]}"
	KIT_DOMAINS=()
	kit_stop_libvirt
	rm -rf "$KIT_RUN" "$KIT_LEDGER"
	KIT_RUN=
	exec {KIT_LOCK}>&-
	rm -f "$KIT_CACHE/$KIT_PREFIX.lock"
}
