# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorded demand: STEM-active-mib.csv[.gz] (unix_s, then a column of MiB for each VM;
empty: no sample) and STEM-provisioned-mib.csv (vm,provisioned_mib) beside it. Knows
files and numbers; a Sim takes guests from it."""
import csv
import errno
import gzip
import os
import random
from dataclasses import dataclass, field
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, TextIO, Tuple

from ._errors import BalloonError
from .sim import Guest, Sim

MIB = 1 << 20
SECOND_NS = 10**9
TAILS = ("-active-mib.csv", "-active-mib.csv.gz")


@dataclass
class Recorded:
    """One VM: its size, and what of it was active when."""
    name: str
    size_bytes: int
    points: List[Tuple[int, int]] = field(default_factory=list)


class Trace:
    """VMs over time; times count from the first one kept."""

    def __init__(self, guests: Sequence[Recorded]) -> None:
        self.guests = list(guests)

    @classmethod
    def read(cls, path: str, *, guests: Optional[int] = None, start_hours: float = 0,
             hours: Optional[float] = None, seed: int = 0) -> "Trace":
        """Reads a folder's first trace, or the file of active memory that is named: all VMs,
        or so many of them drawn by seed; the whole time, or so many hours from start_hours."""
        active = find(path) if os.path.isdir(path) else path
        stem = next((active[:-len(tail)] for tail in TAILS if active.endswith(tail)), None)
        if stem is None:
            raise BalloonError(errno.EINVAL, f"{active} is no trace; its name ends in {TAILS[0]}")
        sizes = read_sizes(stem + "-provisioned-mib.csv")
        with text(active) as file:
            rows = csv.reader(file)
            names = (next(rows, None) or [])[1:]
            chosen = choose(names, guests, seed)
            kept = [Recorded(names[column], size_of(names[column], sizes)) for column in chosen]
            fill(kept, chosen, window(rows, active, start_hours, hours))
        return cls(kept)

    @property
    def provisioned_bytes(self) -> int:
        return sum(one.size_bytes for one in self.guests)

    def populate(self, sim: Sim, capacity_bytes: Optional[int] = None) -> List[Guest]:
        """These VMs as guests of sim. Each starts with all of its size, or with its size's
        part of capacity_bytes."""
        part = (capacity_bytes or 0, self.provisioned_bytes)
        guests = []
        for one in self.guests:
            actual = None
            if capacity_bytes is not None:
                actual = min(one.size_bytes, one.size_bytes * part[0] // part[1])
            guest = sim.add(one.name, one.size_bytes, actual_bytes=actual)
            guest.set_trace(one.points)
            guests.append(guest)
        return guests


def find(folder: str) -> str:
    found = sorted(name for name in os.listdir(folder) if name.endswith(TAILS))
    if not found:
        raise BalloonError(errno.ENOENT, f"{folder} has no *{TAILS[0]}")
    return os.path.join(folder, found[0])


def text(path: str) -> TextIO:
    if path.endswith(".gz"):
        return gzip.open(path, "rt", newline="")
    return open(path, newline="")


def read_sizes(path: str) -> Dict[str, int]:
    with text(path) as file:
        return {row[0]: int(float(row[1]) * MIB) for row in list(csv.reader(file))[1:]}


def size_of(name: str, sizes: Dict[str, int]) -> int:
    size = sizes.get(name, 0)
    if size <= 0:
        raise BalloonError(errno.EINVAL, f"VM {name} has no size in the file of sizes", name)
    return size


def choose(names: Sequence[str], n: Optional[int], seed: int) -> List[int]:
    """Columns, in the file's order."""
    if n is None or n >= len(names):
        return list(range(len(names)))
    return sorted(random.Random(seed).sample(range(len(names)), n))


def window(rows: Iterable[List[str]], path: str, start_hours: float,
           hours: Optional[float]) -> Iterator[Tuple[int, List[str]]]:
    """Rows within the hours wanted, and when they are, from the start of these."""
    start: Optional[float] = None
    for row in rows:
        try:
            at = int(row[0])
        except (ValueError, IndexError) as error:
            raise BalloonError(errno.EINVAL, f"{path}: a row begins with \"{','.join(row)[:20]}\", "
                               "which is no time") from error
        start = at + start_hours * 3600 if start is None else start
        if at < start:
            continue
        if hours is not None and at > start + hours * 3600:
            return
        yield int((at - start) * SECOND_NS), row[1:]


def fill(kept: Sequence[Recorded], columns: Sequence[int],
         rows: Iterator[Tuple[int, List[str]]]) -> None:
    """A guest without any sample wants nothing."""
    for at_ns, cells in rows:
        for one, column in zip(kept, columns):
            if column < len(cells) and cells[column]:
                one.points.append((at_ns, int(float(cells[column]) * MIB)))
    for one in kept:
        if not one.points:
            one.points.append((0, 0))
