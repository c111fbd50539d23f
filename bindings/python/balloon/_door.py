# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands between a handle and what it leads to: who may call, and what callbacks
raised. Knows neither hosts nor guests.

ctypes gives the interpreter's lock away during a call, and a callback may do anything.
So each handle has a lock, and shares one with all that are open on the same world:
another thread waits, and whoever calls from inside of a callback is refused. The locks
are Python's own, since a signal may come between any two lines of Python."""
import atexit
import ctypes
import errno
import threading
import weakref
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Protocol, Type

from ._errors import BalloonError
from ._library import call

SENTENCE = 512  # room for one; the library's own are shorter


def refuse_inside(lock: Any, what: str) -> None:
    """Raises if this thread is inside of a call already (as threading.Condition asks)."""
    if lock._is_owned():
        raise BalloonError(errno.EBUSY, f"{what} is in the middle of a call, which this callback "
                           "belongs to; do it after that")


class Session:
    """One opening of a backend: its struct, and what must outlive it."""
    backend: Optional[int] = None  # address of its struct balloon_backend
    raised: Optional[BaseException] = None  # by a callback, and not yet by who called
    cause: Optional[BaseException] = None  # of an errno that a callback answered
    python = False  # the backend's calls are Python's
    inside = False  # of a callback, whose last line says no
    answered = False  # the backend looked, and came to the end of it

    def __init__(self, uri: Optional[str] = None, lock: Any = None) -> None:
        self.uri = uri
        self.lock = lock or threading.RLock()
        self.sentence = ctypes.create_string_buffer(SENTENCE)

    def guarded(self, work: Callable[[], int], failed: int) -> int:
        """Does the work of a callback. No exception goes into C: it would be lost there.
        An OSError is an answer; anything else waits for end()."""
        self.inside = True
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

    def closed(self) -> None:
        """The backend was closed."""

    def begin(self) -> None:
        """A call into C is next."""
        self.raised = self.cause = None
        self.inside = self.answered = False

    def end(self, rc: int, beat: bool = False) -> None:
        """Raises what a callback raised, now that no C is in between. A signal is also
        handled on the way into a callback and out of it, where nothing there can catch
        what that raises, and ctypes drops it: such a callback did not come to its end."""
        raised, self.raised = self.raised, None
        unheard = beat and self.python and not self.answered and rc != -errno.EINVAL
        if raised is None and (self.inside or unheard):
            raised = KeyboardInterrupt()
        if raised is not None:
            raise raised


class Shared:
    """What several handles are open on: freed when the last of them is gone, in whatever
    order they go."""

    def __init__(self, pointer: int, free: str) -> None:
        self.pointer = pointer
        self.free = free
        self.lock = threading.RLock()
        self.users = 1
        self.counting = threading.RLock()  # again by a finalizer, in the middle of it

    def enter(self) -> None:
        with self.counting:
            self.users += 1

    def leave(self) -> None:
        with self.counting:
            self.users -= 1
            last = not self.users
        if last and self.pointer:
            call(self.free)(self.pointer)


class Door(Protocol):
    """Whatever a Host can be opened on: Backend, Sim, Recording."""
    def session(self) -> Session: ...


class Handle:
    """Something of the library's that has to be closed, once and in time.

    Closed by close(), by leaving a with, when nobody refers to it, or at exit."""
    _pointer: Optional[int] = None

    def _own(self, pointer: ctypes.c_void_p, shared: Any) -> None:
        self._pointer = pointer.value
        self._lock, self._shared = threading.RLock(), shared
        OPEN[id(self)] = weakref.ref(self)

    def _enter(self) -> None:
        """Before the locks are taken."""
        self._alive()
        refuse_inside(self._lock, f"the {type(self).__name__}")
        refuse_inside(self._shared, "the world behind it")

    def _close(self, pointer: int) -> None:
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        return self._pointer is None

    def close(self) -> None:
        """Lets go. Again does nothing."""
        if self._pointer is None:
            return
        refuse_inside(self._lock, f"the {type(self).__name__}")
        with self._lock:
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
        if handle is not None and handle._lock.acquire(blocking=False):
            handle._lock.release()
            handle.close()
