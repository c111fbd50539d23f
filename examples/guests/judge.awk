# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Judges a run by what witnesses saw, never by what the arbiter says of itself.
# Two witnesses per guest: libvirt (actual) and the guest's own console
# (MemTotal, which is size less what its kernel keeps, and moves with the
# balloon to the page). Reads, in this order,
#
#	guest NAME RESERVATION_KIB LIMIT_KIB SIZE_KIB
#	seen TIME_S NAME STATE ACTUAL_KIB TOTAL_KIB	(- where not known)
#
# the first "seen" before any balloon moved, and prints one line of key=value. A
# violation is an episode, not a sample: below the reservation after having been
# at it or above; above the limit for longer than SETTLE seconds (-v settle=10),
# the time an order may take.

BEGIN {
	if (settle == "")
		settle = 10
	# A MemTotal read while the balloon works may be some pages off: the kernel
	# counts a batch of 256 pages (1 MiB) before the host has heard of it.
	slack = 1024
}

$1 == "guest" {
	reservation[$2] = $3; limit[$2] = $4; size[$2] = $5
	next
}

function below(eye, name, kib) {
	if (kib >= reservation[name]) {
		been[eye, name] = 1
		under[eye, name] = 0
		return
	}
	if (been[eye, name] && !under[eye, name]) {
		reservation_violations++
		under[eye, name] = 1
		detail = detail sprintf("%s:%s=%dKiB<%d@%s ", eye, name, kib, reservation[name], $2)
	}
}

function above(eye, name, kib, now) {
	if (kib <= limit[name]) {
		since[eye, name] = ""
		over[eye, name] = 0
		return
	}
	if (since[eye, name] == "")
		since[eye, name] = now
	if (now - since[eye, name] > settle && !over[eye, name]) {
		limit_violations++
		over[eye, name] = 1
		detail = detail sprintf("%s:%s=%dKiB>%d@%s ", eye, name, kib, limit[name], $2)
	}
}

$1 == "seen" && ($3 in size) {
	now = $2; name = $3; state[name] = $4
	if (first == "")
		first = now
	last = now
	if ($5 != "-") {
		samples++
		if (name in actual)
			moved += actual[name] > $5 ? actual[name] - $5 : $5 - actual[name]
		actual[name] = $5
		below("libvirt", name, $5)
		above("libvirt", name, $5, now)
	}
	if ($6 != "-") {
		heard++
		if (!(name in kernel))
			kernel[name] = size[name] - $6
		below("guest", name, $6 + kernel[name] + slack)
		above("guest", name, $6 + kernel[name] - slack, now)
	}
}

END {
	for (name in size)
		if (state[name] != "running")
			lost++
	printf "seconds=%d samples=%d heard=%d moved_mib=%d reservation_violations=%d " \
	       "limit_violations=%d guests_lost=%d\n", last - first, samples, heard,
	       moved / 1024, reservation_violations, limit_violations, lost
	if (detail != "")
		print "judge: " detail > "/dev/stderr"
}
