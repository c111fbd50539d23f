# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole door from Python: what each call gives and how it fails, and that none of
the headers' functions is out of reach of the public classes."""
import errno
import os
import select
import subprocess
import sys
import tempfile
import unittest

import balloon
from balloon import _library
from kit import GIB, MIB, SECOND, Room, beats


class Case(unittest.TestCase):
    def fails(self, number, sentence, work, *args, **more):
        with self.assertRaises(balloon.BalloonError) as caught:
            work(*args, **more)
        self.assertEqual(caught.exception.errno, number)
        self.assertIn(sentence, str(caught.exception))
        self.assertEqual(caught.exception.sentence, str(caught.exception))
        return caught.exception

    def sim(self, guests=2, demand=300 * MIB, **more):
        sim = balloon.Sim(2 * GIB, own_bytes=256 * MIB, seed=1, **more)
        self.addCleanup(sim.close)
        for number in range(guests):
            sim.add(f"g{number}", GIB).set_demand(demand)
        return sim

    def host(self, *args, **more):
        host = balloon.Host(*args, **more)
        self.addCleanup(host.close)
        return host


class Doors(Case):
    """What needs no host."""

    def test_version(self):
        self.assertRegex(balloon.version(), r"^\d+\.\d+\.\d+$")

    def test_entitle(self):
        size = 256 * MIB
        rows = [(1, 15 * MIB, 0, size), balloon.Claimant(shares=1, limit_bytes=size)]
        self.assertEqual(balloon.entitle(rows, 358 * MIB, 7500), [102 * MIB, 256 * MIB])
        self.assertEqual(balloon.entitle([], 358 * MIB), [])
        self.fails(errno.EINVAL, "limit", balloon.entitle, [(1, 0, 2, 1)], 3)
        self.fails(errno.EINVAL, "9999", balloon.entitle, [(1, 0, 0, 1)], 3, 10000)
        self.fails(errno.ERANGE, "bytes", balloon.entitle, [(1, 0, 0, 1)], balloon.BYTES_MAX + 1)

    def test_no_number_is_cut_off(self):
        for wrong in (-1, 1 << 64):
            self.fails(errno.ERANGE, "shares", balloon.Claimant, shares=wrong)
            self.fails(errno.ERANGE, "argument", balloon.entitle, [(1, 0, 0, 1)], wrong)
        for wrong in (0.75, "7500"):
            self.assertRaises(TypeError, balloon.entitle, [(1, 0, 0, 1)], 1, wrong)
        self.assertRaises(TypeError, balloon.Claimant, share=1)
        self.fails(errno.EINVAL, "NUL", balloon.Sim(GIB).add, "a\0b", GIB)

    def test_floors(self):
        self.assertEqual(balloon.floor(128 * MIB), 72 * MIB)
        self.assertEqual(balloon.min_free(28 * GIB) >> 20, 901)

    def test_profiles(self):
        self.assertEqual(balloon.profile("aggressive").tax_bp, 7500)
        self.assertIn(balloon.ProfileFlags.LEND, balloon.profile("lending").flags)
        self.fails(errno.ENOENT, "lending", balloon.profile, "cheerful")

    def test_words(self):
        self.assertEqual(str(balloon.State.STUCK), "stuck")
        self.assertEqual(balloon.Reason.TAX.word, "tax")
        for enum in (balloon.Means, balloon.State, balloon.HostState, balloon.Fixed, balloon.Reason):
            self.assertEqual(len({str(member) for member in enum}), len(enum))


class Hosts(Case):
    def test_uri(self):
        host = self.host("sim:guests=3,host=2GiB,size=1GiB,seed=1")
        beats(host, 100)
        self.assertEqual(host.guests().names, ["sim-1", "sim-2", "sim-3"])
        self.assertGreater(host.report().orders, 0)
        self.fails(errno.ENOENT, "no backend", balloon.Host, "nowhere:at=all")
        self.fails(errno.EINVAL, "geusts", balloon.Host, "sim:geusts=3")

    def test_time(self):
        host = self.host(self.sim())
        due = host.tick(5 * SECOND)
        self.assertEqual((due, host.next_ns), (6 * SECOND, 6 * SECOND))
        self.fails(errno.EINVAL, "time went back", host.tick, SECOND)
        self.assertIn("time went back", host.error)
        self.fails(errno.ERANGE, "argument", host.tick, -1)

    def test_away(self):
        sim = self.sim()
        host = self.host(sim)
        host.tick(SECOND)
        sim.away(10 * SECOND)
        self.fails(errno.EAGAIN, "away", host.tick, 2 * SECOND)
        self.assertGreater(host.next_ns, 2 * SECOND)
        self.assertEqual(host.report().lost_beats, 1)

    def test_reports(self):
        host = self.host(self.sim())
        self.assertEqual(len(host.guests()), 0)
        self.assertIsNone(host.report().capacity_bytes)
        beats(host, 20)
        guests = host.guests()
        one = guests["g1"]
        self.assertEqual((one.name, one.size_bytes, one.fixed), ("g1", GIB, balloon.Fixed.NOT))
        self.assertEqual(guests[one.uuid].key, one.key)
        self.assertEqual([g.target_bytes for g in guests], list(guests.column("target_bytes")))
        self.assertEqual([int(g.reason) for g in guests], list(guests.column("reason")))
        self.assertRaises(KeyError, lambda: guests["g9"])
        self.assertRaises(TypeError, guests.column("key").__setitem__, 0, 1)
        self.assertEqual(host.report().guests_n, 2)
        self.assertEqual(host.report().host_state, balloon.HostState.HIGH)

    def test_why(self):
        host = self.host(self.sim())
        beats(host, 20)
        why = host.why("g0")
        self.assertEqual(why.source, balloon.Source.GUEST)
        self.assertEqual(why.actual_bytes, host.guests()["g0"].actual_bytes)
        self.assertIn("g0 has", host.explain("g0"))
        for ask in (host.why, host.explain):
            self.assertEqual(self.fails(errno.ENOENT, "no guest", ask, "x").guest, "x")

    def test_ladder(self):
        sim = self.sim(swap_bytes=GIB, compress_max_bytes=GIB // 4, compress_bp=3000,
                       demand=900 * MIB)
        host = self.host(sim, policy=balloon.Policy(budget_bytes=GIB))
        beats(host, 60)
        rungs = host.ladder()
        self.assertEqual([rung.means for rung in rungs], list(balloon.Means))
        self.assertGreater(rungs[0].applied_bytes + rungs[0].ordered_bytes, 0)
        self.assertEqual(len(host.ladder("g0")), balloon.MEANS_N)
        self.assertEqual(self.fails(errno.ENOENT, "x", host.ladder, "x").guest, "x")

    def test_policy(self):
        allow = balloon.Allocation
        policy = balloon.Policy(
            profile="aggressive", budget_bytes=GIB, guests={"g0": allow(shares=4000, pool="b")},
            pools=[balloon.Pool("a", reservation_bytes=600 * MIB, expandable=True),
                   balloon.Pool("b", parent="a", limit_bytes=500 * MIB)],
            fallback=allow(limit_bytes=700 * MIB, tax_bp=0))
        host = self.host(self.sim(), policy=policy)
        beats(host, 20)
        guests = host.guests()
        self.assertEqual(guests["g0"].shares, 4000)
        self.assertLessEqual(guests["g0"].entitlement_bytes, 500 * MIB)
        self.assertEqual(guests["g1"].limit_bytes, 700 * MIB)
        self.assertLessEqual(sum(guests.column("entitlement_bytes")), GIB)
        wrong = balloon.Policy(guests={"db": allow(reservation_bytes=2, limit_bytes=1)})
        self.assertEqual(self.fails(errno.EINVAL, "db", host.set_policy, wrong).guest, "db")
        self.assertEqual(host.guests()["g0"].shares, 4000)
        host.set_policy(balloon.Policy())
        beats(host, 1, 20)
        self.assertEqual(host.guests()["g0"].shares, 1000)

    def test_floors(self):
        curve = [balloon.FloorPoint(size_bytes=GIB, floor_bytes=512 * MIB)]
        host = self.host(self.sim(), policy=balloon.Policy(
            guests={"g0": balloon.Allocation(floors=curve)}))
        beats(host, 1)
        self.assertEqual(host.guests()["g0"].reservation_bytes, 512 * MIB)
        self.assertLess(host.guests()["g1"].reservation_bytes, 512 * MIB)

    def test_dry_run(self):
        sim = self.sim(demand=900 * MIB)
        beats(self.host(sim, dry_run=True), 50)
        self.assertEqual(sim.truth().orders, 0)

    def test_release(self):
        sim = self.sim(demand=200 * MIB)
        host = self.host(sim, policy=balloon.Policy(budget_bytes=GIB))
        beats(host, 60)
        squeezed = host.guests().column("actual_bytes").tolist()
        host.release(61 * SECOND)
        sim.step(90 * SECOND)
        beats(host, 1, 90)
        self.assertGreater(sum(host.guests().column("actual_bytes")), sum(squeezed))

    def test_descriptor(self):
        sim = self.sim()
        host = self.host(sim)
        host.tick(SECOND)
        self.assertEqual(select.select([host], [], [], 0)[0], [])
        sim.nudge()
        self.assertEqual(select.select([host], [], [], 0)[0], [host])
        host.tick(2 * SECOND)
        self.assertEqual(select.select([host], [], [], 0)[0], [])
        self.fails(errno.ENOTSUP, "descriptor", self.host(Room()).fileno)

    def test_log(self):
        said = []
        sim = self.sim()
        host = self.host(sim, log=lambda level, sentence: said.append((level, sentence)))
        beats(host, 3)
        sim.add("late", GIB).set_behaviour("refuse")
        beats(host, 200, 3)
        for level, sentence in said:
            self.assertIn(level, range(8))
            self.assertTrue(sentence)

    def test_admission(self):
        host = self.host(self.sim())
        ask = balloon.Request(reservation_bytes=256 * MIB, overhead_bytes=32 * MIB)
        self.fails(errno.EAGAIN, "beat", host.admit, ask)
        beats(host, 5)
        host.admit(ask)
        much = balloon.Request(reservation_bytes=8 * GIB)
        self.assertGreater(self.fails(errno.ENOSPC, "MiB", host.admit, much).short_bytes, GIB)
        self.fails(errno.ENOENT, "no pool", host.admit,
                   balloon.Request(pool="x", reservation_bytes=MIB))

    def test_claims(self):
        sim = self.sim()
        host = self.host(sim)
        beats(host, 5)
        ask = balloon.Request(reservation_bytes=512 * MIB)
        claim = host.claim(ask, "new", 600 * SECOND)
        beats(host, 60, 5)
        self.assertEqual(claim.missing_bytes(), 0)
        self.assertGreater(host.report().claimed_bytes, 0)
        claim.renew(700 * SECOND)
        claim.release()
        self.assertEqual(self.fails(errno.ENOENT, "lapsed", claim.release).guest, "new")
        with self.assertRaises(ZeroDivisionError):
            with host.claim(ask, "other", 600 * SECOND) as claim:
                raise ZeroDivisionError
        self.fails(errno.ENOENT, "lapsed", claim.missing_bytes)

    def test_what_if(self):
        host = self.host(self.sim())
        self.fails(errno.EAGAIN, "beat", host.what_if)
        beats(host, 5)
        with host.what_if() as view:
            view.add("big", GIB)
            view.remove("g0")
            view.set_host(4 * GIB, GIB)
            view.tick(host.report().now_ns)
            self.assertEqual(view.guests().names, ["g1", "big"])
            self.assertEqual(view.report().total_bytes, 4 * GIB)
            self.assertEqual(self.fails(errno.ENOENT, "g0", view.remove, "g0").guest, "g0")
        self.assertEqual(host.guests().names, ["g0", "g1"])

    def test_holds(self):
        host = self.host(self.sim())
        beats(host, 5)
        with host.hold("g0", "backup", 60 * SECOND, balloon.HoldMode.KEEP, "nightly"):
            beats(host, 1, 5)
            host.unhold("g0", "backup")
        error = self.fails(errno.ENOENT, "no hold", host.unhold, "g0", "backup")
        self.assertEqual(error.guest, "g0")
        self.fails(errno.EINVAL, "end", host.hold, "g0", "backup", 0)


class Simulated(Case):
    def test_lives(self):
        sim = self.sim(guests=0)
        one = sim.add("one", GIB, actual_bytes=512 * MIB, swap_bytes=0)
        late = sim.add("late", GIB, start_at_ns=10 * SECOND, boot_ns=SECOND)
        one.set_demand(200 * MIB, 100 * MIB)
        sim.step(SECOND)
        self.assertEqual((one.truth().actual_bytes, late.truth().present), (512 * MIB, 0))
        sim.step(20 * SECOND)
        self.assertEqual(late.truth().present, 1)
        first = one.key
        one.restart(balloon.Restart.RESET)
        self.assertNotEqual(one.key, first)
        self.assertEqual(one.truth().lives, 2)
        late.remove()
        self.assertEqual(self.fails(errno.ESRCH, "no guest", late.truth).guest, "late")
        self.fails(errno.EINVAL, "went back", sim.step, SECOND)

    def test_demand(self):
        sim = self.sim(guests=0)
        one = sim.add("one", GIB)
        one.set_trace([(0, 0), (100 * SECOND, 800 * MIB)])
        sim.step(0)
        least = one.truth().wants_bytes
        sim.step(50 * SECOND)
        self.assertAlmostEqual((one.truth().wants_bytes - least) / MIB, 400, delta=1)
        one.set_cache(200 * MIB, 10 * MIB)
        sim.step(60 * SECOND)
        self.assertGreater(one.truth().cache_bytes, 0)
        one.set_wander()
        sim.set_host(300 * MIB, 100 * MIB)
        sim.step(400 * SECOND)
        self.assertGreater(sim.truth().wants_kib_s, 0)

    def test_behaviours(self):
        how = balloon.behaviour("slow+stick", GIB)
        self.assertEqual(how.down_bytes_s, 4 * MIB)
        self.assertIn(balloon.SimFlags.STICK, how.flags)
        how.flags, how.ceiling_bytes = 0, None
        sim = self.sim(guests=1)
        guest = sim.add("odd", GIB)
        guest.set_behaviour(how)
        guest.set_behaviour("hung")
        guest.set_fixed(balloon.Fixed.PASSTHROUGH)
        with balloon.Attachment(sim) as eyes:
            sample = eyes.observe(SECOND).guests["odd"]
        self.assertEqual(sample.fixed, balloon.Fixed.PASSTHROUGH)
        self.assertIsNone(sample.actual_bytes)
        self.fails(errno.ENOENT, "cheerful", guest.set_behaviour, "cheerful")
        self.fails(errno.EINVAL, "sense", balloon.Sim, GIB, own_bytes=2 * GIB)

    def test_uri(self):
        sim = self.sim()
        host = self.host(sim.uri)
        host.tick(SECOND)
        self.assertEqual(host.guests().names, ["g0", "g1"])
        host.close()

    def test_own_policy(self):
        """A policy in Python, in the same world."""
        sim = self.sim(demand=200 * MIB)
        with balloon.Attachment(sim) as world:
            for beat in range(60):
                sheet = world.observe(beat * SECOND)
                refused = world.order(beat * SECOND, {row.key: 400 * MIB for row in sheet.guests})
                self.assertEqual(refused, {})
            sheet = world.observe(61 * SECOND)
            self.assertEqual(set(sheet.guests.column("actual_bytes")), {400 * MIB})
            self.assertEqual(world.order(62 * SECOND, {1: MIB}), {1: errno.ESRCH})
            self.assertEqual(world.order(62 * SECOND, {}), {})
            self.assertEqual((sheet.total_bytes, sheet.swap_bytes), (2 * GIB, None))
            self.assertEqual(select.select([world], [], [], 0)[0], [])
            sim.nudge()
            self.assertEqual(select.select([world], [], [], 0)[0], [world])
            sim.away(9 * SECOND)
            self.fails(errno.EAGAIN, "away", world.observe, 63 * SECOND)
        self.assertEqual(sim.truth().moves, 2)


class InPython(Case):
    """Backends written in Python."""

    def test_beats(self):
        room = Room()
        with balloon.Host(room, policy=balloon.Policy(budget_bytes=GIB)) as host:
            beats(host, 60)
            guests = host.guests()
            self.assertEqual(guests.names, ["g1", "g2", "g3"])
            self.assertTrue(room.told)
            self.assertEqual(host.why("g1").source, balloon.Source.HOST)
        self.assertEqual((room.opened, room.closed), (1, 1))

    def test_nodes(self):
        sheet = balloon.Sheet(2, nodes_n=2, total_bytes=4 * GIB, available_bytes=2 * GIB)
        for node in sheet.nodes:
            node.total_bytes, node.available_bytes = 2 * GIB, GIB
        for place, row in enumerate(sheet.guests):
            row.key, row.name, row.size_bytes = place + 1, f"n{place}", GIB
            sheet.node_bytes[place][place] = 300 * MIB

        class Two(balloon.Backend):
            def observe(self, now_ns):
                return sheet

        with balloon.Attachment(Two()) as eyes:
            seen = eyes.observe(0)
        self.assertEqual([list(row) for row in seen.node_bytes], [[300 * MIB, 0], [0, 300 * MIB]])
        self.assertEqual([node.available_bytes for node in seen.nodes], [GIB, GIB])
        host = self.host(Two())
        host.tick(SECOND)
        self.assertEqual(host.guests().names, ["n0", "n1"])

    def test_means(self):
        """Orders by a means are told apart, and misses come across."""
        sim = self.sim(guests=1, demand=500 * MIB, swap_bytes=GIB,
                       features=balloon.SimFeatures.CEILINGS | balloon.SimFeatures.TELLS_MISSES)
        with balloon.Attachment(sim) as eyes:
            sheet = eyes.observe(0)
            row = sheet.guests[0]
            self.assertTrue(row.means & 1 << balloon.Means.CEILING)
            self.assertEqual(len(sheet.misses[0]), balloon.MISSES + 1)
            self.assertEqual(sheet.swap_free_bytes, GIB)
            ceiling = balloon.Means.CEILING
            self.assertEqual(eyes.order(SECOND, {row.key: 200 * MIB}, ceiling), {})
            guest = balloon.Guest(sim, row.key, row.name, row.size_bytes)
            self.assertEqual(guest.truth().ceiling_told, 200 * MIB)
            eyes.order(2 * SECOND, {row.key: None}, ceiling)
            self.assertIsNone(guest.truth().ceiling_told)

    def test_answers(self):
        class No(Room):
            def order(self, now_ns, orders):
                for order in orders:
                    order.rc = -errno.EPERM

        host = self.host(No(), policy=balloon.Policy(budget_bytes=GIB))
        beats(host, 30)
        self.assertGreater(host.report().refused, 0)
        self.assertIn(-errno.EPERM, [g.order_rc for g in host.guests()])

    def test_uri_reaches_open(self):
        class Told(Room):
            def open(self, uri):
                self.uri = uri

        told = Told()
        with balloon.Attachment(told, "mine:at=home"):
            self.assertEqual(told.uri, "mine:at=home")


class Recorded(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="balloon-recorded-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "tape.jsonl")
        with balloon.Host(f"record:{self.path},sim:guests=2,host=1GiB,size=1GiB,seed=3") as host:
            beats(host, 40)

    def test_same(self):
        recording = balloon.Recording(self.path)
        self.fails(errno.EBADF, "open a Host", lambda: recording.looks)
        with balloon.Host(recording) as host:
            self.fails(errno.EBUSY, "played", balloon.Host, recording)
            self.assertEqual(recording.looks, 40)
            self.assertIn("sim:guests=2", recording.uri)
            self.assertEqual(recording.library, balloon.version())
            for now_ns in recording:
                host.tick(now_ns)
            self.assertEqual(recording.differences, 0)
        self.fails(errno.EBADF, "open a Host", lambda: recording.differences)

    def test_other(self):
        recording = balloon.Recording(self.path)
        policy = balloon.Policy(guests={"sim-1": balloon.Allocation(shares=9000)})
        with balloon.Host(recording, policy=policy) as host:
            for now_ns in recording:
                host.tick(now_ns)
            self.assertGreater(recording.differences, 0)
            self.assertIn("sim-", recording.difference)

    def test_broken(self):
        with open(self.path, "w") as file:
            file.write("no tape\n")
        self.fails(errno.EINVAL, "line 1", balloon.Host, balloon.Recording(self.path))


class Traces(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="balloon-trace-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(os.path.join(folder.name, "x-active-mib.csv"), "w") as file:
            file.write("unix_s,7,8,9\n1000,100,200.5,\n1300,,400,\n4600,300,0,\n")
        with open(os.path.join(folder.name, "x-provisioned-mib.csv"), "w") as file:
            file.write("vm,provisioned_mib\n8,2048\n7,1024\n9,512\n")

    def test_guests(self):
        sim = self.sim(guests=0, capacity_bytes=1792 * MIB)
        self.assertEqual(sim.add_traces(self.folder, actual_bp=5000), 3)
        with balloon.Attachment(sim) as eyes:
            seen = eyes.observe(0).guests
        self.assertEqual(seen.names, ["7", "8", "9"])
        self.assertEqual([round(has / MIB) for has in seen.column("actual_bytes")],
                         [512, 1024, 256])
        guest = balloon.Guest(sim, seen["7"].key, "7", GIB)
        before = guest.truth().wants_bytes
        sim.step(3600 * SECOND)
        self.assertEqual((guest.truth().wants_bytes - before) >> 20, 200)

    def test_part(self):
        sim = self.sim(guests=0)
        self.assertEqual(sim.add_traces(self.folder, guests_max=2, skip_s=300, speed=10), 2)

    def test_broken(self):
        sim = self.sim(guests=0)
        self.fails(errno.ENOENT, "nowhere", sim.add_traces, os.path.join(self.folder, "nowhere"))


class Deduplication(Case):
    PAGE = 4096

    def pages(self, *numbers):
        """A page for each number; equal numbers, equal pages."""
        return b"".join(number.to_bytes(8, "little") + b"x" * (self.PAGE - 8) for number in numbers)

    def test_counts(self):
        with balloon.Dedup(sample_one_in=1) as dedup:
            a, b = dedup.guest("a", "we"), dedup.guest("b", "we")
            alone = dedup.guest("c")
            for guest, data in ((a, self.pages(1, 1, 2)), (b, self.pages(2, 3)),
                                (alone, self.pages(1, 2, 3))):
                dedup.pages(guest, 0, data, balloon.PageFlags.MERGEABLE)
            dedup.pages(a, 3 * self.PAGE, bytearray(self.PAGE))
            figures = dedup.group_figures(a)
            self.assertIn(balloon.FiguresFlags.EXACT, figures.flags)
            self.assertEqual(figures.guests, 2)
            self.assertEqual(figures.present_bytes, 6 * self.PAGE)
            self.assertEqual(figures.across_bytes, self.PAGE)
            self.assertEqual(dedup.all_figures().guests, 3)
            self.assertEqual(dedup.guest_figures(alone).saved_bytes, 0)
            found = balloon.dedup.yield_of(dedup.guest_figures(a), None, 1000)
            self.assertLessEqual(found.low_bytes, found.high_bytes)
            dedup.again(rotate=True)
            self.assertEqual(dedup.all_figures().present_bytes, 0)
        self.assertEqual((figures.name, figures.group), ("we", "we"))

    def test_fork(self):
        dedup = balloon.Dedup(sample_one_in=1)
        guest = dedup.guest("a", "we")
        fork = dedup.fork()
        fork.pages(guest, 0, self.pages(1, 1))
        dedup.pages(guest, 2 * self.PAGE, self.pages(1))
        dedup.join(fork)
        self.assertTrue(fork.closed)
        self.assertEqual(dedup.all_figures().present_bytes, 3 * self.PAGE)
        self.fails(errno.EBADF, "closed", dedup.join, fork)
        another = dedup.fork()
        dedup.close()
        another.close()

    def test_process(self):
        with balloon.Dedup() as dedup:
            guest = dedup.guest("me")
            reader = dedup.attach(guest, os.getpid())
            while reader.step(16 * MIB):
                pass
            done, total = reader.progress()
            self.assertGreater(done, 0)
            self.assertLessEqual(done, total)
            self.assertGreater(dedup.guest_figures(guest).present_bytes, 0)
            dedup.process(guest, os.getpid())
        reader.close()
        self.assertRegex(balloon.dedup.hash_name(), "clnh|xxh3")
        self.assertGreater(balloon.dedup.rest_ns(SECOND, MIB, duty_bp=1000), SECOND)

    def test_refusals(self):
        with balloon.Dedup() as dedup:
            self.fails(errno.EINVAL, "no such guest", dedup.guest_figures, 7)
            self.fails(errno.EINVAL, "whole pages", dedup.pages, 0, 0, b"short")
            guest = dedup.guest("a")
            self.fails(errno.ESRCH, "no such process", dedup.process, guest, 2**22 + 1)
        self.fails(errno.EBADF, "closed", dedup.guest, "b")
        self.fails(errno.EINVAL, "sense", balloon.Dedup, sample_one_in=3)


class Loading(Case):
    def test_wrong_library(self):
        said = subprocess.run(
            [sys.executable, "-c", "import balloon; balloon.version()"], text=True,
            capture_output=True, env={**os.environ, "BALLOON_LIBRARY": "/nowhere.so"})
        self.assertEqual(said.returncode, 1)
        self.assertIn("set BALLOON_LIBRARY", said.stderr)


class Reach(Case):
    """What all the others called, through public classes alone."""

    def every_call(self):
        self.assertEqual(set(_library.PROTOTYPES) - set(_library.CALLS), set())


def load_tests(_loader, tests, _pattern):
    tests.addTest(Reach("every_call"))  # last
    return tests


if __name__ == "__main__":
    unittest.main()
