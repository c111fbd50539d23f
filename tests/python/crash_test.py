# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must never crash the interpreter: closing in any order, garbage collection,
exceptions, signals and calls inside of callbacks, threads, two hosts at once, and
whoever keeps what the library has freed. A build with sanitizers runs this under
AddressSanitizer, with Python's own memory in its sight."""
import errno
import gc
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import unittest
import weakref

import balloon
from kit import GIB, MIB, SECOND, Room, beats

TIGHT = balloon.Policy(budget_bytes=GIB)


def make_sim(guests=3):
    sim = balloon.Sim(2 * GIB, own_bytes=128 * MIB, seed=5)
    for number in range(guests):
        sim.add(f"guest-with-a-long-name-{number}", GIB).set_wander()
    return sim


class Case(unittest.TestCase):
    def refused(self, number, work, *args):
        with self.assertRaises(balloon.BalloonError) as caught:
            work(*args)
        self.assertEqual(caught.exception.errno, number)


class Closing(Case):
    def test_twice(self):
        with make_sim() as sim, balloon.Host(sim) as host:
            host.tick(SECOND)
            host.close()
            host.close()
            self.assertTrue(host.closed)
        sim.close()

    def test_used_after(self):
        sim = make_sim()
        host = balloon.Host(sim)
        eyes = balloon.Attachment(sim)
        beats(host, 2)
        claim = host.claim(balloon.Request(reservation_bytes=MIB), "x", 90 * SECOND)
        guest = sim.add("one", GIB)
        view = host.what_if()
        for handle in (view, host, eyes, sim):
            handle.close()
        for work in (host.tick, host.report, host.guests, host.fileno, host.release, host.what_if,
                     lambda: host.error, claim.release, claim.missing_bytes, view.guests,
                     lambda: host.why("one"), lambda: host.explain("one"), guest.truth, sim.nudge,
                     guest.remove, sim.truth, lambda: sim.uri, lambda: eyes.observe(SECOND),
                     lambda: eyes.order(SECOND, {1: 1}), eyes.fileno, host.__enter__,
                     lambda: balloon.Host(sim), lambda: host.set_policy(TIGHT)):
            self.refused(errno.EBADF, work)

    def test_host_before_sim(self):
        sim = make_sim()
        host = balloon.Host(sim)
        self.refused(errno.EBUSY, sim.close)
        host.tick(SECOND)
        host.close()
        sim.close()

    def test_dropped_in_any_order(self):
        for order in ("sim host eyes", "host eyes sim", "eyes sim host"):
            things = {"sim": make_sim()}
            things["host"] = balloon.Host(things["sim"])
            things["eyes"] = balloon.Attachment(things["sim"])
            beats(things["host"], 2)
            for name in order.split():
                del things[name]

    def test_view_outlives_its_host(self):
        host = balloon.Host(Room())
        host.tick(SECOND)
        view = host.what_if()
        del host
        gc.collect()
        view.tick(2 * SECOND)
        self.assertEqual(view.guests().names, ["g1", "g2", "g3"])

    def test_many(self):
        """Each is freed: no more than 64 simulated hosts may live."""
        for _ in range(200):
            balloon.Host(make_sim(1)).tick(SECOND)


class Keeping(Case):
    """Rows that outlive what they were made from."""

    def test_rows_of_old_beats(self):
        sim = make_sim(0)
        mortals = [sim.add(f"mortal-{n}", GIB) for n in range(20)]
        kept = []
        with balloon.Host(sim) as host:
            for beat, guest in enumerate(mortals):
                host.tick((beat + 1) * SECOND)
                guests = host.guests()
                kept += [guests, guests[0], guests.column("key"), guests[0].copy()]
                guest.remove()
            host.tick(60 * SECOND)
            last = host.guests()
        for beat in range(20):
            guests, row, column, copy = kept[4 * beat:4 * beat + 4]
            expected = [f"mortal-{n}" for n in range(beat, 20)]
            self.assertEqual(guests.names, expected)
            self.assertEqual([g.name for g in guests], expected)
            self.assertEqual((row.name, copy.name), (expected[0], expected[0]))
            self.assertEqual(column[0], row.key)
            self.assertEqual(guests[expected[0]].uuid, row.uuid)
        self.assertEqual(last.names, [])

    def test_row_alone(self):
        host = balloon.Host(make_sim())
        host.tick(SECOND)
        row, column = host.guests()[1], host.guests().column("size_bytes")
        host.tick(2 * SECOND)
        del host
        gc.collect()
        self.assertEqual(row.name, "guest-with-a-long-name-1")
        self.assertEqual(column.tolist(), [GIB] * 3)

    def test_sheets(self):
        sim = make_sim()
        with balloon.Attachment(sim) as eyes:
            sheets = [eyes.observe(beat * SECOND) for beat in range(10)]
            samples = [sheet.guests[2] for sheet in sheets]
        sim.close()
        self.assertEqual({s.name for s in samples}, {"guest-with-a-long-name-2"})

    def test_orders(self):
        class Hoarder(Room):
            hoard = []

            def order(self, now_ns, orders):
                self.hoard.append(orders)
                super().order(now_ns, orders)

        with balloon.Host(Hoarder(), policy=TIGHT) as host:
            beats(host, 20)
        self.assertTrue([order.target_bytes for orders in Hoarder.hoard for order in orders])

    def test_sheet_of_a_moment(self):
        class Fleeting(Room):
            def observe(self, now_ns):
                sheet = balloon.Sheet(50, total_bytes=GIB, available_bytes=GIB)
                for place, row in enumerate(sheet.guests):
                    row.key, row.name = now_ns + place + 1, f"{now_ns}-{place}" * 5
                    row.size_bytes = 64 * MIB
                return sheet

        with balloon.Host(Fleeting()) as host:
            for beat in range(20):
                host.tick(beat * SECOND)
                gc.collect()
            self.assertEqual(host.guests()[7].name, f"{19 * SECOND}-7" * 5)


class Raising(Case):
    def test_each_callback(self):
        for call in ("open", "close", "observe", "order", "fileno"):
            for error in (ValueError, KeyboardInterrupt, SystemExit, MemoryError):
                with self.subTest(call=call, error=error):
                    self.raising(call, error)

    def raising(self, call, error):
        def bad(*_):
            raise error(call)
        room = Room()
        setattr(room, call, bad)
        with self.assertRaises(error) as caught:
            with balloon.Host(room, policy=TIGHT) as host:
                beats(host, 20)
                host.fileno()
        self.assertEqual(str(caught.exception), call)

    def test_an_oserror_is_an_answer(self):
        class Away(Room):
            def observe(self, now_ns):
                raise TimeoutError(errno.ETIMEDOUT, "the hypervisor \u2603 sleeps" * 100)

        with balloon.Host(Away()) as host:
            with self.assertRaises(balloon.BalloonError) as caught:
                host.tick(SECOND)
        self.assertEqual(caught.exception.errno, errno.EAGAIN)
        self.assertIn("sleeps", caught.exception.sentence)
        self.assertIsInstance(caught.exception.__cause__, TimeoutError)

    def test_refusals(self):
        class No(Room):
            def order(self, now_ns, orders):
                raise PermissionError(errno.EPERM, "no")

        with balloon.Host(No(), policy=TIGHT) as host:
            beats(host, 20)
            self.assertIn(-errno.EPERM, [g.order_rc for g in host.guests()])

    def test_open_says_why(self):
        class Locked(Room):
            def open(self, uri):
                raise PermissionError(errno.EACCES, "the door is locked; knock" + "!" * 2000)

        with self.assertRaises(balloon.BalloonError) as caught:
            balloon.Host(Locked())
        self.assertEqual(caught.exception.errno, errno.EACCES)
        self.assertIn("knock", caught.exception.sentence)

    def test_log(self):
        def log(level, sentence):
            raise ZeroDivisionError

        class Stubborn(Room):
            def order(self, now_ns, orders):
                raise PermissionError(errno.EPERM, "no")

        with balloon.Host(Stubborn(), policy=TIGHT, log=log) as host:
            with self.assertRaises(ZeroDivisionError):
                beats(host, 50)

    def test_nonsense_sheets(self):
        for nonsense in (None, 7, balloon.Sheet):
            room = Room()
            room.observe = lambda now_ns, it=nonsense: it
            with balloon.Host(room) as host:
                self.assertRaises((AttributeError, TypeError), host.tick, SECOND)
        for keys in ((0, 1, 2), (1, 1, 2)):
            room = Room()
            for row, key in zip(room.sheet.guests, keys):
                row.key = key
            with balloon.Host(room) as host:
                self.assertRaises(balloon.BalloonError, host.tick, SECOND)

    def test_names_of_bytes(self):
        room = Room()
        room.sheet.guests[0].name = b"\xff\xfe\xc3("
        with balloon.Host(room) as host:
            host.tick(SECOND)
            name = host.guests()[0].name
            self.assertEqual(name.encode("utf-8", "surrogateescape"), b"\xff\xfe\xc3(")
            self.assertEqual(host.guests()[name].key, 1)
            self.assertTrue(host.explain(name))

    def test_signals(self):
        """A Ctrl-C at any moment of a beat comes out of it."""
        class Rang(BaseException):
            pass

        rung = []

        def ring(_number, _frame):
            rung.append(1)
            raise Rang

        gc.collect()
        gc.disable()  # Python itself drops what is raised in a finalizer
        before = signal.signal(signal.SIGALRM, ring)
        draw, heard, now = random.Random(3), 0, 0
        host = balloon.Host(Room(guests=200, total_bytes=64 * GIB))
        try:
            while heard < 50:
                try:
                    signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-6, 1e-3))
                    for _ in range(50):
                        now += SECOND
                        host.tick(now)
                except (Rang, KeyboardInterrupt):
                    heard += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            gc.enable()
        self.assertEqual(len(rung), heard)
        host.close()


class Inside(Case):
    """Calls of a host from inside of its own calls."""

    def test_every_call_is_refused(self):
        refusals = []

        class Nosy(Room):
            def observe(self, now_ns):
                host = self.host
                for work in (host.tick, host.close, host.guests, host.report, host.release,
                             lambda: host.error, host.what_if, lambda: host.set_policy(TIGHT)):
                    try:
                        work()
                    except balloon.BalloonError as error:
                        refusals.append(error.errno)
                return super().observe(now_ns)

        room = Nosy()
        room.host = balloon.Host(room)
        room.host.tick(SECOND)
        self.assertEqual(refusals, [errno.EBUSY] * 8)
        room.host.close()

    def test_another_host_is_welcome(self):
        inner = balloon.Host(make_sim())

        class Outer(Room):
            def observe(self, now_ns):
                inner.tick(now_ns)
                return super().observe(now_ns)

        with balloon.Host(Outer()) as host:
            beats(host, 10)
        self.assertEqual(inner.report().beat, 10)

    def test_collected_inside(self):
        """The last reference to other hosts goes while this one is in C."""
        class Careless(Room):
            def observe(self, now_ns):
                self.others = None
                for _ in range(3):
                    cycle = [balloon.Host(make_sim(1)), balloon.Host(Room())]
                    cycle.append(cycle)
                    del cycle
                gc.collect()
                return super().observe(now_ns)

        room = Careless()
        room.others = [balloon.Host(Room())]
        with balloon.Host(room) as host:
            beats(host, 5)


class Garbage(Case):
    def test_cycles(self):
        gone = []
        for _ in range(20):
            sim = make_sim()
            sim.host = balloon.Host(sim, policy=TIGHT)
            sim.eyes = balloon.Attachment(sim)
            room = Room()
            room.host = balloon.Host(room, log=lambda *_, it=room: None)
            room.host.me = room.host
            beats(sim.host, 2)
            beats(room.host, 2)
            gone += [weakref.ref(sim), weakref.ref(room.host)]
            del sim, room
        gc.collect()
        self.assertEqual([ref() for ref in gone], [None] * 40)

    def test_failed_opens(self):
        for _ in range(50):
            self.assertRaises(balloon.BalloonError, balloon.Host, "sim:nonsense=1")
            self.assertRaises(balloon.BalloonError, balloon.Host, make_sim(),
                              policy=balloon.Policy(guests={"": balloon.Allocation()}))


class Together(Case):
    def test_two_hosts_on_one_world(self):
        sim = make_sim()
        with balloon.Host(sim) as one, balloon.Host(sim, policy=TIGHT) as two:
            for beat in range(100):
                one.tick(beat * SECOND)
                two.tick(beat * SECOND)
            self.assertEqual(one.guests().names, two.guests().names)

    def hammer(self, *works):
        """Each in a thread of its own; all have to come to their turn."""
        wrong = []

        def run(work):
            for _ in range(300):
                try:
                    work()
                except balloon.BalloonError as error:
                    if error.errno != errno.EINVAL:  # the other's time was later
                        wrong.append(error)

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_threads_on_one_host(self):
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        sim = make_sim()
        for host in (balloon.Host(sim), balloon.Host(Room())):
            self.hammer(host.tick, host.tick, lambda it=host: [g.name for g in it.guests()],
                        host.report, lambda: sim.step(balloon.now_ns()), sim.truth)
            host.close()
        sys.setswitchinterval(interval)

    def test_a_host_each(self):
        hosts = [balloon.Host(make_sim()), balloon.Host(Room()), balloon.Host(Room())]
        self.hammer(*[host.tick for host in hosts], gc.collect)

    def test_closed_by_another_thread(self):
        for _ in range(50):
            host = balloon.Host(Room())
            threads = [threading.Thread(target=self.until_closed, args=(host,)) for _ in "12"]
            for thread in threads:
                thread.start()
            host.close()
            for thread in threads:
                thread.join()

    @staticmethod
    def until_closed(host):
        while not host.closed:
            try:
                host.tick()
                host.guests().names
            except balloon.BalloonError as error:
                if error.errno not in (errno.EBADF, errno.EINVAL):
                    raise


class Leaving(Case):
    """The end of the interpreter, with everything still open."""

    def leave(self, body, code=0):
        program = textwrap.dedent("""
            import gc, sys, threading, balloon
            from kit import *
            from crash_test import make_sim
            """) + textwrap.dedent(body)
        said = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True,
                              cwd=os.path.dirname(os.path.abspath(__file__)))
        self.assertEqual((said.returncode, said.stderr), (code, ""))
        return said.stdout

    def test_open_at_exit(self):
        said = self.leave("""
            class Told(Room):
                def close(self):
                    print("closed")
            room = Told()
            room.host = balloon.Host(room)
            sim = make_sim()
            host, eyes = balloon.Host(sim), balloon.Attachment(sim)
            room.host.tick(SECOND); host.tick(SECOND)
            row = host.guests()[0]
            sys.modules["kept"] = [room, host, eyes, sim, row]
            """)
        self.assertEqual(said, "closed\n")

    def test_exit_from_a_callback(self):
        self.leave("""
            class Quits(Room):
                def observe(self, now_ns):
                    sys.exit(7)
            balloon.Host(Quits()).tick(SECOND)
            """, code=7)

    def test_exit_under_a_thread(self):
        self.leave("""
            host = balloon.Host(Room())
            def forever():
                while True:
                    host.tick()
            threading.Thread(target=forever, daemon=True).start()
            while not host.report().beat: pass
            """.replace("while not host.report().beat: pass", "import time; time.sleep(0.2)"))


if __name__ == "__main__":
    unittest.main()
