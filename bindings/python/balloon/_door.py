# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands between a handle and what it leads to: who may call, and what callbacks
raised. Knows neither hosts nor guests.

ctypes gives the interpreter's lock away during a call, and a callback may do anything.
So each handle has a Turn: whoever comes while a call is under way, from another thread
or from inside of a callback, is refused instead of let into C."""
import atexit
import ctypes
import errno
import threading
import weakref
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Protocol, Tuple, Type

from ._errors import BalloonError


SENTENCE = 512  # room for one; the library's own are shorter


class Turn:
    """One call at a time. Those of them that are taken together make one turn."""

    def __init__(self, what: str, *others: "Turn") -> None:
        self.what = what
        self.locks: Tuple[Tuple[str, threading.Lock], ...] = (
            (what, threading.Lock()), *(lock for other in others for lock in other.locks))

    def __enter__(self) -> None:
        for place, (what, lock) in enumerate(self.locks):
            if not lock.acquire(blocking=False):
                for _, taken in self.locks[:place]:
                    taken.release()
                raise BalloonError(errno.EBUSY, f"{what} is in the middle of a call; a callback or "
                                   "another thread has to wait until that is over")

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        for _, lock in self.locks:
            lock.release()


class Session:
    """One opening of a backend: its struct, and what must outlive it."""
    backend: Optional[int] = None  # address of its struct balloon_backend
    raised: Optional[BaseException] = None  # by a callback, and not yet by who called
    cause: Optional[BaseException] = None  # of an errno that a callback answered
    looked = True  # the last beat came to the callback that looks, if there is one

    def __init__(self, uri: Optional[str] = None, *turns: Turn) -> None:
        self.uri = uri
        self.turns = turns
        self.sentence = ctypes.create_string_buffer(SENTENCE)

    def guarded(self, work: Callable[[], int], failed: int) -> int:
        """Does the work of a callback. No exception goes into C: it would be lost there.
        An OSError is an answer; anything else waits for surface()."""
        try:
            self.sentence.value = b""
            return work()
        except OSError as error:
            self.cause = error
            said = (error.strerror or str(error)).encode("utf-8", "replace")
            self.sentence.value = said[:SENTENCE - 1]
            return -(error.errno or failed)
        except BaseException as error:  # KeyboardInterrupt too
            self.raised = error
            return -failed

    def expect(self) -> None:
        """A beat begins."""

    def closed(self) -> None:
        """The backend was closed."""

    def surface(self) -> None:
        """Raises what a callback raised, now that no C is in between. A signal that came
        while C ran is handled on the way into a callback, before anything there can
        catch it, and ctypes drops it: then the callback was not reached."""
        raised, self.raised = self.raised, None
        if raised is None and not self.looked:
            raised = KeyboardInterrupt()
        self.looked = True
        if raised is not None:
            raise raised


class Door(Protocol):
    """Whatever a Host can be opened on: Backend, Sim, Recording."""
    def session(self) -> Session: ...


class Handle:
    """Something of the library's that has to be closed, once and in time.

    Closed by close(), by leaving a with, when nobody refers to it, or at exit."""
    _pointer: Optional[int] = None

    def _own(self, pointer: ctypes.c_void_p, turn: Turn) -> None:
        self._pointer = pointer.value
        self._turn = turn
        OPEN[id(self)] = weakref.ref(self)

    def _close(self, pointer: int) -> None:
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        return self._pointer is None

    def close(self) -> None:
        """Lets go. Again does nothing."""
        if self._pointer is None:
            return
        with self._turn:
            pointer, self._pointer = self._pointer, None
            OPEN.pop(id(self), None)
            if pointer is not None:
                self._close(pointer)

    def _alive(self) -> int:
        if self._pointer is None:
            raise BalloonError(errno.EBADF, f"this {type(self).__name__} is closed; open another")
        return self._pointer

    def __enter__(self: Any) -> Any:
        self._alive()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


OPEN: Dict[int, "weakref.ref[Handle]"] = {}


@atexit.register
def close_all() -> None:
    """The youngest first: a host is younger than what it looks at. One that another
    thread is in the middle of is left alone."""
    for reference in reversed(list(OPEN.values())):
        handle = reference()
        try:
            if handle is not None:
                handle.close()
        except BalloonError as error:
            if error.errno != errno.EBUSY:
                raise
