# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other arbiters in the same world: guests of a recording, or of one made up, on the
simulated host; libballoon's profiles beside policies of a few lines of Python.

    compare.py [FOLDER] [--ratio R] [--guests N] [--hours H] [--brief]

FOLDER has STEM-active-mib.csv[.gz] and STEM-provisioned-mib.csv. The host can give one
Rth of what the guests were sold. PYTHONPATH=BUILD/python for a library not installed."""
import argparse
import random
from typing import Callable, Dict, List

import balloon

MIB, GIB, SECOND = 1 << 20, 1 << 30, 10**9
BEAT = 10 * SECOND
Decide = Callable[[balloon.Sheet, int], Dict[int, int]]


class World:
    """What is simulated again for each arbiter."""

    def __init__(self, given: argparse.Namespace, hours: float) -> None:
        self.given, self.hours = given, hours
        self.sold = self.capacity = 0
        with self.make(balloon.BYTES_MAX // 4) as scout, balloon.Attachment(scout) as eyes:
            sheet = eyes.observe(0)
            self.guests = len(sheet.guests)
            self.sold = sum(sheet.guests.column("size_bytes"))
        self.capacity = self.sold // int(given.ratio)

    def make(self, total_bytes: int) -> balloon.Sim:
        sim = balloon.Sim(total_bytes, capacity_bytes=self.capacity or None, seed=1)
        if self.given.folder:
            sim.add_traces(self.given.folder, guests_max=self.given.guests)
        else:
            made_up(sim, self.given.guests, self.hours, int(self.given.ratio))
        return sim

    def again(self) -> balloon.Sim:
        return self.make(2 * self.sold)


def made_up(sim: balloon.Sim, guests: int, hours: float, ratio: int) -> None:
    """Demand that jumps, and stays for a while."""
    draw = random.Random(11)
    for number in range(guests):
        size = draw.choice((2, 4, 8, 16)) * GIB
        sim.add(f"vm{number}", size, actual_bytes=size // ratio).set_trace(
            [(minutes * 60 * SECOND, int(size * draw.betavariate(0.6, 12)))
             for minutes in range(0, int(hours * 60) + 1, 5)])


# ------------------------------------------------- arbiters, in Python


def floor_of(guest: balloon.Sample) -> int:
    return 64 * MIB + (guest.size_bytes or 0) // 50


def by_size(sheet: balloon.Sheet, capacity: int) -> Dict[int, int]:
    """Everybody the same part of what it was sold."""
    sold = sum(guest.size_bytes or 0 for guest in sheet.guests)
    return {guest.key: (guest.size_bytes or 0) * capacity // sold for guest in sheet.guests}


def by_use(sheet: balloon.Sheet, capacity: int) -> Dict[int, int]:
    """What each uses and a fifth, and what is over or missing by what each uses."""
    used = {guest.key: max(floor_of(guest), (guest.actual_bytes or 0) - (guest.available_bytes or 0))
            for guest in sheet.guests}
    factor = min(1.2, capacity / max(1, sum(used.values())))
    sizes = {guest.key: guest.size_bytes or 0 for guest in sheet.guests}
    return {key: min(sizes[key], int(use * factor)) for key, use in used.items()}


def by_entitlement(sheet: balloon.Sheet, capacity: int) -> Dict[int, int]:
    """libballoon's division alone, without its beat: told at once, whatever is free."""
    guests = list(sheet.guests)
    used = [(guest.actual_bytes or 0) - (guest.available_bytes or 0) for guest in guests]
    granted = balloon.entitle([(1000, use, floor_of(guest), guest.size_bytes)
                               for guest, use in zip(guests, used)], capacity, 7500)
    return {guest.key: grant // MIB * MIB for guest, grant in zip(guests, granted)}


# -------------------------------------------------------------- running


def run_python(decide: Decide, sim: balloon.Sim, capacity: int, beats: int) -> None:
    with balloon.Attachment(sim) as host:
        for beat in range(beats):
            sheet = host.observe(beat * BEAT)
            told = {row.key: row.actual_bytes for row in sheet.guests}
            targets = decide(sheet, capacity)
            host.order(beat * BEAT, {key: target for key, target in targets.items()
                                     if abs(target - (told[key] or 0)) >= MIB})


def run_profile(name: str, sim: balloon.Sim, capacity: int, beats: int) -> None:
    profile = balloon.profile(name)
    profile.beat_ns = BEAT
    profile.balloon_max_bp = 9900  # the others here know no such limit either
    policy = balloon.Policy(profile=profile, budget_bytes=capacity, reserve_bytes=0,
                            fallback=balloon.Allocation(reservation_bytes=64 * MIB))
    with balloon.Host(sim, policy=policy) as host:
        for beat in range(beats):
            host.tick(beat * BEAT)


def show(name: str, truth: balloon.HostTruth, guests: int, beats: int) -> str:
    hours = guests * beats * BEAT / SECOND / 3600
    return (f"{name:24} {100 * truth.unmet_kib_s / max(1, truth.wants_kib_s):8.3f} "
            f"{truth.moves / hours:8.1f} {truth.reversals / hours:10.1f} "
            f"{truth.promised_over_max_bytes / MIB:12.0f}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folder", nargs="?")
    options.add_argument("--ratio", type=int, default=8)
    options.add_argument("--guests", type=int, default=40)
    options.add_argument("--hours", type=float, default=6)
    options.add_argument("--brief", action="store_true")
    given = options.parse_args()
    hours = 0.5 if given.brief else given.hours
    world, beats = World(given, hours), int(hours * 3600 * SECOND / BEAT)
    lines: List[str] = []
    for name in ("balanced", "lending"):
        with world.again() as sim:
            run_profile(name, sim, world.capacity, beats)
            lines.append(show(f"libballoon, {name}", sim.truth(), world.guests, beats))
    for decide in (by_size, by_use, by_entitlement):
        with world.again() as sim:
            run_python(decide, sim, world.capacity, beats)
            lines.append(show(f"Python, {decide.__name__}", sim.truth(), world.guests, beats))
    print(f"{world.guests} guests, {world.capacity / GIB:.1f} of {world.sold / GIB:.1f} GiB, "
          f"{hours} hours\n"
          f"{'':24} {'unmet %':>8} {'orders':>8} {'reversals':>10} {'MiB over':>12}\n"
          f"{'':24} {'':8} {'per guest and hour':>19}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
