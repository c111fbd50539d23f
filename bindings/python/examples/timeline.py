# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws what two guests had, were told and used over ten minutes: timeline.png and
entitlements.png (needs matplotlib).

    timeline.py [FOLDER] [--brief]   PYTHONPATH=BUILD/python for a library not installed"""
import os
import sys
import tempfile

import balloon
import balloon.plot

MIB, GIB, SECOND = 1 << 20, 1 << 30, 10**9


def draw(folder: str) -> None:
    timeline = balloon.plot.Timeline()
    with balloon.Sim(2 * GIB, own_bytes=128 * MIB, seed=3) as sim:
        web, batch = sim.add("web", GIB), sim.add("batch", GIB)
        web.set_trace([(0, 100 * MIB), (200 * SECOND, 100 * MIB), (220 * SECOND, 800 * MIB)])
        batch.set_trace([(0, 850 * MIB), (400 * SECOND, 850 * MIB), (420 * SECOND, 100 * MIB)])
        policy = balloon.Policy(budget_bytes=1200 * MIB, guests={
            "web": balloon.Allocation(shares=4000), "batch": balloon.Allocation(shares=1000)})
        with balloon.Host(sim, policy=policy) as host:
            for beat in range(600):
                host.tick(beat * SECOND)
                timeline.add(beat * SECOND, host.guests())
            balloon.plot.entitlements(host.guests(), os.path.join(folder, "entitlements.png"))
    timeline.save(os.path.join(folder, "timeline.png"))
    for name in ("timeline.png", "entitlements.png"):
        print(f"{os.path.join(folder, name)}: {os.path.getsize(os.path.join(folder, name))} bytes")


def main() -> None:
    try:
        import matplotlib  # type: ignore[import]
    except ImportError:
        print("skip: there is no matplotlib (apt-get install python3-matplotlib)")
        sys.exit(77)
    del matplotlib
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if folders:
        draw(folders[0])
        return
    with tempfile.TemporaryDirectory(prefix="balloon-timeline-") as folder:
        draw(folder)


if __name__ == "__main__":
    main()
