# SPDX-License-Identifier: LGPL-2.1-or-later
"""The policy's division once more, from design.md section 6 alone: slow, in exact
fractions, with no cleverness to share a mistake with the library's.

    P_i(l) = clamp(x <= A_i ? x : A_i + (1 - tax)(x - A_i), m_i, M_i),  x = S_i l
    sum of P_i(l) = C

P is piecewise linear in l. All its corners are sought out, the two between which the
sum passes C are found by looking at every one, and between them a line is a line."""
from fractions import Fraction


class Claimant:
    def __init__(self, shares, active, least, most):
        self.shares, self.active = Fraction(shares), Fraction(active)
        self.least, self.most = Fraction(least), Fraction(most)

    def at(self, level, keep):
        """P at this level; keep is 1 - tax."""
        x = self.shares * level
        raw = x if x <= self.active else self.active + keep * (x - self.active)
        return max(self.least, min(self.most, raw))

    def corners(self, keep):
        """Levels at which the line bends."""
        if not self.shares:
            return []
        found = [self.active]
        for bound in (self.least, self.most):
            found.append(bound if bound <= self.active
                         else self.active + (bound - self.active) / keep)
        return [x / self.shares for x in found]


def divide(claimants, capacity, tax_bp):
    """What each is entitled to, as fractions; all minima if they exceed capacity, and
    all maxima if they do not reach it."""
    keep = 1 - Fraction(tax_bp, 10000)
    capacity = Fraction(capacity)
    if sum(c.least for c in claimants) >= capacity:
        return [c.least for c in claimants]
    if sum(c.most for c in claimants) <= capacity:
        return [c.most for c in claimants]
    wealthy = [c for c in claimants if c.shares]
    full = sum(c.most if c.shares else c.least for c in claimants)
    if full < capacity:  # without shares: served when all others are full, among each other alike
        left = capacity - sum(c.most for c in wealthy)
        rest = iter(divide([Claimant(1, c.active, c.least, c.most) for c in claimants
                            if not c.shares], left, tax_bp))
        return [c.most if c.shares else next(rest) for c in claimants]
    level = level_of(claimants, capacity, keep)
    return [c.at(level, keep) for c in claimants]


def level_of(claimants, capacity, keep):
    def total(level):
        return sum(c.at(level, keep) for c in claimants)
    corners = sorted({Fraction(0), *(x for c in claimants for x in c.corners(keep))})
    below = max(x for x in corners if total(x) <= capacity)
    above = min((x for x in corners if total(x) >= capacity), default=below)
    low, high = total(below), total(above)
    return below if low == high else below + (above - below) * (capacity - low) / (high - low)
