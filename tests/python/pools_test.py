# SPDX-License-Identifier: LGPL-2.1-or-later
"""The division down a tree of pools, through a whole beat, against the slow reference:
the same solve from the top, a pool being a guest with the sums of its members (design.md,
section 6). What guests bring in (need for active memory) is read from the library's own
reports; what they get is not.

    pools_test.py [--cases N] [--seed S]      the last line as entitle_test.py's"""
import argparse
import json
import sys

try:
    from hypothesis import HealthCheck, given, note, seed, settings
    from hypothesis import strategies as st
except ImportError:
    print("skip: there is no Hypothesis (apt-get install python3-hypothesis)")
    sys.exit(77)

import balloon
import reference
from kit import MIB, SECOND

PAGE = balloon.PAGE_BYTES
TAX = 7500
count = {"cases": 0, "bad": 0}

AMOUNT = st.integers(0, 4096)
MAYBE = st.one_of(st.none(), AMOUNT)
SHARES = st.sampled_from([1, 500, 1000, 2000, 4000])
POOL = st.tuples(AMOUNT, SHARES, MAYBE, MAYBE)  # parent, shares, reservation, limit
GUEST = st.tuples(AMOUNT, SHARES, AMOUNT, AMOUNT, AMOUNT)  # pool, shares, size, active, reservation
CASE = st.tuples(st.lists(POOL, max_size=4), st.lists(GUEST, min_size=1, max_size=6), AMOUNT)


class Still(balloon.Backend):
    """Guests that have all of their memory, and what they use of it is known."""

    def __init__(self, guests, total):
        self.sheet = balloon.Sheet(len(guests), total_bytes=total, available_bytes=total // 2)
        for place, (row, (size, active)) in enumerate(zip(self.sheet.guests, guests)):
            row.key, row.name, row.serial = place + 1, f"g{place}", 1
            row.size_bytes = row.actual_bytes = row.total_bytes = size
            row.active_bytes, row.available_bytes = active, size - active

    def observe(self, now_ns):
        return self.sheet

    def order(self, now_ns, orders):
        pass


def build(drawn):
    """Pools and guests that a policy can hold: limits above reservations."""
    pools, guests, budget = drawn
    tree = []
    for place, (parent, shares, least, most) in enumerate(pools):
        least = None if least is None else least * MIB
        most = None if most is None else max(most, 1) * MIB
        if least is not None and most is not None:
            least = min(least, most)
        above = parent % (place + 1)
        tree.append(balloon.Pool(f"p{place}", f"p{above - 1}" if above else None, shares,
                                 least, most, expandable=True))
    rows, allowed = [], {}
    for place, (pool, shares, size, active, least) in enumerate(guests):
        size = (size + 64) * MIB
        rows.append((size, active * MIB % size))
        inside = pool % (len(tree) + 1)
        allowed[f"g{place}"] = balloon.Allocation(
            shares, least * MIB % size // 4, None, f"p{inside - 1}" if inside else None)
    return tree, rows, allowed, (budget + 64) * len(rows) * MIB // 2


def members(name, tree, claimants):
    """Of a pool (None: the root): pools with what is below them, and guests."""
    below = []
    for pool in tree:
        if pool.parent == name:
            inner = members(pool.name, tree, claimants)
            # Members' reservations stand above the pool's limit, and what they can
            # use at most above the pool's own reservation.
            floor = sum(c.least for c, _ in inner)
            most = sum(c.most for c, _ in inner)
            if pool.limit_bytes is not None:
                most = min(most, pool.limit_bytes)
            most = max(most, floor)
            one = reference.Claimant(pool.shares, min(most, sum(c.active for c, _ in inner)),
                                     max(floor, min(pool.reservation_bytes or 0, most)), most)
            below.append((one, inner))
    return below + [(claimant, guest) for claimant, guest, inside in claimants if inside == name]


def descend(below, capacity, ret):
    granted = reference.divide([c for c, _ in below], capacity, TAX)
    for share, (_, inner) in zip(granted, below):
        if isinstance(inner, str):
            ret[inner] = share
        else:
            descend(inner, share, ret)
    return ret


def check(drawn):
    tree, rows, allowed, budget = build(drawn)
    profile = balloon.profile("balanced")
    profile.tax_bp, profile.flags = TAX, 0
    profile.balloon_max_bp, profile.pool_bp = 10000, 0
    policy = balloon.Policy(profile, budget, 0, guests=allowed, pools=tree)
    try:
        host = balloon.Host(Still(rows, 4 * sum(size for size, _ in rows)), policy=policy)
    except balloon.BalloonError:
        return False  # members reserve more than their pools may
    with host:
        host.tick(SECOND)
        guests, report = host.guests(), host.report()
    claimants = [(reference.Claimant(g.shares, min(g.need_bytes, g.limit_bytes),
                                     g.reservation_bytes, g.limit_bytes),
                  g.name, allowed[g.name].pool) for g in guests]
    below = members(None, tree, claimants)
    if sum(c.least for c, _ in below) > report.capacity_bytes:
        return False
    want = descend(below, report.capacity_bytes, {})
    depth = len(tree) + 1  # each floor may round once
    for guest in guests:
        off = abs(guest.entitlement_bytes - want[guest.name])
        assert off < depth * PAGE, (f"{guest.name} of {allowed[guest.name].pool} gets "
                                    f"{guest.entitlement_bytes}, not {float(want[guest.name])}")
    return True


def properties(cases, start):
    @seed(start)
    @settings(max_examples=cases, deadline=None, database=None, report_multiple_bugs=False,
              suppress_health_check=list(HealthCheck))
    @given(CASE)
    def run(drawn):
        note(repr(build(drawn)))
        count["cases"] += check(drawn)
    return run


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--cases", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    try:
        properties(options.cases, options.seed)()
    except AssertionError as error:
        count["bad"] += 1
        print(f"counterexample: {error}", file=sys.stderr)
    print(json.dumps({"hypothesis_cases": count["cases"], "counterexamples": count["bad"]}))
    return 0 if count["cases"] > options.cases // 2 and not count["bad"] else 1


if __name__ == "__main__":
    sys.exit(main())
