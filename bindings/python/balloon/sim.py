# SPDX-License-Identifier: LGPL-2.1-or-later
"""The simulated host, driven from Python: sim.h with the truth at hand.

    with balloon.Sim(4 * GIB, own_bytes=GIB // 4, seed=1) as sim:
        web = sim.add("web", GIB)
        web.set_demand(300 * MIB)
        with balloon.Host(sim) as host:
            for second in range(0, 3600, 10):
                host.tick(second * SECOND)
        print(web.truth().unmet_kib_s, sim.truth().reversals)

Its clock goes only when a beat, a look or step() moves it; times called at_ns count
from the first moment it was shown."""
import ctypes
import errno
from typing import Iterable, Optional, Tuple, Union

from ._door import SENTENCE, Handle, Session, Shared
from ._errors import BalloonError
from ._library import call
from ._struct import read_text
from .sim_structs import Behaviour, CGuest, CHost, CTraceFile, HostTruth, Point, Truth
from .words import Fixed, Restart, SimFeatures


class Visit(Session):
    """One handle that is open on a simulated host."""

    def __init__(self, world: Shared) -> None:
        super().__init__(None, world.lock)
        self.world: Optional[Shared] = world
        self.backend = call("balloon_sim_backend")(world.pointer)
        world.enter()

    def closed(self) -> None:
        world, self.world = self.world, None
        if world is not None:
            world.leave()


def behaviour(name: str, size_bytes: int) -> Behaviour:
    """A behaviour by name ("slow", "stick+late", …; see sim.h), to be changed at will."""
    found = Behaviour()
    rc = call("balloon_sim_behaviour")(name, size_bytes, found)
    if rc < 0:
        raise BalloonError(-rc, f"\"{name}\" is no behaviour of a guest; see sim.h for their names")
    return found


class Sim(Handle):
    """A host of guests that want memory. Hosts and attachments on it are closed first."""

    def __init__(self, total_bytes: int, *, own_bytes: int = 0, cache_bytes: int = 0,
                 capacity_bytes: Optional[int] = None, seed: int = 0, faults_bp: int = 0,
                 swap_bytes: int = 0, compress_max_bytes: int = 0, compress_bp: int = 0,
                 share_bp: int = 0, nodes: int = 0,
                 features: SimFeatures = SimFeatures(0)) -> None:
        host = CHost(total_bytes=total_bytes, own_bytes=own_bytes, cache_bytes=cache_bytes,
                     capacity_bytes=capacity_bytes, seed=seed, faults_bp=faults_bp,
                     swap_bytes=swap_bytes, compress_max_bytes=compress_max_bytes,
                     compress_bp=compress_bp, share_bp=share_bp, nodes=nodes, features=features)
        pointer = ctypes.c_void_p()
        rc = call("balloon_sim_new")(host, pointer)
        if rc < 0:
            raise BalloonError(-rc, {
                errno.ENFILE: "64 simulated hosts are open already; close some",
                errno.ERANGE: "sim: more than 4 PiB; give bytes",
            }.get(-rc, "sim: numbers that make no sense; own use is within the total, and the "
                  "cache within own use"))
        self._world = Shared(pointer.value or 0, "balloon_sim_free")
        self._own(pointer, self._world.lock)

    def _close(self, pointer: int) -> None:
        self._world.leave()

    def close(self) -> None:
        if not self.closed and self._world.users > 1:
            raise BalloonError(errno.EBUSY, "somebody is open on this simulated host; close them "
                               "first")
        super().close()

    def __del__(self) -> None:
        super().close()

    def _ask(self, name: str, *arguments: object, guest: Optional[str] = None) -> None:
        self._enter()
        with self._lock, self._shared:
            rc = call(name)(self._alive(), *arguments)
        if rc < 0:
            raise BalloonError(-rc, f"{name[len('balloon_'):]}: {WRONG.get(-rc, 'refused')}", guest)

    def session(self) -> Session:
        self._alive()
        return Visit(self._world)

    @property
    def uri(self) -> str:
        """Opens this host too, in this process."""
        return read_text(call("balloon_sim_uri")(self._alive())) or ""

    def step(self, now_ns: int) -> None:
        """Moves the host's clock."""
        self._ask("balloon_sim_step", now_ns)

    def set_host(self, own_bytes: int, cache_bytes: int = 0) -> None:
        self._ask("balloon_sim_set_host", own_bytes, cache_bytes)

    def away(self, for_ns: int) -> None:
        """The hypervisor's daemon goes away for so long; the guests live on."""
        self._enter()
        with self._lock, self._shared:
            call("balloon_sim_away")(self._alive(), for_ns)

    def nudge(self) -> None:
        """Makes the descriptor readable, as a hypervisor's event would."""
        self._enter()
        with self._lock, self._shared:
            call("balloon_sim_nudge")(self._alive())

    def add(self, name: str, size_bytes: int, *, actual_bytes: Optional[int] = None,
            start_at_ns: int = 0, boot_ns: int = 0, swap_bytes: Optional[int] = None,
            fixed: Fixed = Fixed.NOT) -> "Guest":
        guest = CGuest(name=name, size_bytes=size_bytes, actual_bytes=actual_bytes,
                       start_at_ns=start_at_ns, boot_ns=boot_ns, swap_bytes=swap_bytes,
                       fixed=fixed)
        key = ctypes.c_uint64()
        self._ask("balloon_sim_add", guest, key, guest=name)
        return Guest(self, key.value, name, size_bytes)

    def add_traces(self, path: str, *, guests_max: Optional[int] = None, skip_s: int = 0,
                   speed: int = 1, actual_bp: int = 0) -> int:
        """Guests with the recorded demand of real ones: from STEM-active-mib.csv[.gz], with
        STEM-provisioned-mib.csv beside it, or a folder of these. Returns how many."""
        file = CTraceFile(path=path, guests_max=guests_max, skip_s=skip_s, speed=speed,
                          actual_bp=actual_bp)
        n, error = ctypes.c_size_t(), ctypes.create_string_buffer(SENTENCE)
        self._enter()
        with self._lock, self._shared:
            rc = call("balloon_sim_add_traces")(self._alive(), file, n, ctypes.addressof(error),
                                                SENTENCE)
        if rc < 0:
            raise BalloonError(-rc, read_text(error.value) or "")
        return n.value

    def truth(self) -> HostTruth:
        truth = HostTruth()
        self._ask("balloon_sim_host_truth", truth)
        return truth


class Guest:
    """One guest of a Sim, in all its lives."""

    def __init__(self, sim: Sim, key: int, name: str, size_bytes: int) -> None:
        self.sim, self.key, self.name, self.size_bytes = sim, key, name, size_bytes

    def _ask(self, name: str, *arguments: object) -> None:
        self.sim._ask(name, self.key, *arguments, guest=self.name)

    def remove(self) -> None:
        self._ask("balloon_sim_remove")

    def restart(self, how: Restart = Restart.RESTART) -> int:
        """Another life under another key, which this is the guest of from now on."""
        key = ctypes.c_uint64()
        self._ask("balloon_sim_restart", how, key)
        self.key = key.value
        return self.key

    def set_fixed(self, fixed: Fixed) -> None:
        self._ask("balloon_sim_set_fixed", fixed)

    def set_demand(self, demand_bytes: int, hot_bytes: Optional[int] = None) -> None:
        """What its programs want from now on; None: half of it is touched all the time."""
        self._ask("balloon_sim_set_demand", demand_bytes, hot_bytes)

    def set_trace(self, points: Iterable[Tuple[int, int]]) -> None:
        """Demand by points (at_ns, demand_bytes), linear between them."""
        cells = [Point(at_ns=at_ns, demand_bytes=demand) for at_ns, demand in points]
        self._ask("balloon_sim_set_trace", (Point * len(cells))(*cells), len(cells))

    def set_wander(self) -> None:
        self._ask("balloon_sim_set_wander")

    def set_cache(self, max_bytes: int, bytes_s: int) -> None:
        """Disk cache grows at bytes_s into free memory, up to max_bytes."""
        self._ask("balloon_sim_set_cache", max_bytes, bytes_s)

    def set_behaviour(self, how: Union[str, Behaviour]) -> None:
        known = behaviour(how, self.size_bytes) if isinstance(how, str) else how
        self._ask("balloon_sim_set_behaviour", known)

    def truth(self) -> Truth:
        truth = Truth()
        self._ask("balloon_sim_truth", truth)
        return truth


WRONG = {
    errno.ESRCH: "there is no guest with this key; it was removed, or another life has another key",
    errno.EINVAL: "a number that makes no sense, or a clock that went back",
    errno.ERANGE: "a number beyond the widest world; give bytes",
    errno.E2BIG: "a guest too many",
    errno.ENOMEM: "out of memory",
}
