# SPDX-License-Identifier: LGPL-2.1-or-later
"""What page sharing would save: dedup.h, for buffers and processes; no host is needed.

    with balloon.Dedup() as dedup:
        guest = dedup.guest("db", group="mine")
        dedup.process(guest, pid)
        print(dedup.guest_figures(guest).saved_bytes)"""
import ctypes
import errno
from typing import Any, Optional, Tuple

from ._door import Handle, Shared
from ._errors import BalloonError
from ._library import call
from .dedup_structs import COptions, CReading, Figures, Yield
from .words import DedupFlags, PageFlags, ReadingFlags

GUESTS_MAX = 4096  # BALLOON_DEDUP_GUESTS_MAX
ONE_IN_MAX = 4096  # BALLOON_DEDUP_ONE_IN_MAX
PAGE_BYTES = 4096
ALIGNED = 64  # what the library asks of pages
WRONG = {
    errno.EINVAL: "no such guest, or a number that makes no sense",
    errno.ENOSPC: f"there are {GUESTS_MAX} guests already",
    errno.ESRCH: "there is no such process; it may have ended",
    errno.EACCES: "this process may not be read; run as its user or root, with CAP_SYS_PTRACE",
    errno.EPERM: "this process may not be read; run as its user or root, with CAP_SYS_PTRACE",
    errno.ENOMEM: "out of memory",
}


def check(rc: int, guest: Optional[str] = None) -> int:
    if rc < 0:
        raise BalloonError(-rc, f"dedup: {WRONG.get(-rc, errno.errorcode.get(-rc, 'refused'))}",
                           guest)
    return rc


class Dedup(Handle):
    """Guests in trust groups, and what was seen of their pages."""

    def __init__(self, *, sample_one_in: int = 0, sharers_max: int = 0, group_bytes: int = 0,
                 pages_hint: int = 0, flags: DedupFlags = DedupFlags(0)) -> None:
        options = COptions(flags=flags, sample_one_in=sample_one_in, sharers_max=sharers_max,
                           group_bytes=group_bytes, pages_hint=pages_hint)
        pointer = ctypes.c_void_p()
        check(call("balloon_dedup_open")(options, pointer))
        self._begin(pointer, None)

    def _begin(self, pointer: ctypes.c_void_p, parent: Optional[Shared]) -> None:
        self._counts = Shared(pointer.value or 0, "balloon_dedup_close")
        self._parent = parent
        self._own(pointer, self._counts.lock)

    def _close(self, pointer: int) -> None:
        self._counts.leave()
        if self._parent is not None:
            self._parent.leave()

    def _ask(self, name: str, *arguments: Any, guest: Optional[str] = None) -> int:
        self._enter()
        with self._lock, self._shared:
            return check(call(name)(self._alive(), *arguments), guest)

    def guest(self, name: str, group: Optional[str] = None) -> int:
        """Adds a guest; returns its number. Those of one group can be compared."""
        number = ctypes.c_uint32()
        self._ask("balloon_dedup_guest", name, group, number, guest=name)
        return number.value

    def pages(self, guest: int, address: int, data: Any, flags: PageFlags = PageFlags(0)) -> None:
        """Looks at whole pages of bytes. They are copied only if they are read-only to
        Python, or not aligned; an mmap is read where it is."""
        view = memoryview(data).cast("B")
        if len(view) % PAGE_BYTES:
            raise BalloonError(errno.EINVAL, f"dedup: {len(view)} bytes are no whole pages")
        cells = (ctypes.c_char * len(view)).from_buffer(view) if not view.readonly else None
        start = ctypes.addressof(cells) if cells is not None else 1
        if start % ALIGNED:
            copy = ctypes.create_string_buffer(len(view) + ALIGNED)
            start = -(-ctypes.addressof(copy) // ALIGNED) * ALIGNED
            ctypes.memmove(start, bytes(view), len(view))
        self._ask("balloon_dedup_pages", guest, address, start, len(view) // PAGE_BYTES, flags)

    def again(self, rotate: bool = False) -> None:
        """Once more from the beginning; rotate: under new keys."""
        self._ask("balloon_dedup_again", int(rotate))

    def fork(self) -> "Dedup":
        """The same guests without counts, for another thread; give it to join()."""
        pointer = ctypes.c_void_p()
        self._ask("balloon_dedup_fork", pointer)
        self._counts.enter()
        fork = Dedup.__new__(Dedup)
        fork._begin(pointer, self._counts)
        return fork

    def join(self, fork: "Dedup") -> None:
        """Adds the fork's counts, and closes it."""
        fork._enter()
        if fork._counts.users > 1:
            raise BalloonError(errno.EBUSY, "the fork is being read into; close its readers first")
        with fork._lock, fork._shared:
            self._ask("balloon_dedup_join", fork._alive())
            fork._counts.pointer = 0  # join has closed it
        fork.close()

    def attach(self, guest: int, pid: int, *, flags: ReadingFlags = ReadingFlags(0), part: int = 0,
               parts: int = 0, node: int = -1) -> "Reader":
        """Prepares to read the memory of a process into the counts of a guest."""
        pointer = ctypes.c_void_p()
        self._ask("balloon_dedup_attach", guest, pid,
                  CReading(flags=flags, part=part, parts=parts, node=node), pointer)
        return Reader(pointer, self._counts)

    def process(self, guest: int, pid: int, *, flags: ReadingFlags = ReadingFlags(0)) -> None:
        """Reads it all at once."""
        self._ask("balloon_dedup_process", guest, pid, CReading(flags=flags))

    def guest_figures(self, guest: int) -> Figures:
        return self._figures("balloon_dedup_guest_figures", guest)

    def group_figures(self, guest: int) -> Figures:
        """Of the group that the guest is in."""
        return self._figures("balloon_dedup_group_figures", guest)

    def all_figures(self) -> Figures:
        return self._figures("balloon_dedup_all_figures")

    def _figures(self, name: str, *guest: int) -> Figures:
        figures = Figures()
        self._enter()
        with self._lock, self._shared:
            check(call(name)(self._alive(), *guest, figures))
            return figures.copy()  # its names are the library's until close


class Reader(Handle):
    """A process being read, a step at a time."""

    def __init__(self, pointer: ctypes.c_void_p, counts: Shared) -> None:
        counts.enter()
        self._counts = counts
        self._own(pointer, counts.lock)

    def _close(self, pointer: int) -> None:
        call("balloon_dedup_detach")(pointer)
        self._counts.leave()

    def step(self, bytes_max: int = 64 << 20) -> bool:
        """Reads on; true if there is more."""
        self._enter()
        with self._lock, self._shared:
            return check(call("balloon_dedup_step")(self._alive(), bytes_max)) > 0

    def progress(self) -> Tuple[int, int]:
        """Bytes done, of how many."""
        done, total = ctypes.c_uint64(), ctypes.c_uint64()
        self._enter()
        with self._lock, self._shared:
            call("balloon_dedup_progress")(self._alive(), done, total)
        return done.value, total.value


def rest_ns(spent_ns: int, bytes_read: int, duty_bp: int = 0, bytes_per_second: int = 0) -> int:
    """How long to rest after a step."""
    return int(call("balloon_dedup_rest")(spent_ns, bytes_read, duty_bp, bytes_per_second))


def yield_of(figures: Figures, unused_bytes: Optional[int], pages_per_second: int) -> Yield:
    """What may be counted on from merging a guest's pages, and its price."""
    found = Yield()
    check(call("balloon_dedup_yield")(figures, unused_bytes, pages_per_second, found))
    return found


def hash_name() -> str:
    """What hashes pages here."""
    name: bytes = call("balloon_dedup_hash_name")()
    return name.decode()
