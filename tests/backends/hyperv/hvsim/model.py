# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Hyper-V host as the documentation tells of it: guests with a demand that
moves, the dynamic memory balancer, jobs, and the rules for changing settings.
Knows nothing of WMI's names on the wire, nor of libballoon."""
import datetime
import random
import threading
import uuid

RUNNING, OFF, PAUSED, SAVED, CRITICAL = 2, 3, 9, 6, 32781
INT32_MAX = 2147483647

# Win32_OperatingSystem.Version of each behaviour.
VERSIONS = {"2012r2": "6.3.9600", "2016": "10.0.14393", "2022": "10.0.20348"}

# Speeds in MiB a second: memory is added fast; it is removed faster when
# another guest waits for it than when it only idles.
ADD, REMOVE_WANTED, REMOVE_IDLE = 1024, 256, 32

OK, JOB, INVALID_PARAMETER, INVALID_STATE = 0, 4096, 32773, 32775
# JobState
RUNNING_JOB, COMPLETED, EXCEPTION, WARNINGS = 4, 7, 10, 32768


def new_guid(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()


class Guest:
    """One VM. All quantities in MiB."""

    def __init__(self, rng, name, **over):
        self.guid, self.device = new_guid(rng), new_guid(rng)
        self.name = name
        self.state = RUNNING
        self.dynamic = True
        self.startup, self.minimum, self.maximum = 1024, 512, 4096
        self.weight, self.buffer = 5000, 20
        self.version = "9.0"
        self.demand = 700.0
        self.driver = True        # the guest reports its memory
        self.keeps = 0            # gives no more below this, whatever is asked
        self.swap_in_use = False
        self.huge_pages = self.sgx = False
        self.uptime_s = 3600.0
        self.snapshots = []       # of its settings, each under a GUID of its own
        self.config_time = datetime.datetime(2026, 3, 9, 3, 6, 25)
        self.__dict__.update(over)
        if "assigned" not in over:
            self.assigned = float(self.startup)

    @property
    def alive(self):
        return self.state not in (OFF, SAVED, 32769)

    def want(self):
        """What the balancer would give while memory lasts."""
        if not self.dynamic:
            return max(float(self.startup), self.keeps)
        if not self.driver:
            return self.assigned
        ideal = self.demand * (100 + self.buffer) / 100
        return min(max(ideal, self.minimum, self.keeps), self.maximum)

    def least(self):
        return max(self.keeps, self.demand + 32 if not self.dynamic else self.minimum)

    def memory_available(self):
        if not self.alive or not self.dynamic or not self.driver or self.assigned <= 0:
            return INT32_MAX
        return round(100 - 100 * self.demand / self.assigned)

    def available_buffer(self):
        if self.memory_available() == INT32_MAX:
            return INT32_MAX
        ideal = self.demand * self.buffer / 100
        return round(100 * (self.assigned - self.demand) / max(ideal, 1))


class Job:
    def __init__(self, rng, guest, act, seconds):
        self.id, self.guest, self.act = new_guid(rng), guest, act
        self.left_s = seconds
        self.state, self.error, self.text = RUNNING_JOB, 0, None


class Host:
    def __init__(self, name, os="2016", memory=65536, root=2048, seed=1):
        self.name, self.os = name, os
        self.memory, self.root = memory, root
        self.guests, self.jobs = [], []
        self.rng = random.Random(seed)
        self.lock = threading.RLock()
        self.job_seconds = 0.0    # how long a change takes; 0 = answered at once
        self.fails = None         # what becomes of changes: None, or a ReturnValue/"job"/"warn"
        self.clock = datetime.datetime(2026, 11, 1, 12, 0, 0)
        self.balancer = True      # the balancer's counters are there

    def add(self, name, **over):
        g = Guest(self.rng, name, **over)
        self.guests.append(g)
        return g

    def find(self, guid):
        return next((g for g in self.guests if g.guid.upper() == guid.upper()), None)

    @property
    def resizes_static(self):
        return self.os != "2012r2"

    # ------------------------------------------------------------- balancer

    def capacity(self):
        return self.memory - self.root

    def available(self):
        return max(0.0, self.capacity() - sum(g.assigned for g in self.guests if g.alive))

    def ideals(self):
        """What each guest is led to: what it wants while memory lasts; when it does not,
        reservations first and the rest by relative weight."""
        live = [g for g in self.guests if g.alive]
        wants = {g: g.want() for g in live}
        room = self.capacity() - sum(w for g, w in wants.items() if not g.dynamic)
        moving = [g for g in live if g.dynamic]
        if sum(wants[g] for g in moving) <= room:
            return wants
        ideal = {g: min(float(max(g.minimum, g.keeps)), wants[g]) for g in moving}
        rest = room - sum(ideal.values())
        hungry = [g for g in moving if ideal[g] < wants[g]]
        while rest > 0.5 and hungry:
            weight = sum(max(g.weight, 1) for g in hungry)
            parts = {g: min(rest * max(g.weight, 1) / weight, wants[g] - ideal[g]) for g in hungry}
            for g, part in parts.items():
                ideal[g] += part
            rest -= sum(parts.values())
            hungry = [g for g in hungry if wants[g] - ideal[g] > 0.5]
        return wants | ideal

    def step(self, seconds=1.0):
        with self.lock:
            self.clock += datetime.timedelta(seconds=seconds)
            for job in self.jobs:
                self.step_job(job, seconds)
            ideals = self.ideals()
            waits = any(ideals[g] > g.assigned + 1 or g.want() > ideals[g] + 1 for g in ideals)
            for g, ideal in ideals.items():
                g.uptime_s += seconds
                if ideal < g.assigned:
                    speed = REMOVE_WANTED if waits or not g.dynamic else REMOVE_IDLE
                    floor = max(ideal, min(g.least(), g.assigned))
                    g.assigned = max(floor, g.assigned - speed * seconds)
            free = self.available()
            for g in sorted(ideals, key=lambda g: -g.weight):
                more = min(max(0.0, ideals[g] - g.assigned), ADD * seconds, free)
                g.assigned += more
                free -= more

    def step_job(self, job, seconds):
        job.left_s -= seconds
        if job.state != RUNNING_JOB or job.left_s > 0:
            return
        if self.fails == "job":
            job.state, job.error = EXCEPTION, 32773
            job.text = "The change was refused while the virtual machine was running."
            return
        job.act()
        job.state = WARNINGS if self.fails == "warn" else COMPLETED

    # -------------------------------------------------------------- changes

    def check(self, g, new):
        """The ReturnValue for changing g to the settings in new."""
        v = {"Reservation": g.minimum, "Limit": g.maximum, "VirtualQuantity": g.startup,
             "TargetMemoryBuffer": g.buffer, "Weight": g.weight,
             "DynamicMemoryEnabled": g.dynamic} | new
        sizes = (v["Reservation"], v["VirtualQuantity"], v["Limit"])
        if any(x % 2 for x in sizes) or not 5 <= v["TargetMemoryBuffer"] <= 2000:
            return INVALID_PARAMETER
        if not 0 <= v["Weight"] <= 10000:
            return INVALID_PARAMETER
        if v["DynamicMemoryEnabled"] and not 32 <= sizes[0] <= sizes[1] <= sizes[2]:
            return INVALID_PARAMETER
        return self.check_running(g, v) if g.alive else OK

    def check_running(self, g, v):
        if v["DynamicMemoryEnabled"] != g.dynamic:
            return INVALID_STATE
        if g.dynamic:
            legal = (v["Reservation"] <= g.minimum and v["Limit"] >= g.maximum and
                     v["VirtualQuantity"] == g.startup)
            return OK if legal else INVALID_STATE
        if v["VirtualQuantity"] == g.startup:
            return OK
        if not self.resizes_static or float(g.version) < 8 or g.huge_pages:
            return INVALID_STATE
        return OK if v["VirtualQuantity"] - g.assigned <= self.available() else 32778

    def apply(self, g, new):
        names = {"Reservation": "minimum", "Limit": "maximum", "VirtualQuantity": "startup",
                 "TargetMemoryBuffer": "buffer", "Weight": "weight",
                 "DynamicMemoryEnabled": "dynamic"}
        for key, value in new.items():
            if key in names:
                setattr(g, names[key], value)
        g.config_time = self.clock

    def modify(self, device, new):
        """ModifyResourceSettings for one memory device: (ReturnValue, job or None)."""
        with self.lock:
            g = next((g for g in self.guests
                      if f"Microsoft:{g.guid}\\{g.device}".upper() == device.upper()), None)
            if not g:
                return INVALID_PARAMETER, None
            if any(j.guest is g and j.state == RUNNING_JOB for j in self.jobs):
                return INVALID_STATE, None
            rc = self.fails if isinstance(self.fails, int) else self.check(g, new)
            if rc:
                return rc, None
            if not self.job_seconds and self.fails is None:
                self.apply(g, new)
                return OK, None
            job = Job(self.rng, g, lambda: self.apply(g, new), self.job_seconds)
            self.jobs.append(job)
            return JOB, job
