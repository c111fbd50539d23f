# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host minded from asyncio: beats when they are due, and at once when the hypervisor
has news.

    minder.py [URI] [--brief]     PYTHONPATH=BUILD/python for a library not installed

Without a URI it minds a simulated host, and nudges it as a hypervisor's event would.
A beat is short; where a hypervisor's library might hang, the backend keeps that to
itself."""
import asyncio
import sys
from typing import Optional

import balloon

MIB, GIB, SECOND = 1 << 20, 1 << 30, 10**9


class Minder:
    def __init__(self, host: balloon.Host) -> None:
        self.host = host
        self.news = asyncio.Event()
        self.beats = self.early = 0

    async def run(self, beats: Optional[int] = None) -> None:
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self.host.fileno(), self.news.set)
        except balloon.BalloonError as error:
            print(f"minder: {error}")
        while beats is None or self.beats < beats:
            self.beat()
            await self.sleep()

    def beat(self) -> None:
        self.news.clear()
        self.beats += 1
        try:
            self.host.tick()  # drains the descriptor, too
        except balloon.BalloonError as error:
            print(f"minder: {error}; again in a moment")

    async def sleep(self) -> None:
        """Until the next beat is due, or there is news."""
        seconds = max(0.0, (self.host.next_ns - balloon.now_ns()) / SECOND)
        try:
            await asyncio.wait_for(self.news.wait(), seconds)
            self.early += 1
        except asyncio.TimeoutError:
            pass


async def simulated(brief: bool) -> None:
    profile = balloon.profile("balanced")
    profile.beat_ns = SECOND // 2
    with balloon.Sim(2 * GIB, own_bytes=128 * MIB) as sim:
        for name, demand in (("web", 300 * MIB), ("db", 900 * MIB)):
            sim.add(name, GIB).set_demand(demand)
        with balloon.Host(sim, policy=balloon.Policy(profile=profile)) as host:
            minder = Minder(host)
            task = asyncio.create_task(minder.run(4 if brief else 20))
            await asyncio.sleep(0.1)
            sim.nudge()
            await task
            for guest in host.guests():
                print(host.explain(guest.name or ""))
            print(f"{minder.beats} beats, {minder.early} of them early")
            assert minder.early


async def real(uri: str) -> None:
    with balloon.Host(uri, dry_run=True, log=lambda _level, sentence: print(sentence)) as host:
        await Minder(host).run()


def main() -> None:
    uris = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    try:
        asyncio.run(real(uris[0]) if uris else simulated("--brief" in sys.argv))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
