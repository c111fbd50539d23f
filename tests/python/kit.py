# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Python tests share: a world that is Python's."""
import errno

import balloon

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SECOND = 10**9


class Room(balloon.Backend):
    """Guests that have at once what they are told, on a host of total_bytes."""

    def __init__(self, guests=3, total_bytes=2 * GIB, size_bytes=GIB, active_bytes=256 * MIB):
        self.sheet = balloon.Sheet(guests, total_bytes=total_bytes, available_bytes=total_bytes)
        self.told = {}
        self.opened = self.closed = 0
        for place, row in enumerate(self.sheet.guests):
            row.key, row.name = place + 1, f"g{place + 1}"
            row.uuid = f"00000000-0000-0000-0000-{place + 1:012}"
            row.size_bytes, row.active_bytes, row.serial = size_bytes, active_bytes, 0
            row.actual_bytes = row.total_bytes = total_bytes // 4
            row.available_bytes = total_bytes // 8

    def open(self, uri):
        self.opened += 1

    def close(self):
        self.closed += 1

    def observe(self, now_ns):
        used = sum(self.sheet.guests.column("actual_bytes"))
        self.sheet.available_bytes = max(0, self.sheet.total_bytes - used)
        self.sheet.guests.set_column("serial", [now_ns] * len(self.sheet.guests))
        return self.sheet

    def order(self, now_ns, orders):
        for order in orders:
            if not 0 < order.key <= len(self.sheet.guests):
                order.rc = -errno.ESRCH
                continue
            row = self.sheet.guests[order.key - 1]
            row.actual_bytes = row.total_bytes = order.target_bytes
            row.available_bytes = min(row.available_bytes, row.total_bytes)
            self.told[order.key] = order.target_bytes


def beats(host, n, start=0):
    for beat in range(start, start + n):
        host.tick((beat + 1) * SECOND)
