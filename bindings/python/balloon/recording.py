# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings played back: replay.h. What record:FILE,URI wrote down in the field, decided
again on the desk, with the policy that was in force then.

    recording = balloon.Recording("/var/tmp/host.jsonl")
    with balloon.Host(recording, policy=policy) as host:
        for now_ns in recording:
            host.tick(now_ns)
        print(recording.differences, recording.difference)"""
import ctypes
import errno
from typing import Any, Callable, Iterator, Optional

from ._door import Session, refuse_inside
from ._errors import BalloonError
from ._library import call
from ._struct import read_text
from .structs import OPEN, CBackend


class Playing(Session):
    """The player, with an open() that remembers what it opened."""

    def __init__(self, recording: "Recording") -> None:
        super().__init__(f"replay:{recording.path}")
        self.player_backend = CBackend.from_address(call("balloon_replay_backend")())
        self.table = CBackend.from_buffer_copy(self.player_backend)
        self.recording = recording
        self.player: Optional[int] = None
        self.table.open = OPEN(self._open)
        self.backend = ctypes.addressof(self.table)

    def _open(self, uri: Optional[bytes], ret_self: Any, ret_error: int, size: int) -> int:
        def work() -> int:
            rc: int = self.player_backend.open(uri, ret_self, ret_error, size)
            if rc == 0:
                self.player = ret_self[0]
            return rc
        rc = self.guarded(work, errno.EIO)
        self.inside = False
        return rc

    def closed(self) -> None:
        self.player = None


class Recording:
    """A file of what a host said and was told; open one Host on it at a time."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._playing: Optional[Playing] = None

    def session(self) -> Session:
        if self._playing is not None and self._playing.player is not None:
            raise BalloonError(errno.EBUSY, f"{self.path} is being played; open it once more as "
                               "another Recording")
        self._playing = Playing(self)
        return self._playing

    def _ask(self, name: str, *arguments: Any) -> Any:
        return self._do(lambda player: call(name)(player, *arguments))

    def _do(self, work: Callable[[int], Any]) -> Any:
        playing = self._playing
        if playing is None:
            raise BalloonError(errno.EBADF, f"{self.path} is not being played; open a Host on it")
        refuse_inside(playing.lock, self.path)
        with playing.lock:
            if playing.player is None:
                raise BalloonError(errno.EBADF, f"{self.path} is not being played; open a Host "
                                   "on it")
            return work(playing.player)

    def __iter__(self) -> Iterator[int]:
        """The moments of the looks, for host.tick()."""
        now_ns = ctypes.c_uint64()
        while True:
            rc = self._ask("balloon_replay_next", now_ns)
            if rc == -errno.ENODATA:
                return
            if rc < 0:
                raise BalloonError(-rc, self.difference)
            yield now_ns.value

    @property
    def looks(self) -> int:
        return int(self._ask("balloon_replay_looks"))

    @property
    def differences(self) -> int:
        """Orders that differed so far."""
        return int(self._ask("balloon_replay_differences"))

    @property
    def difference(self) -> str:
        """The sentence for the last beat that had some."""
        playing = self._playing
        said: bytes = self._do(
            lambda player: ctypes.string_at(playing.table.error(player)) if playing else b"")
        return read_text(said) or ""

    @property
    def uri(self) -> str:
        """What was recorded."""
        return read_text(self._ask("balloon_replay_uri")) or ""

    @property
    def library(self) -> str:
        """Which release recorded it."""
        return read_text(self._ask("balloon_replay_library")) or ""
