# SPDX-License-Identifier: LGPL-2.1-or-later
"""balloon_entitle() against the slow reference, on cases that Hypothesis thinks of.

    entitle_test.py [--cases N] [--seed S]      last line: {"hypothesis_cases": N, "counterexamples": N}

The reference has no pages: the library's numbers are whole, so they may be off by less
than a page, and in sum by nothing. Rules 3 and 4 are asked of it too."""
import argparse
import json
import sys
import unittest
from fractions import Fraction

try:
    from hypothesis import HealthCheck, given, note, seed, settings
    from hypothesis import strategies as st
except ImportError:
    print("skip: there is no Hypothesis (apt-get install python3-hypothesis)")
    sys.exit(77)

import balloon
import reference

PAGE, MIB = balloon.PAGE_BYTES, 1 << 20
count = {"cases": 0, "bad": 0}


# Numbers are drawn plainly and made sense of below: no strategy is built per case,
# which is where Hypothesis would spend its time.
NUMBER = st.integers(0, balloon.BYTES_MAX)
SIZE = st.tuples(st.sampled_from([1, PAGE, MIB]), NUMBER)
MAYBE = st.one_of(st.none(), SIZE)
SHARES = st.one_of(st.integers(0, 3), st.sampled_from([500, 1000, 2000, 4000]),
                   st.integers(0, balloon.SHARES_MAX))
CASE = st.tuples(
    st.sampled_from([1 << 24, 1 << 34, balloon.BYTES_MAX]),
    st.lists(st.tuples(SHARES, MAYBE, MAYBE, MAYBE), min_size=1, max_size=8),
    st.integers(0, 3), st.booleans(), SIZE,
    st.one_of(st.sampled_from([0, 7500, 9999]), st.integers(0, 9999)))


def sized(drawn, most):
    """Whole pages, MiB, or numbers that are none of these; up to most."""
    unit, number = drawn
    return number % (most // unit + 1) * unit


def division(drawn):
    most, rows, alike, within, size, tax = drawn
    claimants = []
    for shares, active, least, limit in rows:
        limit = None if limit is None else sized(limit, most)
        claimants.append((shares, None if active is None else sized(active, most),
                          0 if least is None else sized(least, most if limit is None else limit),
                          limit))
    claimants += [claimants[0]] * alike  # alike in all: whom does the odd page go to?
    low = sum(c[2] for c in claimants)
    high = min(sum(most if c[3] is None else c[3] for c in claimants), balloon.BYTES_MAX)
    if within and low <= high:  # where there is something to decide
        return claimants, low + sized(size, high - low), tax
    return claimants, sized(size, most), tax


def widest(bytes_):
    return balloon.BYTES_MAX if bytes_ is None else bytes_


def exact(claimants, capacity, tax):
    return reference.divide(
        [reference.Claimant(s, widest(a), least, widest(most)) for s, a, least, most in claimants],
        capacity, tax)


def check(case):
    claimants, capacity, tax = case
    got, want = balloon.entitle(claimants, capacity, tax), exact(*case)
    for grant, fraction, (_, _, least, most) in zip(got, want, claimants):
        assert abs(grant - fraction) < PAGE, f"{grant} is not {float(fraction)}"
        assert least <= grant <= widest(most), f"{grant} is out of bounds"
    assert sum(got) == sum(want), "bytes were lost or made"
    return got


def check_order(case, got):
    """Listed in another order, each gets the same; those alike in all share theirs."""
    claimants, capacity, tax = case
    turned = balloon.entitle(claimants[::-1], capacity, tax)
    assert sorted(zip(claimants, got), key=repr) == sorted(
        zip(claimants[::-1], turned), key=repr), "the order of the list mattered"


def check_more(case, got, place, more):
    """More shares, or more active memory, never means less."""
    claimants, capacity, tax = case
    place %= len(claimants)
    shares, active, least, most = claimants[place]
    richer = min(shares + 1 + more % 4000, balloon.SHARES_MAX), active, least, most
    busier = shares, None if active is None else min(active + more, balloon.BYTES_MAX), least, most
    for changed in (richer, busier):
        now = balloon.entitle([*claimants[:place], changed, *claimants[place + 1:]], capacity, tax)
        assert now[place] >= got[place], f"{changed} for {claimants[place]}: {now[place]}"


def properties(cases, start):
    @seed(start)
    @settings(max_examples=cases, deadline=None, database=None, report_multiple_bugs=False,
              suppress_health_check=list(HealthCheck))
    @given(CASE, st.integers(0, 10), st.integers(0, 1 << 40))
    def run(drawn, place, more):
        count["cases"] += 1
        case = division(drawn)
        note(f"entitle{case}, place {place}, more {more}")
        got = check(case)
        check_order(case, got)
        check_more(case, got, place, more)
    return run


class Known(unittest.TestCase):
    """The reference itself, against the numbers of design.md section 9."""

    def test_two_guests(self):
        size = 256 * MIB
        for active, tax, want in ((size, 0, (179, 179)), (size, 7500, (102, 256)),
                                  (179 * MIB, 7500, (117.5, 240.5))):
            case = [(1, 15 * MIB, 0, size), (1, active, 0, size)], 358 * MIB, tax
            self.assertEqual(exact(*case), [Fraction(w) * MIB for w in want])

    def test_by_revocation(self):
        """What min-funding revocation page by page comes to, within a page."""
        guests = [[3, 20, 60], [1, 50, 90], [2, 10, 80]]  # shares, active, size in pages
        pages, keep = [size for _, _, size in guests], Fraction(1, 4)

        def worth(guest, has):
            shares, active, _ = guest
            priced = min(has, active) + max(0, has - active) / keep
            return shares / priced
        while sum(pages) > 130:
            poorest = min(range(3), key=lambda i: worth(guests[i], pages[i]))
            pages[poorest] -= 1
        want = exact([(s, a, 0, m) for s, a, m in guests], 130, 7500)
        for has, fraction in zip(pages, want):
            self.assertLessEqual(abs(has - fraction), 1)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--cases", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    given_options = options.parse_args()
    cases = given_options.cases
    known = unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful()
    try:
        properties(cases, given_options.seed)()
    except AssertionError as error:
        count["bad"] += 1
        print(f"counterexample: {error}", file=sys.stderr)
    print(json.dumps({"hypothesis_cases": count["cases"], "counterexamples": count["bad"]}))
    return 0 if known and not count["bad"] and count["cases"] >= cases else 1


if __name__ == "__main__":
    sys.exit(main())
