# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the story in tests/xen/story is told with: guests, witnesses, the daemon
# and waiting for it. Sourced in dom0 of the test bed. The one emulated processor
# is the guests' too: what is asked often starts no program.

passed=0 failed=0 daemon='' witness='' beats_of=beats.0 orders=0
xl=/usr/lib/xen-4.17/bin/xl # not the wrapper: a third of a second a call

# ----------------------------------------------------------------------- verdict

note() { local up; read -r up _ < /proc/uptime; echo "# $up $*"; }

check() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok - $text"
	else
		failed=$((failed + 1))
		echo "not ok - $text"
		note "l1 $(actual l1) MiB $(of l1 state)/$(of l1 reason), l2 $(actual l2) MiB" \
			"$(of l2 state)/$(of l2 reason), x1 $(actual x1) MiB $(of x1 state)"
	fi
}

give_up() { echo "not ok - $*"; exit 1; }

# ------------------------------------------------------------------------ guests

declare -A id
boot_options="console=hvc0 quiet loglevel=5 mitigations=off" # 5: deaths for want of memory

for_long() { # COMMAND...: for two minutes of dom0's own time
	local i
	for ((i = 0; i < 240; i++)); do
		"$@" > /dev/null 2>&1 && return 0
		sleep 0.5
	done
	return 1
}

tell() { xenstore-write "/local/domain/${id[$1]}/data/$2" "$3"; }
heard() { timeout 20 xenstore-read "/local/domain/${id[$1]}/data/$2" 2>/dev/null; }
spoke() { [ "$(heard "$1" updated)" ]; }
is_idle() { local have; have=$(heard "$1" have); [ "${have:-99}" -le 16 ]; }
works_on() { local have; have=$(heard "$1" have); [ "${have:-0}" -ge "$2" ]; }

# Their work lets go of memory at the end of its round: who goes on before that
# has busy guests, not idle ones.
all_idle() {
	tell l1 work 16
	tell l2 work 16
	for_long is_idle l1 && for_long is_idle l2
}

make_xl() { # NAME MIB [KERNEL_OPTION [XL_OPTION]]
	cat > "$work/$1.cfg" <<-C
	name = "$1"
	type = "$kind"
	kernel = "$bed/guest-kernel"
	ramdisk = "$bed/guest.cpio"
	extra = "$boot_options ${3-}"
	memory = $2
	maxmem = $2
	vcpus = 1
	on_crash = "destroy"
	C
	"$xl" create -q ${4-} "$work/$1.cfg" || return 1
	id[$1]=$("$xl" domid "$1")
}

make_virt() { # NAME MIB
	cat > "$work/$1.xml" <<-C
	<domain type='xen'>
	  <name>$1</name>
	  <memory unit='MiB'>$2</memory>
	  <vcpu>1</vcpu>
	  <os>
	    <type arch='x86_64' machine='xenpv'>linux</type>
	    <kernel>$bed/guest-kernel</kernel>
	    <initrd>$bed/guest.cpio</initrd>
	    <cmdline>$boot_options</cmdline>
	  </os>
	  <on_poweroff>destroy</on_poweroff>
	  <on_reboot>destroy</on_reboot>
	  <on_crash>destroy</on_crash>
	  <devices><console type='pty'><target type='xen' port='0'/></console></devices>
	</domain>
	C
	virsh -q -c xen:///system create "$work/$1.xml" > /dev/null || return 1
	id[$1]=$("$xl" domid "$1")
}

# Its Xen driver alone: the others cost seconds. Without PolicyKit, as root.
start_libvirtd() {
	mkdir -p "$work/drivers"
	cp -n /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_libxl.so \
		"$work/drivers/"
	cat > "$work/libvirtd.conf" <<-C
	auth_unix_ro = "none"
	auth_unix_rw = "none"
	log_outputs = "3:file:$work/libvirtd.log"
	C
	LIBVIRT_DRIVER_DIR=$work/drivers libvirtd -d -f "$work/libvirtd.conf" \
		-p /run/libvirtd.pid && for_long virsh -q -c xen:///system version
}

# --------------------------------------------------------------------- witnesses

watched="l1 l2 x1"

# One line for each guest, as judge.awk wants it, and the last of each in a file of
# its own. A guest's own figure is looked at after the hypervisor's.
look() {
	local now rest name mem state here=" "
	read -r now _ < /proc/uptime
	while read -r name _ mem _ state _; do
		[[ " $watched " == *" $name "* ]] || continue
		case $state in --p*) state=paused ;; *) state=running ;; esac
		rest=$(heard "$name" meminfo_total)
		echo "seen $now $name $state $((mem * 1024)) ${rest:--}"
		echo "$((mem * 1024)) ${rest:-0}" > "$work/now.$name"
		here+="$name "
	done < <("$xl" list 2>/dev/null)
	for name in $watched; do
		[[ $here == *" $name "* ]] || : > "$work/now.$name"
	done
}

bounds() { echo "guest $1 $(($2 * 1024)) $(($3 * 1024)) $(($3 * 1024))"; }

watch_all() {
	while [ ! -e "$work/witnessed" ] && kill -0 $$ 2>/dev/null; do
		look
		sleep 1
	done
}

# Guests that the hypervisor saw getting larger or smaller.
moved_guests() {
	awk '$1 == "seen" { if ($3 in had && had[$3] != $5) moved[$3]; had[$3] = $5 }
		END { for (name in moved) n++; print n + 0 }' "$work/witness"
}

# The most that l1 and l2 had together since then, in MiB.
most_since() { # UPTIME
	awk -v from="$1" '$1 == "seen" && ($3 == "l1" || $3 == "l2") {
			had[$3] = $5
			if ($2 >= from && had["l1"] + had["l2"] > most)
				most = had["l1"] + had["l2"]
		} END { print int(most / 1024) }' "$work/witness"
}

# In MiB, and what it sees itself in KiB; 0 if it is not there. A file that is being
# written is empty for a moment.
now_of() { # GUEST
	local i kib=0 own=0
	for i in 1 2; do
		read -r kib own < "$work/now.$1" && break
		sleep 0.2
	done 2>/dev/null
	echo "$((${kib:-0} / 1024)) ${own:-0}"
}
actual() { local a; read -r a _ < <(now_of "$1"); echo "$a"; }
total() { local a; read -r _ a < <(now_of "$1"); echo "$a"; }

# ------------------------------------------------------------------------ daemon

write_config() { # URI [BUDGET_MIB]
	local budget=''
	uri=$1
	[ "${2-}" ] && budget="\"budget\": \"$2MiB\","
	cat > "$work/balloond.json" <<-JSON
	{ "uri": "$uri", "interval_ms": 1000, "profile": "balanced", $budget
	  "socket": "$work/balloond.sock", "on_stop": "release",
	  "tuning": { "boot_ms": 1000, "settle_ms": 2000, "fast_ms": 1000, "slow_ms": 2000,
	              "stuck_ms": 5000, "pressed_pct": 12 },
	  "guests": {
	    "l1": { "reservation": "${reservation_mib}MiB" },
	    "l2": { "reservation": "${reservation_mib}MiB" },
	    "x1": { "reservation": "${small_reservation_mib}MiB" },
	    "x2": { "reservation": "${small_reservation_mib}MiB" } } }
	JSON
	chmod 600 "$work/balloond.json"
}

start_daemon() {
	beats_of=$work/beats.$((${beats_of##*.} + 1))
	: > "$beats_of" # there before anybody counts its lines
	BALLOON_BACKEND_DIR=$bin LD_LIBRARY_PATH=$bin "$bin/balloond" \
		--config "$work/balloond.json" --json > "$beats_of" 2>> "$work/balloond.log" &
	daemon=$!
}

ctl() { "$bin/balloonctl" -s "$work/balloond.sock" "$@" 2>&1; }

lines() { wc -l < "$beats_of"; } # whole lines; the last may be half written

last_beat() { tail -n 2 "$beats_of" 2>/dev/null | grep '}$' | tail -n 1; }
of() { last_beat | jq -r --arg g "$1" --arg f "$2" '.guests[] | select(.name == $g) | .[$f]'; }
of_host() { last_beat | jq -r --arg f "$1" '.host[$f]'; }

# Waits for a condition for N beats of the daemon. A daemon without beats is
# given up after N + 90 s: that is a dead one, not a slow one.
within() { # BEATS COMMAND...
	local from last=$((SECONDS + $1 + 90)) n=$1
	shift
	from=$(lines)
	while ! "$@"; do
		[ $(($(lines) - from)) -gt "$n" ] && return 1
		[ $SECONDS -gt $last ] && return 1
		sleep 0.5
	done
}

beats_since() { [ $(($(lines) - $1)) -ge "$2" ]; }
beats_go_on() { # N
	local from
	from=$(lines)
	within "$1" beats_since "$from" "$1"
}

stop_daemon() { # leaves its exit code in rc
	kill -TERM "$daemon"
	wait "$daemon"
	rc=$?
	daemon=''
}

# Orders that it gave in all its lives.
count_orders() {
	local file n
	for file in "$work"/beats.*; do
		n=$(tail -n 2 "$file" | grep '}$' | tail -n 1 | jq -r .host.orders)
		orders=$((orders + ${n:-0}))
	done
}

# -------------------------------------------------------------------- conditions

at_most() { local a; a=$(actual "$1"); [ "$a" -gt 0 ] && [ "$a" -le "$2" ]; }
at_least() { [ "$(actual "$1")" -ge "$2" ]; }
fit() { at_least l1 1 && at_least l2 1 && [ $(($(actual l1) + $(actual l2))) -le "$1" ]; }
is() { [ "$(of "$1" "$2")" = "$3" ]; }
says() { [[ $(of "$1" note) == *"$2"* ]]; }
sees() { [ "$(of "$1" name)" = "$1" ]; }
sees_not() { ! sees "$1"; }
log_says() { grep -q "$1" "$work/balloond.log"; }
claimed() { [ "$(of_host claimed_bytes)" = $(($1 << 20)) ]; }

# The guest sees what the hypervisor says it has, less what its kernel keeps. xl
# rounds down to a mebibyte, and a batch of the driver is another.
agrees() { # GUEST
	local diff=$(($(actual "$1") * 1024 - $(total "$1") - kept))
	[ ${diff#-} -le 2048 ]
}

# Its ceiling lies a mebibyte above its target: whatever it asks for.
is_held_at() { # GUEST MIB
	local i
	for i in {1..6}; do
		sleep 1
		[ "$(actual "$1")" -gt $(($2 + 2)) ] && return 1
	done
	return 0
}
