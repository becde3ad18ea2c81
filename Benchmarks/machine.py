"""What the operating system says of a process, and of what else took the cores."""

import os
import pathlib


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no VmRSS for process {pid}")


class Interference:
    """Shares of the cores that other guests (steal) and other processes took during a `with`.

    `needletail bench` measures its own runs; this is for what runs without it. Children count once
    they have been waited for.
    """

    def __enter__(self):
        self.before = self.read()
        return self

    def __exit__(self, *_):
        steal, busy, total, own = (
            after - before for before, after in zip(self.before, self.read())
        )
        total = max(total, 1)
        self.shares = (max(0, steal) / total, max(0, busy - own) / total)

    @staticmethod
    def read():
        """Ticks of all cores: stolen, busy, all; and those of this process and its children."""
        line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
        user, nice, system, idle, wait, irq, soft, steal = map(int, line.split()[1:9])
        busy = user + nice + system + irq + soft
        own = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
        return steal, busy, busy + idle + wait + steal, own
