"""`needletail records replay`, and that what is sensitive is nowhere: the example pipeline."""

import contextlib
import json
import pathlib
import signal
import sqlite3
import subprocess
import time

import pytest
from server_process import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "Examples" / "card-fraud"
MODELS = ROOT / "Examples" / "models"
COUNT = 600


def needletail(*arguments, status=0):
    done = subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A file of records, and the decisions in it by request."""
    folder = tmp_path_factory.mktemp("records")
    events = folder / "events.ndjson"
    lines = (EXAMPLE / "payments.ndjson").read_text(encoding="utf-8").splitlines()[:COUNT]
    events.write_text("\n".join(lines) + "\n", encoding="utf-8")
    records, output = folder / "records.sqlite", folder / "decisions.ndjson"
    needletail("decide", "--pipeline", EXAMPLE / "pipeline.yaml", "--model-repository", MODELS,
               "--events", events, "--records", records, "--output", output)  # fmt: skip
    made = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    return records, {one["request_id"]: one for one in made}


def changed(folder, *changes):
    """The example's pipeline with texts replaced, beside its views."""
    text = (EXAMPLE / "pipeline.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    (folder / "views.yaml").write_bytes((EXAMPLE / "views.yaml").read_bytes())
    for extra in EXAMPLE.glob("*.csv"):
        (folder / extra.name).write_bytes(extra.read_bytes())
    return path


def replay(records, pipeline, *flags, status=0):
    return needletail("records", "replay", records, "--pipeline", pipeline,
                      "--model-repository", MODELS, *flags, status=status)  # fmt: skip


def test_the_same_pipeline_decides_the_same(recorded, tmp_path):
    records, _ = recorded
    before = records.read_bytes()
    text = replay(records, EXAMPLE / "pipeline.yaml", "--output", tmp_path / "flips.ndjson",
                  "--flips-max", "2%")  # fmt: skip
    assert f"{COUNT} records, {COUNT} decided again" in text
    # Whoever was decided by the clock (the share of escalations) may flip, nobody else.
    for line in (tmp_path / "flips.ndjson").read_text(encoding="utf-8").splitlines():
        flip = json.loads(line)
        assert flip["before"]["degraded_reasons"] or flip["after"]["degraded_reasons"], flip
    assert records.read_bytes() == before


def test_other_rules_flip_what_they_should(recorded, tmp_path):
    records, decisions = recorded
    inputs = [json.loads(line) for line in
              (EXAMPLE / "payments.ndjson").read_text(encoding="utf-8").splitlines()[:COUNT]]
    pipeline = changed(tmp_path, ("gate:\n", "gate:\n  - {name: large, when: amount > 60.0, "
                                             "decide: decline, reason: LARGE}\n"))
    flips = tmp_path / "flips.ndjson"
    text = replay(records, pipeline, "--output", flips)
    found = [json.loads(line) for line in flips.read_text(encoding="utf-8").splitlines()]
    expected = {one["transaction_id"] for one in inputs if one["amount"] > 60.0
                and decisions[one["transaction_id"]]["outcome"] != "decline"}
    by_rule = {one["request_id"] for one in found if one["after"]["reasons"] == ["LARGE"]}
    assert by_rule == expected and expected
    assert f"LARGE {len(expected)}" in text
    assert "approve -> " not in text or "gate" in text
    replay(records, pipeline, "--flips-max", "0%", status=3)
    assert "more flips" in replay(records, pipeline, "--flips-max", "0.0001", status=3)


def test_what_cannot_be_decided_again_is_counted_with_its_reason(recorded, tmp_path):
    records, _ = recorded
    reads = changed(tmp_path, ("gate:\n", "gate:\n  - {name: own, when: card == 'x', "
                                          "decide: decline, reason: OWN}\n"))
    text = replay(records, reads, status=1)
    assert f"redacted: card {COUNT}" in text and "nothing was decided" in text
    needs = changed(tmp_path, ("    amount: {", "    channel: string\n    amount: {"))
    assert f"field not recorded: channel {COUNT}" in replay(records, needs, status=1)
    narrow = changed(tmp_path, ("max: 1000000}", "max: 60}"))
    text = replay(records, narrow)
    assert "field does not fit the schema now: amount" in text
    other = changed(tmp_path, ("name: card-fraud", "name: other"))
    assert "no record of 'other'" in replay(records, other, status=1)
    assert "decided again" in replay(records, other, "--of", "card-fraud", "--limit", "10")


def test_a_part_of_the_time_and_wrong_usage(recorded):
    records, decisions = recorded
    times = sorted(one["decided_at_ns"] for one in decisions.values())
    middle = times[len(times) // 2] // 1_000_000_000
    instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(middle))
    counts = []
    for flag in ("--from", "--to"):
        text = replay(records, EXAMPLE / "pipeline.yaml", flag, instant)
        counts.append(int(text.split(" records,")[0]))
    assert sum(counts) == COUNT and min(counts) > 0
    for flags in (["--flips-max", "x"], ["--from", "yesterday"], ["--limit", "0"]):
        replay(records, EXAMPLE / "pipeline.yaml", *flags, status=64)
    replay(records.parent / "none.sqlite", EXAMPLE / "pipeline.yaml", status=1)


def test_what_is_sensitive_is_nowhere(tmp_path):
    lines = (EXAMPLE / "payments.ndjson").read_text(encoding="utf-8").splitlines()[:400]
    events = tmp_path / "events.ndjson"
    with events.open("w", encoding="utf-8") as file:
        for index, line in enumerate(lines):
            one = json.loads(line)
            one["card"] = f"SECRET{index % 7}"
            if index % 10 == 3:
                one["card"] *= 20  # longer than it may be
            if index % 10 == 5:
                one["amount"] = "SECRET"  # the whole request is wrong
                one["card"] = 4242424242
            file.write(json.dumps(one).replace("SECRET1", "SECR\\u0045T1") + "\n")
    records, output = tmp_path / "records.sqlite", tmp_path / "decisions.ndjson"
    command = [BINARY, "decide", "--pipeline", EXAMPLE / "pipeline.yaml", "--model-repository",
               MODELS, "--events", events, "--records", records, "--output", output,
               "--features"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=300, cwd=ROOT, check=False)
    assert b"SECRET" not in done.stdout + done.stderr + output.read_bytes()
    assert b"4242" not in done.stdout + done.stderr
    with contextlib.closing(sqlite3.connect(records)) as database:
        written = database.execute("SELECT count(*) FROM decisions").fetchone()[0]
    assert written > 200
    # Killed with its log beside the file.
    running = subprocess.Popen(
        [part if part != records else tmp_path / "killed.sqlite" for part in command],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    log = tmp_path / "killed.sqlite-wal"
    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline:
        if log.exists() and log.stat().st_size > 400_000:
            break
        time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=30)
    for path in tmp_path.glob("*.sqlite*"):
        assert b"SECRET" not in path.read_bytes(), path
