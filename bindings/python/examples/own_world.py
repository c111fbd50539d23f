# SPDX-License-Identifier: LGPL-2.1-or-later
"""500 guests whose world is Python's: libballoon decides, Python is the hypervisor.

    own_world.py [--brief]        PYTHONPATH=BUILD/python for a library not installed

Each guest wants memory by a rhythm of its own. The host could give all of them two
thirds of what they were sold. The columns of one sheet are the world; no object is
made per guest and beat."""
import math
import sys
from typing import List

import balloon

MIB, GIB, SECOND = 1 << 20, 1 << 30, 10**9
GUESTS = 500
DOWN, UP = 128 * MIB, 1024 * MIB  # a balloon moves so much in a second


class World(balloon.Backend):
    name = "rhythm"

    def __init__(self) -> None:
        self.sizes = [(1 + place % 8) * GIB for place in range(GUESTS)]
        self.actual = list(self.sizes)
        self.targets = list(self.sizes)
        self.sheet = balloon.Sheet(GUESTS, total_bytes=sum(self.sizes) + 64 * GIB)
        self.unmet = self.orders = 0
        for place, row in enumerate(self.sheet.guests):
            row.key, row.name, row.size_bytes = place + 1, f"vm{place:03}", self.sizes[place]

    def wants(self, second: float) -> List[int]:
        return [int(size * (0.35 + 0.25 * math.sin(second / (90 + place) + place)))
                for place, size in enumerate(self.sizes)]

    def move(self) -> None:
        """What guests have follows what they were told."""
        self.actual = [max(has - DOWN, told) if told < has else min(has + UP, told)
                       for has, told in zip(self.actual, self.targets)]

    def observe(self, now_ns: int) -> balloon.Sheet:
        self.move()
        wants = self.wants(now_ns / SECOND)
        self.unmet += sum(max(0, want - has) for want, has in zip(wants, self.actual)) >> 20
        guests = self.sheet.guests
        guests.set_column("actual_bytes", self.actual)
        guests.set_column("total_bytes", self.actual)
        guests.set_column("available_bytes",
                          [max(0, has - want) for has, want in zip(self.actual, wants)])
        guests.set_column("serial", [now_ns] * GUESTS)
        self.sheet.available_bytes = (self.sheet.total_bytes or 0) - sum(self.actual)
        return self.sheet

    def order(self, now_ns: int, orders: balloon.Rows[balloon.Order]) -> None:
        for order in orders:
            self.targets[order.key - 1] = order.target_bytes
        self.orders += len(orders)


def main() -> None:
    beats = 60 if "--brief" in sys.argv else 600
    world = World()
    budget = sum(world.sizes) * 2 // 3
    policy = balloon.Policy(
        profile="lending", budget_bytes=budget,
        fallback=balloon.Allocation(reservation_bytes=256 * MIB),
        guests={f"vm{place:03}": balloon.Allocation(shares=4000) for place in range(0, GUESTS, 10)})
    with balloon.Host(world, policy=policy) as host:
        for beat in range(beats):
            host.tick(beat * SECOND)
        report, guests = host.report(), host.guests()
        print(host.explain("vm010"))
    told = sum(guests.column("target_bytes"))
    print(f"{report.guests_n} guests, {beats} beats, {world.orders} orders; "
          f"{told / GIB:.0f} of {budget / GIB:.0f} GiB promised, "
          f"{world.unmet / beats:.0f} MiB of demand unmet at a time")
    assert report.guests_n == GUESTS and world.orders and report.clamped == 0


if __name__ == "__main__":
    main()
