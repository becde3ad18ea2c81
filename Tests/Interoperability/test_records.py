"""Decision records against crashes and disks that fail: the real binary, killed and starved.

`needletail records stress` appends records and prints each one that was acknowledged. Afterwards
the file is read with Python's own sqlite3 and hashlib, so nothing here trusts the code under test.
NEEDLETAIL_KILL_ROUNDS sets how often it is killed (50 if unset; 200 for a release).
"""

import contextlib
import hashlib
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

import pytest

from server_process import BINARY

ROUNDS = int(os.environ.get("NEEDLETAIL_KILL_ROUNDS", "50"))
COLUMNS = """sequence, decided_at, is_degraded, id, request_id, pipeline, pipeline_digest,
             outcome, body, (SELECT text FROM contexts WHERE number = context)"""
# Fails what is done to the files of records, from the so many-th call on, so many times.
FAILING_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static long before = -1, times;
static const char *what;
static int fails(const char *call, int fd) {
  char link[64], path[1024];
  if (before < 0) {
    what = getenv("DISK_FAILS");
    times = atol(getenv("DISK_FAILS_TIMES"));
    before = atol(getenv("DISK_FAILS_AFTER"));
  }
  if (strcmp(call, strcmp(what, "sync") ? "write" : "sync")) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!strstr(path, ".sqlite")) return 0;
  if (before > 0) { before--; return 0; }
  if (times <= 0) return 0;
  times--;
  errno = strcmp(what, "space") ? EIO : ENOSPC;
  return 1;
}
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
int fdatasync(int fd) { return fails("sync", fd) ? -1 : NEXT(fdatasync)(fd); }
int fsync(int fd) { return fails("sync", fd) ? -1 : NEXT(fsync)(fd); }
ssize_t write(int fd, const void *data, size_t count) {
  return fails("write", fd) ? -1 : NEXT(write)(fd, data, count);
}
ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
  return fails("write", fd) ? -1 : NEXT(pwrite)(fd, data, count, at);
}
ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
  return fails("write", fd) ? -1 : NEXT(pwrite64)(fd, data, count, at);
}
"""


def stress(path, *flags, **options):
    command = [str(BINARY), "records", "stress", "--path", str(path), *map(str, flags)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def records(*arguments):
    command = [str(BINARY), "records", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def text(value):
    data = (value or "").encode()
    return struct.pack(">I", len(data)) + data


def digest(context):
    data = b"" if context is None else hashlib.sha256(context.encode()).digest()
    return struct.pack(">I", len(data)) + data


def check_chain(path):
    """Follows the chain as docs/records.md describes it; returns {id: (sequence, request)}."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        end_sequence, end_hash, head, removed = db.execute(
            "SELECT end_sequence, end_hash, removed_hash, removed_through FROM chain").fetchone()
        found, sequence = {}, removed
        for row in db.execute(f"SELECT {COLUMNS}, hash FROM decisions ORDER BY sequence"):
            sequence += 1
            assert row[0] == sequence
            canonical = struct.pack(">qq", row[0], row[1]) + bytes([row[2], row[4] is not None])
            canonical += b"".join(text(value) for value in row[3:9])
            canonical += digest(row[9])
            head = hashlib.sha256(head + canonical).digest()
            assert head == row[10], f"record {sequence}"
            assert row[3] not in found, "an id is there twice"
            found[row[3]] = (sequence, row[4])
        assert (sequence, head) == (end_sequence, end_hash)
        requests = [request for _, request in found.values()]
        assert len(set(requests)) == len(requests), "a request was decided twice"
        return found


class Acknowledged:
    """What `stress` said, over all of its runs."""

    def __init__(self):
        self.sequences = {}
        self.duplicates = []

    def read(self, output):
        # The last line may be cut by the kill: then its sender never got it.
        for line in output.splitlines(keepends=True):
            if not line.endswith("\n"):
                continue
            words = line.split()
            if words[1] == "duplicate":
                self.duplicates.append(words[0])
            elif words[1] != "queued":
                assert words[0] not in self.sequences, "acknowledged twice"
                self.sequences[words[0]] = int(words[1])

    def check(self, found, durability="group"):
        for identifier, sequence in self.sequences.items():
            assert identifier in found, f"{identifier} was acknowledged and is gone"
            assert found[identifier][0] == sequence
        if durability == "after-response":
            return
        for identifier in self.duplicates:
            assert identifier in found, f"{identifier} was an answer and is gone"


@pytest.mark.parametrize("durability", ["group", "commit", "after-response"])
def test_kill_at_random(tmp_path, durability):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    choose = random.Random(seed)
    path = tmp_path / "records.sqlite"
    acknowledged = Acknowledged()
    found = {}
    for _ in range(-(-ROUNDS // 3)):
        flags = ["--rate", choose.choice([0, 2_000, 8_000]), "--durability", durability,
                 "--duplicates", choose.choice([0, 20]), "--body", choose.choice([16, 400, 6_000]),
                 "--remembered", choose.choice([0, 0, 524_288])]
        process = stress(path, *flags, start_new_session=True)
        assert process.stderr.readline().startswith("open"), process.stderr.read()
        time.sleep(choose.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate(timeout=30)
        acknowledged.read(output)
        if choose.random() < 0.3:
            found = check_chain(path)
            acknowledged.check(found, durability)
    # The last run ends in good order, and what it says is there is all there is.
    process = stress(path, "--rate", 0, "--count", 200, "--durability", durability)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    acknowledged.read(output)
    verified = records("verify", path)
    assert verified.returncode == 0, verified.stdout
    found = check_chain(path)
    acknowledged.check(found, durability)
    assert len(found) >= 200
    if durability == "commit":
        assert acknowledged.sequences, "nothing was acknowledged"


def test_after_response_loses_only_the_last_moments(tmp_path):
    path = tmp_path / "records.sqlite"
    process = stress(path, "--rate", 2_000, "--durability", "after-response")
    lines = [process.stdout.readline().split()[0] for _ in range(3_000)]
    process.kill()
    rest, _ = process.communicate(timeout=30)
    lines += [line.split()[0] for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    found = check_chain(path)
    kept = [line in found for line in lines]
    assert all(kept[: len(found)]), "a record is missing in the middle"
    # Ten milliseconds to gather and a commit; a second is far beyond both.
    assert len(lines) - len(found) < 2_000


def test_verify_list_and_show(tmp_path):
    path = tmp_path / "records.sqlite"
    process = stress(path, "--rate", 0, "--count", 300)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    verified = records("verify", path)
    assert verified.returncode == 0
    anchor = verified.stdout.split("end ")[1].strip()
    assert records("verify", path, "--anchor", anchor).returncode == 0
    listed = records("list", path, "--limit", 250)
    assert len(listed.stdout.splitlines()) == 250
    rest = records("list", path, "--after", listed.stderr.split()[-1], "--limit", 250)
    assert len(rest.stdout.splitlines()) == 50 and rest.stderr == ""
    identifier = output.split()[0]
    shown = records("show", path, identifier)
    assert f'"id":"{identifier}"' in shown.stdout
    assert records("show", path, "nobody").returncode == 1
    assert records("verify", tmp_path / "missing.sqlite").returncode == 1
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE decisions SET outcome = 'approve', is_degraded = 0 WHERE sequence = 22")
        db.commit()
    broken = records("verify", path)
    assert broken.returncode == 1
    assert "record 22: altered" in broken.stdout
    pruned = records("prune", path, "--before", "2100-01-01T00:00:00Z")
    assert pruned.returncode == 1 and "record 22: altered" in pruned.stderr


def test_a_file_that_nobody_may_write_can_be_read(tmp_path):
    path = tmp_path / "records.sqlite"
    stress(path, "--rate", 0, "--count", 10).communicate(timeout=60)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(path, copy / "records.sqlite")
    (copy / "records.sqlite").chmod(0o444)
    copy.chmod(0o555)
    try:
        assert records("verify", copy / "records.sqlite").returncode == 0
    finally:
        copy.chmod(0o755)


@pytest.fixture(scope="module")
def failing_disk(tmp_path_factory):
    """The environment of a process whose disk fails."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("disk")
    source, library = folder / "disk.c", folder / "disk.so"
    source.write_text(FAILING_DISK)
    built = subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], capture_output=True, text=True)
    if built.returncode != 0:
        pytest.skip(f"cannot build a library: {built.stderr}")

    def environment(what, after, times=1):
        return dict(os.environ, LD_PRELOAD=str(library), DISK_FAILS=what,
                    DISK_FAILS_AFTER=str(after), DISK_FAILS_TIMES=str(times))

    return environment


def check_recovery(path, output):
    """Restarting recovers what was acknowledged; the record in doubt is whole or absent."""
    acknowledged = Acknowledged()
    acknowledged.read(output)
    assert acknowledged.sequences
    again = stress(path, "--rate", 0, "--count", 5)
    more, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    acknowledged.read(more)
    acknowledged.check(check_chain(path))
    assert records("verify", path).returncode == 0


@pytest.mark.parametrize("what", ["sync", "write"])
@pytest.mark.parametrize("after", [12, 30, 100, 1_000])
def test_a_disk_that_failed_is_not_asked_again(tmp_path, failing_disk, what, after):
    path = tmp_path / "records.sqlite"
    process = stress(
        path, "--rate", 2_000, "--count", 100_000, "--durability", "commit", "--exit-on-failure",
        env=failing_disk(what, after + 8 * after * (what == "write")))
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "failed durability" in errors
    check_recovery(path, output)


@pytest.mark.parametrize("after", [100, 500, 2_000])
def test_a_write_without_space_is_tried_again(tmp_path, failing_disk, after):
    path = tmp_path / "records.sqlite"
    process = stress(
        path, "--rate", 500, "--count", 2_500, "--durability", "group",
        env=failing_disk("space", after, times=3))
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "failed disk_full" in errors
    assert "lost 0" in errors
    check_recovery(path, output)


def test_a_file_that_may_not_grow_is_a_failed_disk(tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    path = tmp_path / "records.sqlite"
    process = stress(
        path, "--rate", 2_000, "--body", 4_000, "--durability", "group", "--exit-on-failure",
        preexec_fn=limit)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "failed durability" in errors
    check_recovery(path, output)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_refuses_and_recovers(small_disk):
    path = small_disk / "records.sqlite"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    output, errors = small_disk.parent / "output", small_disk.parent / "errors"
    command = [str(BINARY), "records", "stress", "--path", str(path), "--rate", "400",
               "--body", "8000", "--durability", "group"]
    with output.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
    deadline = time.monotonic() + 30
    try:
        while "failed disk_full" not in errors.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "failed disk_full" in errors.read_text(), "the disk never became full"
        written = output.read_text().count("\n")
        ballast.unlink()
        while output.read_text().count("\n") < written + 5 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait(timeout=30)
    acknowledged = Acknowledged()
    acknowledged.read(output.read_text())
    assert len(acknowledged.sequences) >= written + 5, "it did not recover"
    found = check_chain(path)
    acknowledged.check(found)
    assert records("verify", path).returncode == 0


def test_a_file_has_one_writer(tmp_path):
    path = tmp_path / "records.sqlite"
    first = stress(path, "--rate", 100)
    try:
        assert first.stderr.readline().startswith("open")
        second = stress(path, "--rate", 100)
        _, errors = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "another process is writing to it" in errors
        assert records("verify", path).returncode == 0
    finally:
        first.kill()
        first.communicate(timeout=30)
