# SPDX-License-Identifier: LGPL-2.1-or-later
"""A beat from Python against the same beat from C: the same handle, the same world, the
same reading of all reports, in turns; the least of many rounds. And Hypothesis's cases.

    python.py LIBBENCH ENTITLE_TEST [--cases N]"""
import argparse
import ctypes
import json
import subprocess
import sys
import time

import balloon

MIB, SECOND, GUESTS, BEATS = 1 << 20, 10**9, 1000, 20
ROUNDS = 60  # as many as it takes for a quiet moment on a shared machine


def sim():
    world = balloon.Sim(GUESTS * 4096 * MIB, own_bytes=256 * MIB, seed=7)
    for number in range(GUESTS):
        world.add(f"g{number}", (number % 16 + 1) * 256 * MIB).set_wander()
    return world


class Crowd(balloon.Backend):
    """bench_world() of python_c.c once more, by columns."""

    def __init__(self):
        total = 2 * GUESTS * 1024 * MIB
        self.sheet = balloon.Sheet(GUESTS, total_bytes=total)
        for place, row in enumerate(self.sheet.guests):
            row.key, row.name = place + 1, "one"
            row.size_bytes = row.actual_bytes = 1024 * MIB
        column = self.sheet.guests.column
        self.actual, self.memory = column("actual_bytes"), column("total_bytes")
        self.start = [place * 37 for place in range(GUESTS)]

    def observe(self, now_ns):
        at = now_ns // SECOND * 5
        actual = self.actual.tolist()
        self.memory[:] = self.actual
        self.sheet.guests.set_column("available_bytes", [
            max(0, has - (256 + (start + at) % 512) * MIB)
            for has, start in zip(actual, self.start)])
        self.sheet.guests.set_column("serial", [now_ns] * GUESTS)
        self.sheet.available_bytes = self.sheet.total_bytes - sum(actual)
        return self.sheet

    def order(self, now_ns, orders):
        for key, target in zip(orders.column("key"), orders.column("target_bytes")):
            self.actual[key - 1] = target


class Foreign:
    """A backend that C made."""

    def __init__(self, address):
        self.address = address

    def session(self):
        session = balloon.host.Session()
        session.backend = self.address
        return session


def from_python(host, now):
    total = 0
    for beat in range(BEATS):
        host.tick(now + beat * SECOND)
        host.report()
        total += sum(host.guests().column("target_bytes"))
    return total


def row_by_row(host, now):
    total = 0
    for beat in range(BEATS):
        host.tick(now + beat * SECOND)
        host.report()
        for guest in host.guests():
            total += guest.target_bytes
    return total


def measure(pairs):
    """Least time of each work on its host; all take turns and go on in time."""
    least = [float("inf")] * len(pairs)
    for turn in range(ROUNDS):
        for place, (host, work) in enumerate(pairs):
            now = (turn * len(pairs) + place + 1) * BEATS * SECOND
            start = time.perf_counter()
            work(host, now)
            least[place] = min(least[place], time.perf_counter() - start)
    return least


def main():
    options = argparse.ArgumentParser()
    options.add_argument("library")
    options.add_argument("entitle")
    options.add_argument("--cases", type=int, default=2000)
    options = options.parse_args()
    bench = ctypes.CDLL(options.library)
    bench.bench_beats.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_size_t]
    bench.bench_beats.restype = ctypes.c_uint64
    bench.bench_world.argtypes, bench.bench_world.restype = [ctypes.c_size_t], ctypes.c_void_p

    def from_c(host, now):
        return bench.bench_beats(host._alive(), now, BEATS, GUESTS)

    tight = balloon.Policy(budget_bytes=GUESTS * 6 * 256 * MIB)
    host = balloon.Host(sim(), policy=tight)
    c, columns, rows = measure([(host, from_c), (host, from_python), (host, row_by_row)])
    tight = balloon.Policy(budget_bytes=GUESTS * 512 * MIB)
    in_c, in_python = measure([
        (balloon.Host(Foreign(bench.bench_world(GUESTS)), policy=tight), from_c),
        (balloon.Host(Crowd(), policy=tight), from_python)])
    said = subprocess.run([sys.executable, options.entitle, "--cases", str(options.cases)],
                          stdout=subprocess.PIPE, text=True)
    cases = json.loads(said.stdout.splitlines()[-1])
    print(json.dumps({
        "beat_1000_vs_c": round(columns / c, 3), "beat_1000_rows_vs_c": round(rows / c, 3),
        "beat_1000_backend_vs_c": round(in_python / in_c, 3),
        "us_per_beat_c": round(c / BEATS * 1e6, 1),
        "us_per_beat_python": round(columns / BEATS * 1e6, 1), **cases}))
    return 0 if said.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
