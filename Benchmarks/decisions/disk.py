"""What an fsync costs in a folder: the price that durability is paid in."""

import os
import pathlib
import statistics
import time


def fsync_milliseconds(folder, rounds=200, size=4096):
    """Median and p99 of writing `size` bytes at the end of a file and syncing them."""
    path = pathlib.Path(folder) / "fsync.bin"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(rounds):
            file.write(os.urandom(size))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1e3)
    path.unlink()
    return statistics.median(took), statistics.quantiles(took, n=100)[98]
