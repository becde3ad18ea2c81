"""What the operating system says: processor time, interference, memory."""

import os
import pathlib
import resource
import time

TICK = 1 / os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """User plus system time of a process and its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no VmRSS for process {pid}")


class Interval:
    """Processor time of one process, and what else took the cores, between entry and exit.

    `steal` is the share of all cores that other guests of the machine took, `others` the share that
    processes here took which are neither the server nor its load.
    """

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.ticks, self.own, self.started = self.machine(), self.load(), time.perf_counter()
        self.processor = processor_seconds(self.pid)
        return self

    def __exit__(self, *_):
        self.processor = processor_seconds(self.pid) - self.processor
        self.seconds = time.perf_counter() - self.started
        offered = self.seconds * os.cpu_count()
        busy, steal = (after - before for after, before in zip(self.machine(), self.ticks))
        self.steal = max(0.0, steal / offered)
        known = self.processor + self.load() - self.own
        self.others = max(0.0, (busy - known) / offered)

    @staticmethod
    def machine():
        """Seconds that all cores were busy, and that were stolen from them."""
        first = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
        ticks = [int(field) for field in first[1:9]]
        user, nice, system, _, _, interrupts, soft, steal = ticks
        return (user + nice + system + interrupts + soft) * TICK, steal * TICK

    @staticmethod
    def load():
        """Processor seconds of this process and of the load generators that have ended."""
        spent = [resource.getrusage(who) for who in
                 (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]  # fmt: skip
        return sum(one.ru_utime + one.ru_stime for one in spent)
