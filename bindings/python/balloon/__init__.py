# SPDX-License-Identifier: LGPL-2.1-or-later
"""libballoon: who has how much memory on one host, and making it so.

The C headers by the same words: Host is a struct balloon, Backend is one of your own,
Sim is the simulated host, Recording plays back what was recorded. Memory is in bytes,
time in nanoseconds, rates in basis points, and the unit is in the name. None is a number
that nobody knows. What fails raises BalloonError: errno, the sentence, the guest."""
from ._errors import UNKNOWN, BalloonError
from ._library import call as _call
from . import _calls
from .backend import MISSES, Attachment, Backend, Sheet
from .dedup import Dedup, Reader
from .dedup_structs import Figures, Yield
from .host import MEANS_N, Claim, Hold, Host, View, now_ns
from .policy import Allocation, Policy, Pool, entitle, floor, min_free, profile
from .recording import Recording
from .rows import Rows
from .sim import Guest, Sim, behaviour
from .sim_structs import Behaviour, HostTruth, Point, Truth
from .structs import (Claimant, FloorPoint, GuestReport, Node, Order, Profile, Report, Request,
                      Rung, Sample, Why)
from .words import (Clamp, DedupFlags, FiguresFlags, Fixed, HoldMode, HostState, Means, PageFlags,
                    ProfileFlags, ReadingFlags, Reason, Restart,
                    SampleFlags, SimFeatures, SimFlags, Source, State, Trait)

PAGE_BYTES = 4096
BYTES_MAX = 1 << 52
SHARES_MAX = (1 << 26) - 1
GUESTS_MAX = 1 << 20
NODES_MAX = 16
FLOORS_MAX = 64


def version() -> str:
    """Of the library that was found."""
    text: bytes = _call("balloon_version")()
    return text.decode()


__all__ = [
    "Allocation", "Attachment", "BYTES_MAX", "Backend", "BalloonError", "Behaviour", "Claim",
    "Claimant", "Clamp", "Dedup", "DedupFlags", "FLOORS_MAX", "Figures", "FiguresFlags", "Fixed",
    "FloorPoint", "GUESTS_MAX", "Guest", "GuestReport", "Hold", "HoldMode", "Host", "HostState",
    "HostTruth", "MEANS_N", "MISSES", "Means", "NODES_MAX", "Node", "Order", "PAGE_BYTES",
    "PageFlags", "Point", "Policy", "Pool", "Profile", "ProfileFlags", "Reader", "ReadingFlags",
    "Reason", "Recording", "Report", "Request", "Restart", "Rows", "Rung",
    "SHARES_MAX", "Sample", "SampleFlags", "Sheet", "Sim", "SimFeatures", "SimFlags", "Source", "State", "Trait",
    "Truth", "UNKNOWN", "View", "Why", "Yield", "behaviour", "entitle", "floor", "min_free", "now_ns",
    "profile", "version",
]
