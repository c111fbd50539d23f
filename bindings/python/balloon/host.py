# SPDX-License-Identifier: LGPL-2.1-or-later
"""One host under arbitration: struct balloon and what can be asked of it."""
import ctypes
import errno
import time
import weakref
from types import TracebackType
from typing import Any, Callable, List, Optional, Type, Union

from ._door import SENTENCE, Door, Handle, Session, refuse_inside
from ._errors import BalloonError
from ._library import call
from ._struct import read_text
from .policy import Policy
from .rows import Rows, pin
from .structs import LOG, CHold, COptions, GuestReport, Report, Request, Rung, Why
from .words import HoldMode, OpenFlags

Log = Callable[[int, str], None]
EXPLAIN_MAX = 4096
MEANS_N = 5  # BALLOON_MEANS_N


def now_ns() -> int:
    """The clock that the library expects: it also counts while the host sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Host(Handle):
    """Opens what a URI names, or a Backend, a Sim or a Recording.

        with balloon.Host("qemu:///system", dry_run=True) as host:
            host.tick()
            for guest in host.guests():
                print(host.explain(guest.name))

    One thread at a time; a second one is refused (EBUSY), and so is a callback that
    calls back. log gets a syslog level and a sentence."""

    def __init__(self, host: Union[str, Door], *, policy: Optional[Policy] = None,
                 dry_run: bool = False, log: Optional[Log] = None) -> None:
        session = Session(host) if isinstance(host, str) else host.session()
        error = ctypes.create_string_buffer(SENTENCE)
        options = COptions(flags=OpenFlags.DRY_RUN if dry_run else 0, uri=session.uri,
                           backend=session.backend, error_text=ctypes.addressof(error),
                           error_size=SENTENCE)
        if policy is not None:
            c_policy, keep = policy.c()
            options.policy = ctypes.pointer(c_policy)
        logger = self._logger(session, log) if log is not None else None
        if logger is not None:
            options.log = logger
        pointer = ctypes.c_void_p()
        self._start(session)
        refuse_inside(session.lock, "what this host leads to")
        session.begin()
        with session.lock:
            rc = call("balloon_open")(options, pointer)
        if rc < 0:
            session.closed()
            session.end(rc)
            raise BalloonError(-rc, read_text(error.value) or "") from session.cause
        self._own(pointer, session.lock)
        self._keep = logger
        session.end(rc)

    def _start(self, session: Session) -> None:
        self._session = session
        self._seen: Optional["weakref.ref[Any]"] = None
        self._guests_n = 0
        self.next_ns = 0
        """When the next beat is due, as the last one said."""

    @staticmethod
    def _logger(session: Session, log: Log) -> Any:
        def say(_arg: Optional[int], level: int, sentence: bytes) -> None:
            try:
                log(level, read_text(sentence) or "")
            except BaseException as error:  # pylint: disable=broad-except
                session.raised = error
        return LOG(say)

    def _close(self, pointer: int) -> None:
        self._outlive()
        self._session.begin()
        call("balloon_close")(pointer)
        self._session.closed()
        self._session.end(0)

    def _outlive(self) -> None:
        """What the last guests() gave out keeps its names, if anybody has it still."""
        cells = self._seen() if self._seen is not None else None
        self._seen = None
        if cells is not None:
            pin(cells, GuestReport)

    def _ask(self, name: str, *arguments: Any, guest: Optional[str] = None,
             short: Optional[ctypes.c_uint64] = None, frees: bool = False,
             beat: bool = False) -> int:
        """Calls what the headers call name. frees: what was given out may end with it."""
        function = call(name)
        self._enter()
        with self._lock, self._shared:
            pointer = self._alive()
            if frees:
                self._outlive()
            self._session.begin()
            rc: int = function(pointer, *arguments)
            sentence = call("balloon_error")(pointer) if rc < 0 else b""
            cause = self._session.cause
            self._session.end(rc, beat)
        if rc < 0:
            raise BalloonError(-rc, read_text(sentence) or "", guest,
                               short.value if short is not None else None) from cause
        return rc

    @property
    def error(self) -> str:
        """The sentence for the last failure on this handle; "" if there was none."""
        self._enter()
        with self._lock, self._shared:
            return read_text(call("balloon_error")(self._alive())) or ""

    # ------------------------------------------------------------------ beat

    def tick(self, at_ns: Optional[int] = None) -> int:
        """One beat, now or at at_ns. Returns when the next is due; next_ns says so too,
        also when the beat failed (EAGAIN: the host could not be observed)."""
        due = ctypes.c_uint64(self.next_ns)
        try:
            self._ask("balloon_tick", now_ns() if at_ns is None else at_ns, due, frees=True,
                      beat=True)
        finally:
            self.next_ns = due.value
        return self.next_ns

    def fileno(self) -> int:
        """Readable when a beat is wanted before its time: for select and asyncio."""
        try:
            return self._ask("balloon_fd")
        except BalloonError as error:
            if error.errno != errno.ENOTSUP:
                raise
            raise BalloonError(errno.ENOTSUP, "this host has no descriptor; beat by next_ns "
                               "alone") from error.__cause__

    def release(self, at_ns: Optional[int] = None) -> None:
        """Before leaving for good: raises every guest as far as free memory goes."""
        self._ask("balloon_release", now_ns() if at_ns is None else at_ns, frees=True)

    def set_policy(self, policy: Policy) -> None:
        """Replaces the whole policy, or nothing of it."""
        c_policy, _keep = policy.c()
        try:
            self._ask("balloon_set_policy", c_policy)
        except BalloonError as error:
            named = error.sentence.split(":")[0]
            error.guest = named if named in policy.guests else None
            raise

    # --------------------------------------------------------------- reports

    def report(self) -> Report:
        report = Report()
        self._ask("balloon_report", report)
        return report

    def guests(self) -> Rows[GuestReport]:
        """All guests as of the last beat, in the order the host lists them. Numbers and
        names stay what they are, whatever happens next."""
        function, row = call("balloon_guests"), ctypes.sizeof(GuestReport)
        self._enter()
        with self._lock, self._shared:
            pointer = self._alive()
            cells = (GuestReport * self._guests_n)()
            n: int = function(pointer, cells, row, self._guests_n)
            if n != self._guests_n:
                self._guests_n, cells = n, (GuestReport * n)()
                function(pointer, cells, row, n)
            self._outlive()
            self._seen = weakref.ref(cells)
        return Rows(cells, GuestReport)

    def ladder(self, guest: Optional[str] = None) -> List[Rung]:
        """What each means could give and gave, for one guest or for all of the host."""
        rungs = (Rung * MEANS_N)()
        n = self._ask("balloon_ladder", guest, rungs, ctypes.sizeof(Rung), MEANS_N, guest=guest)
        return list(rungs)[:n]

    def why(self, guest: str) -> Why:
        why = Why()
        self._ask("balloon_why", guest, why, guest=guest)
        return why

    def explain(self, guest: str) -> str:
        """Why it was told what it was told, in a sentence."""
        text = ctypes.create_string_buffer(EXPLAIN_MAX)
        self._ask("balloon_explain", guest, ctypes.addressof(text), EXPLAIN_MAX, guest=guest)
        return read_text(text.value) or ""

    # ------------------------------------------------------------- admission

    def admit(self, request: Request) -> None:
        """Could such a guest be let in? ENOSPC if not; short_bytes is by how much."""
        short = ctypes.c_uint64()
        self._ask("balloon_admit", request, short, short=short)

    def claim(self, request: Request, guest: str, lease_ns: int) -> "Claim":
        """Admits the guest and keeps memory for it until it appears or lease_ns is over."""
        number = ctypes.c_uint64()
        self._ask("balloon_claim", request, guest, lease_ns, number, guest=guest)
        return Claim(self, number.value, guest)

    # --------------------------------------------------------------- what if

    def what_if(self) -> "View":
        """A copy of the host as it was seen last, to be changed and beaten at will."""
        pointer = ctypes.c_void_p()
        self._ask("balloon_what_if", pointer)
        return View(pointer)

    # ----------------------------------------------------------------- holds

    def hold(self, guest: str, owner: str, until_ns: int, mode: HoldMode = HoldMode.FREEZE,
             reason: str = "") -> "Hold":
        """Leaves a guest alone until then, or until the with it stands in is left."""
        self._ask("balloon_hold", guest,
                  CHold(mode=mode, owner=owner, reason=reason, until_ns=until_ns), guest=guest)
        return Hold(self, guest, owner)

    def unhold(self, guest: str, owner: str) -> None:
        self._ask("balloon_unhold", guest, owner, guest=guest)


class View(Host):
    """What would be. A handle like any other, dry, with no host behind."""

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        session = Session()
        self._start(session)
        self._own(pointer, session.lock)

    def set_host(self, total_bytes: int, available_bytes: int) -> None:
        self._ask("balloon_what_if_host", total_bytes, available_bytes, frees=True)

    def add(self, name: str, size_bytes: int, active_bytes: Optional[int] = None) -> None:
        """Another guest of this size is there; None: it uses all of it."""
        self._ask("balloon_what_if_guest", name, size_bytes, active_bytes, guest=name, frees=True)

    def remove(self, guest: str) -> None:
        self._ask("balloon_what_if_gone", guest, guest=guest, frees=True)


class Claim:
    """Memory kept for a guest about to start. In a with: given up if its body fails."""

    def __init__(self, host: Host, number: int, guest: str) -> None:
        self.host, self.number, self.guest = host, number, guest

    def missing_bytes(self) -> int:
        """0: the memory lies free, start the guest. ENOENT: lapsed, or taken by its guest."""
        missing = ctypes.c_uint64()
        try:
            self.host._ask("balloon_claim_ready", self.number, missing, guest=self.guest)
        except BalloonError as error:
            if error.errno != errno.EAGAIN:
                raise
            return missing.value
        return 0

    def renew(self, lease_ns: int) -> None:
        self.host._ask("balloon_claim_renew", self.number, lease_ns, guest=self.guest)

    def release(self) -> None:
        self.host._ask("balloon_claim_release", self.number, guest=self.guest)

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind is not None:
            forgive(self.release)


class Hold:
    """A hold that ends with the with it stands in, unless it ended before."""

    def __init__(self, host: Host, guest: str, owner: str) -> None:
        self.host, self.guest, self.owner = host, guest, owner

    def __enter__(self) -> "Hold":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        forgive(lambda: self.host.unhold(self.guest, self.owner))


def forgive(end: Callable[[], None]) -> None:
    """Ending what has ended is no error."""
    try:
        end()
    except BalloonError as error:
        if error.errno != errno.ENOENT:
            raise
