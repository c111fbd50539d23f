# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the operator decides, as plain values. None: as the library has it by default."""
import ctypes
import errno
from dataclasses import dataclass, field
from typing import Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from ._errors import BalloonError
from ._library import call
from .structs import (CAllocation, Claimant, CNamedAllocation, CPolicy, CPool, FloorPoint,
                      Profile)
from .words import AllocationFlags, PoolFlags


def entitle(claimants: Iterable[Union[Claimant, Sequence[Optional[int]]]], capacity_bytes: int,
            tax_bp: int = 7500) -> List[int]:
    """The exact division of capacity_bytes: what each claimant is entitled to, in bytes.

    A claimant is a Claimant, or (shares, active_bytes, reservation_bytes, limit_bytes).
    tax_bp is the idle memory tax in basis points: 7500 is three quarters."""
    if isinstance(tax_bp, float):
        raise TypeError(f"tax_bp: {tax_bp} is no whole number; 7500 is three quarters")
    rows = [one if isinstance(one, Claimant) else claimant(one) for one in claimants]
    given = (Claimant * len(rows))(*rows)
    granted = (ctypes.c_uint64 * len(rows))()
    rc = call("balloon_entitle")(given, len(rows), capacity_bytes, tax_bp, granted)
    if rc < 0:
        raise BalloonError(-rc, WRONG.get(-rc, "the division failed"))
    return list(granted)


WRONG = {
    errno.EINVAL: "a claimant's reservation is above its limit, or the tax above 9999 bp",
    errno.ERANGE: "a number is beyond the widest world; give bytes, and up to 67 million shares",
    errno.ENOMEM: "out of memory",
}


def claimant(one: Sequence[Optional[int]]) -> Claimant:
    shares, active, reservation, limit = one
    return Claimant(shares=shares, active_bytes=active, reservation_bytes=reservation,
                    limit_bytes=limit)


def floor(size_bytes: int) -> int:
    """A safe floor for a guest of this size where nothing better is known."""
    return int(call("balloon_floor")(size_bytes))


def min_free(total_bytes: int) -> int:
    """What a host of this size keeps free."""
    return int(call("balloon_min_free")(total_bytes))


def profile(name: str) -> Profile:
    """The constants called balanced, aggressive, conservative or lending."""
    found = Profile()
    rc = call("balloon_profile")(name, found)
    if rc < 0:
        raise BalloonError(-rc, f"there is no profile \"{name}\"; take balanced, aggressive, "
                           "conservative or lending")
    return found


@dataclass
class Allocation:
    """What one guest is allowed."""
    shares: Optional[int] = None
    reservation_bytes: Optional[int] = None
    limit_bytes: Optional[int] = None
    pool: Optional[str] = None
    tax_bp: Optional[int] = None
    floors: Sequence[FloorPoint] = ()

    def c(self, keep: List[object]) -> CAllocation:
        """As C takes it; what must live as long as that is read goes to keep."""
        floors = (FloorPoint * len(self.floors))(*self.floors)
        keep.append(floors)
        return CAllocation(
            shares=self.shares, reservation_bytes=self.reservation_bytes,
            limit_bytes=self.limit_bytes, pool=self.pool, tax_bp=self.tax_bp or 0,
            flags=0 if self.tax_bp is None else AllocationFlags.TAX,
            floors=ctypes.cast(floors, ctypes.POINTER(FloorPoint)) if self.floors else None,
            floors_n=len(floors))


@dataclass
class Pool:
    """Guests and pools that share what they are entitled to together."""
    name: str
    parent: Optional[str] = None
    shares: Optional[int] = None
    reservation_bytes: Optional[int] = None
    limit_bytes: Optional[int] = None
    expandable: bool = False

    def c(self) -> CPool:
        return CPool(name=self.name, parent=self.parent, shares=self.shares,
                     reservation_bytes=self.reservation_bytes, limit_bytes=self.limit_bytes,
                     flags=PoolFlags.EXPANDABLE if self.expandable else 0)


@dataclass
class Policy:
    """Everything the operator decides, handed over whole. Parents stand before their
    children in pools; guests are named by name or UUID."""
    profile: Union[str, Profile] = "balanced"
    budget_bytes: Optional[int] = None
    reserve_bytes: Optional[int] = None
    fallback: Allocation = field(default_factory=Allocation)
    guests: Mapping[str, Allocation] = field(default_factory=dict)
    pools: Sequence[Pool] = ()

    def c(self) -> Tuple[CPolicy, object]:
        """As C takes it, and what must live as long as that is read."""
        constants = profile(self.profile) if isinstance(self.profile, str) else self.profile
        keep: List[object] = []
        named = [CNamedAllocation(guest=name, allocation=one.c(keep))
                 for name, one in self.guests.items()]
        guests = (CNamedAllocation * len(named))(*named)
        pools = (CPool * len(self.pools))(*[pool.c() for pool in self.pools])
        policy = CPolicy(
            profile=ctypes.pointer(constants), budget_bytes=self.budget_bytes,
            reserve_bytes=self.reserve_bytes, fallback=self.fallback.c(keep),
            guests=ctypes.cast(guests, ctypes.POINTER(CNamedAllocation)), guests_n=len(named),
            pools=ctypes.cast(pools, ctypes.POINTER(CPool)), pools_n=len(pools))
        return policy, (constants, guests, pools, named, keep)
