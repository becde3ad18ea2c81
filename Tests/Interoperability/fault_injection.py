"""Faults of disk and clock in a process that runs: the shim of fault_shim.c and its controls."""

import contextlib
import mmap
import pathlib
import shutil
import struct
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).with_name("fault_shim.c")
LAYOUT = struct.Struct("=qqqqQqq128s")
NONE, KILL, POWER_CUT, SYNC_FAILS, NO_SPACE, SLOW_SYNC = range(6)


def build_shim(folder):
    """The shim as a library; skips the test where there is no C compiler."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    library = folder / "fault_shim.so"
    built = subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-Wall", "-o", library, SOURCE, "-ldl", "-lpthread"],
        capture_output=True, text=True)  # fmt: skip
    if built.returncode != 0:
        pytest.skip(f"cannot build a library: {built.stderr}")
    return library


class Faults:
    """What a process is to suffer; may be changed while it runs."""

    def __init__(self, library, path):
        self.library = library
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(4_096))
        with self.path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 4_096)

    @property
    def prefix(self):
        """What stands before the command to start."""
        return ["env", f"LD_PRELOAD={self.library}", f"FAULT_CONTROL={self.path}"]

    def arm(self, fault, *, files="", after=0, microseconds=0, seed=1):
        """`fault` strikes files with `files` in their path after so many writes and syncs."""
        self.clear()
        offset = self._fields()[0]
        LAYOUT.pack_into(
            self.map, 0, offset, NONE, after, microseconds, seed, 0, 0, files.encode())
        # Last, so that it does not strike before the rest is there.
        struct.pack_into("=q", self.map, 8, fault)

    def clear(self):
        struct.pack_into("=q", self.map, 8, NONE)

    def set_clock(self, offset_seconds):
        """Steps the wall clock of the process."""
        struct.pack_into("=q", self.map, 0, int(offset_seconds * 1e9))

    @property
    def struck(self):
        """How many writes and syncs were hit."""
        return self._fields()[6]

    @contextlib.contextmanager
    def during(self, fault, **options):
        self.arm(fault, **options)
        try:
            yield self
        finally:
            self.clear()

    def _fields(self):
        return LAYOUT.unpack_from(self.map, 0)
