# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backends written in Python, so that the library decides for a world that is Python's;
and Attachment, which drives a backend from Python, so that a policy written in Python
decides where the library would.

What a callback raises: an OSError is an answer (its errno and its text go to the
library, which takes it for a host that is away or an order that was refused); anything
else is a defect and comes out of the call that led to it, when C is left."""
import ctypes
import errno
import weakref
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ._door import SENTENCE, Door, Handle, Session, refuse_inside
from ._errors import UNKNOWN, BalloonError
from ._struct import check_u64, read_text
from .rows import Rows, pin
from .structs import (CLOSE, ERROR, FD, OBSERVE, OPEN, ORDER, CBackend, CSheet, Node, Order, Sample)
from .words import Means

ABI = 1  # BALLOON_BACKEND_ABI
MISSES = 16  # BALLOON_MISSES


class Sheet:
    """All of one moment: the host, and a row for each guest. Keep one and write it
    again before each look, by guests[i].field or a whole guests.column() at a time."""

    def __init__(self, guests_n: int = 0, *, nodes_n: int = 0, total_bytes: Optional[int] = None,
                 available_bytes: Optional[int] = None, swap_bytes: Optional[int] = None) -> None:
        self.total_bytes = total_bytes
        self.available_bytes = available_bytes
        self.swap_bytes = swap_bytes
        self.swap_free_bytes: Optional[int] = None
        self.compress_free_bytes: Optional[int] = None
        self.stall_bp: Optional[int] = None
        cells = (Sample * guests_n)()
        ctypes.memmove(cells, bytes(Sample()) * guests_n, ctypes.sizeof(cells))
        self.guests: Rows[Sample] = Rows(cells, Sample, writable=True)
        self._cells = cells
        nodes = (Node * nodes_n)(*[Node() for _ in range(nodes_n)])
        self.nodes: Rows[Node] = Rows(nodes, Node, writable=True)
        self._nodes = nodes
        self.node_bytes = [(ctypes.c_uint64 * nodes_n)() for _ in range(guests_n if nodes_n else 0)]
        """Of each guest's resident memory, what is on which node."""
        for row, on_nodes in zip(self.guests, self.node_bytes):
            row.node_bytes = ctypes.addressof(on_nodes)
        self.misses: Dict[int, Any] = {}
        """Of a guest, by its place: bytes a second it would read again; see set_misses()."""

    def set_misses(self, place: int, bytes_s: Sequence[int]) -> None:
        """What the guest at this place would have to read again each second with 0, 1, …
        MISSES parts of its size in MISSES."""
        self.misses[place] = (ctypes.c_uint64 * (MISSES + 1))(*bytes_s)
        self._cells[place].misses = ctypes.addressof(self.misses[place])

    def lend(self, sheet: CSheet) -> None:
        """Writes down where it all is; it has to live until that is read."""
        sheet.stride = ctypes.sizeof(Sample)
        sheet.total_bytes = self.total_bytes
        sheet.available_bytes = self.available_bytes
        sheet.swap_bytes = self.swap_bytes
        sheet.swap_free_bytes = self.swap_free_bytes
        sheet.compress_free_bytes = self.compress_free_bytes
        sheet.stall_bp = self.stall_bp
        sheet.guests, sheet.guests_n = ctypes.addressof(self._cells), len(self.guests)
        sheet.nodes, sheet.nodes_n = ctypes.addressof(self._nodes), len(self.nodes)

    @classmethod
    def copied(cls, sheet: CSheet) -> "Sheet":
        """What a backend handed in, its texts still there."""
        copy = cls(sheet.guests_n, nodes_n=sheet.nodes_n if sheet.nodes else 0,
                   total_bytes=sheet.total_bytes, available_bytes=sheet.available_bytes,
                   swap_bytes=sheet.swap_bytes)
        copy.swap_free_bytes = sheet.swap_free_bytes
        copy.compress_free_bytes = sheet.compress_free_bytes
        copy.stall_bp = sheet.stall_bp
        row = ctypes.sizeof(Sample)
        if sheet.stride == row:
            ctypes.memmove(copy._cells, sheet.guests, row * sheet.guests_n)
        else:
            for place in range(sheet.guests_n):
                ctypes.memmove(ctypes.addressof(copy._cells[place]),
                               sheet.guests + place * sheet.stride, min(row, sheet.stride))
        ctypes.memmove(copy._nodes, sheet.nodes, ctypes.sizeof(copy._nodes))
        for one, on_nodes in zip(copy.guests, copy.node_bytes):
            if one.node_bytes:
                ctypes.memmove(on_nodes, one.node_bytes, ctypes.sizeof(on_nodes))
                one.node_bytes = ctypes.addressof(on_nodes)
        for place, address in enumerate(copy.guests.column("misses")):
            if address:
                copy.set_misses(place, list((ctypes.c_uint64 * (MISSES + 1)).from_address(address)))
        return copy


class Backend:
    """A world to be arbitrated. Subclass it, and give it to Host().

    Only observe() and order() must be there. Each is called inside of the host's
    calls, which it must not make itself."""
    name = "python"

    def open(self, uri: Optional[str]) -> None:
        """Connects."""

    def close(self) -> None:
        """Lets go."""

    def observe(self, now_ns: int) -> Sheet:
        """What is to be seen. The sheet is the library's until the next call."""
        raise NotImplementedError

    def order(self, now_ns: int, orders: Rows[Order]) -> None:
        """Tells guests their targets; sets rc to -errno where one refuses (ESRCH:
        there is no such key). Raising an OSError: nobody could be told."""
        raise NotImplementedError

    def fileno(self) -> int:
        """Readable when an early beat is worth while; observe() drains it."""
        raise BalloonError(errno.ENOTSUP, "this backend has no descriptor")

    def session(self) -> Session:
        return Callbacks(self)


class Callbacks(Session):
    """The C side of one opening of a Backend."""
    python = True

    def __init__(self, backend: Backend, uri: Optional[str] = None) -> None:
        super().__init__(uri)
        self.world = backend
        self.sheet: Optional[Sheet] = None
        self.table = CBackend(
            struct_size=ctypes.sizeof(CBackend), abi=ABI, name=backend.name,
            open=OPEN(self._open), close=CLOSE(self._close), observe=OBSERVE(self._observe),
            order=ORDER(self._order), fd=FD(self._fd))
        self.backend = ctypes.addressof(self.table)
        # No Python runs in it: what a signal raises there would leave a wild pointer.
        self.table.error = ERROR({self.backend: ctypes.addressof(self.sentence)}.get)

    def _open(self, uri: Optional[bytes], ret_self: Any, ret_error: int, size: int) -> int:
        def work() -> int:
            self.world.open(read_text(uri))
            ret_self[0] = self.backend
            return 0
        rc = self.guarded(work, errno.EIO)
        if rc < 0 and size:
            ctypes.memmove(ret_error, self.sentence.value[:size - 1] + b"\0",
                           min(size, len(self.sentence.value) + 1))
        self.inside = False
        return rc

    def _close(self, _self: int) -> None:
        def work() -> int:
            self.world.close()
            return 0
        self.guarded(work, errno.EIO)
        self.inside = False

    def _observe(self, _self: int, now_ns: int, ret_sheet: Any) -> int:
        def work() -> int:
            sheet = self.world.observe(now_ns)
            sheet.lend(ret_sheet[0])
            self.sheet = sheet
            return 0
        rc = self.guarded(work, errno.EAGAIN)
        self.answered, self.inside = True, False
        return rc

    def _order(self, _self: int, now_ns: int, orders: Any, n: int) -> int:
        def work() -> int:
            cells = (Order * n)()
            ctypes.memmove(cells, orders, ctypes.sizeof(cells))
            rows: Rows[Order] = Rows(cells, Order, writable=True)
            rows.set_column("rc", [0] * n)
            self.world.order(now_ns, rows)
            ctypes.memmove(orders, cells, ctypes.sizeof(cells))
            return 0
        rc = self.guarded(work, errno.EIO)
        self.inside = False
        return rc

    def _fd(self, _self: int) -> int:
        rc = self.guarded(self.world.fileno, errno.ENOTSUP)
        self.inside = False
        return rc


class Attachment(Handle):
    """A backend, driven from Python: look at it and give it orders as the library would,
    but decide by a policy of your own.

        with balloon.Attachment(sim) as host:
            sheet = host.observe(now_ns)
            refused = host.order(now_ns, {guest.key: guest.size_bytes // 2
                                          for guest in sheet.guests})"""

    def __init__(self, door: Door, uri: Optional[str] = None) -> None:
        session = door.session()
        if session.backend is None:
            raise BalloonError(errno.EINVAL, "there is no backend behind this to attach to")
        self._session = session
        self._table = CBackend.from_address(session.backend)
        self._seen: Optional["weakref.ref[Any]"] = None
        error, pointer = ctypes.create_string_buffer(SENTENCE), ctypes.c_void_p()
        refuse_inside(session.lock, "what this leads to")
        with session.lock:
            rc = self._table.open(None if uri is None else uri.encode(), ctypes.byref(pointer),
                                  ctypes.addressof(error), SENTENCE)
        if rc < 0:
            session.closed()
            session.end(rc)
            raise BalloonError(-rc, read_text(error.value) or "") from session.cause
        self._own(pointer, session.lock)

    def _close(self, pointer: int) -> None:
        self._outlive()
        self._session.begin()
        self._table.close(pointer)
        self._session.closed()
        self._session.end(0)

    def _outlive(self) -> None:
        cells = self._seen() if self._seen is not None else None
        self._seen = None
        if cells is not None:
            pin(cells, Sample)

    def _ask(self, function: Callable[..., int], *arguments: Any,
             then: Callable[[], None] = lambda: None) -> int:
        """Calls the backend, and does what must be done before anybody else calls it."""
        self._enter()
        with self._lock, self._shared:
            pointer = self._alive()
            self._outlive()
            self._session.begin()
            rc = function(pointer, *arguments)
            said = self._table.error(pointer) if rc < 0 and self._table.error else None
            sentence = ctypes.string_at(said) if said else b""
            if rc >= 0:
                then()
            cause = self._session.cause
            self._session.end(rc)
        if rc < 0:
            raise BalloonError(-rc, read_text(sentence) or "") from cause
        return rc

    def observe(self, now_ns: int) -> Sheet:
        """A look at the host; it stays what it was."""
        seen = CSheet(stride=ctypes.sizeof(Sample))
        sheets: List[Sheet] = []

        def take() -> None:
            sheets.append(Sheet.copied(seen))
            self._seen = weakref.ref(sheets[0]._cells)
        self._ask(self._table.observe, check_u64(now_ns, "now_ns"), ctypes.byref(seen), then=take)
        return sheets[0]

    def order(self, now_ns: int, targets: Mapping[int, Optional[int]],
              means: Means = Means.BALLOON) -> Dict[int, int]:
        """Tells guests, by key, their targets in bytes, by one means. Returns the errno of
        each that refused. Accepted is not reached: the next look is the proof."""
        if not targets:
            return {}
        orders = (Order * len(targets))(*[Order(
            key=key, target_bytes=UNKNOWN if target is None else target, rc=-errno.EPROTO,
            means=means) for key, target in targets.items()])
        self._ask(self._table.order, check_u64(now_ns, "now_ns"), orders, len(orders))
        return {order.key: -order.rc for order in orders if order.rc}

    def fileno(self) -> int:
        """Readable when there is news."""
        if not self._table.fd:
            raise BalloonError(errno.ENOTSUP, "this backend has no descriptor")
        return self._ask(self._table.fd)
