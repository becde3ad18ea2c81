"""`needletail features` as a user runs it: checks, and training sets against a plain oracle."""

import bisect
import csv
import datetime
import fractions
import hashlib
import json
import math
import subprocess
import sys

import pytest

from server_process import BINARY, ROOT

EXAMPLE = ROOT / "Examples" / "features"
VIEWS = EXAMPLE / "views.yaml"
EVENTS = EXAMPLE / "events.csv"
SECOND = 1_000_000_000
HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND
SPANS = {"5m": 300 * SECOND, "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def features(*arguments):
    command = [str(BINARY), "features", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)


def backfill(tmp_path, *arguments, events=EVENTS, views=VIEWS, status=0, name="set.csv"):
    """The rows of a training set, and what was reported."""
    output = tmp_path / name
    result = features(
        "backfill", "--views", views, "--events", events, "--output", output, *arguments)
    assert result.returncode == status, result.stdout + result.stderr
    assert result.stdout == ""
    assert not (tmp_path / (name + ".partial")).exists()
    rows = []
    if output.exists():
        with open(output, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    return rows, result.stderr


def nanoseconds(text):
    delta = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * 1_000


def read_events():
    with open(EVENTS, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["at"] = nanoseconds(row["time"])
        row["amount"] = float(row["amount"])
    return rows


# The oracle: the definitions of docs/features.md over plain lists, in exact arithmetic.


def hop(length):
    """The default: a 32nd of the window, or the largest share below that divides it."""
    for parts in range(32, 0, -1):
        if length % parts == 0 and length // parts >= SECOND:
            return length // parts
    return length


def fixed(value):
    """Rounded to 40 binary places, ties to even."""
    return round(fractions.Fraction(value) * 2**40)


def covered(history, name, at, delay=0):
    length = SPANS[name]
    start = (at - delay) // hop(length) * hop(length)
    first = bisect.bisect_left(history, start - length, key=lambda e: e["at"])
    end = bisect.bisect_left(history, start + hop(length), key=lambda e: e["at"])
    return history[first:end]


def total(events):
    return float(fractions.Fraction(sum(fixed(e["amount"]) for e in events), 2**40))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def card_features(history, at):
    result = {}
    for name in ("5m", "1h", "24h", "7d"):
        events = covered(history, name, at)
        result[f"card_activity.count_{name}"] = len(events)
        result[f"card_activity.spent_{name}"] = total(events)
        if name in ("24h", "7d"):
            result[f"card_activity.mean_{name}"] = total(events) / len(events) if events else None
    day, week = covered(history, "24h", at), covered(history, "7d", at)
    result["card_activity.peak_7d"] = max((e["amount"] for e in week), default=0)
    result["card_activity.spent_abroad_24h"] = total([e for e in day if e["country"] != "DE"])
    result["card_activity.terminals_7d"] = len({e["terminal"] for e in week})
    result["card_activity.last_amount_7d"] = week[-1]["amount"] if week else None
    result["card_activity.burst"] = result["card_activity.count_1h"] / (len(day) + 1)
    near = {}
    if len(week) > 1:
        mean = sum(e["amount"] for e in week) / len(week)
        squares = sum((e["amount"] - mean) ** 2 for e in week) / (len(week) - 1)
        near["card_activity.deviation_7d"] = (math.sqrt(squares), 1e-9)
    else:
        result["card_activity.deviation_7d"] = 0
    if week:
        ordered = sorted(e["amount"] for e in week)
        near["card_activity.median_7d"] = (ordered[(len(ordered) - 1) // 2], 0.0101)
    near["card_activity.recent_24h"] = (
        sum(e["amount"] * 2 ** (-(at - e["at"]) / (6 * HOUR)) for e in day), 1e-6)
    return result, near


def terminal_features(history, at):
    result = {}
    for name in ("24h", "7d", "30d"):
        labels = [int(e["is_fraud"]) for e in covered(history, name, at, delay=7 * DAY)]
        result[f"terminal_risk.labelled_{name}"] = len(labels)
        result[f"terminal_risk.risk_{name}"] = sum(labels) / len(labels) if labels else 0
    return result


def profile(profiles, card, at):
    known = [p for p in profiles if p["card"] == card and nanoseconds(p["updated"]) < at]
    return max(known, key=lambda p: nanoseconds(p["updated"]), default=None)


def expected_rows():
    with open(EXAMPLE / "profiles.csv", newline="", encoding="utf-8") as file:
        profiles = list(csv.DictReader(file))
    cards, terminals = {}, {}
    for event in read_events():
        at = event["at"]
        row, near = card_features(cards.setdefault(event["card"], []), at)
        row |= terminal_features(terminals.setdefault(event["terminal"], []), at)
        known = profile(profiles, event["card"], at)
        limit = float(known["limit"]) if known else 1000.0
        home = known["home_country"] if known else None
        row["card_profile.limit"] = limit
        row["limit_used"] = row["card_activity.spent_24h"] / limit
        row["is_abroad"] = int(home is not None and home != event["country"])
        row["amount_scaled"] = (event["amount"] - 58.0) / 43.0
        row["amount_bucket"] = sum(b <= event["amount"] for b in (10, 50, 100, 220))
        row["terminal_bucket"] = fnv(event["terminal"].encode()) % 64
        for country in ("DE", "FR", "NL", "PT"):
            row[f"home_{country}"] = int(home == country)
        row["home_other"] = int(home not in ("DE", "FR", "NL", "PT", None))
        yield event, row, near
        if event["amount"] > 0:
            cards[event["card"]].append(event)
        terminals[event["terminal"]].append(event)


def test_the_example_checks_and_lists_its_vector():
    result = features("check", VIEWS, "--list")
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"OK: {VIEWS}, 1 source, 3 views, 1 service, digest ")
    assert lines[1] == "fraud_v1: 35 features"
    assert "  2 card_activity.count_5m: int" in lines


@pytest.mark.parametrize("good, bad, problem", [
    ("aggregate: sum", "aggregate: smu", ":30:34: no aggregate is named 'smu'; did you mean 'sum'"),
    ("amount > 0.0", "amuont > 0.0", ":26:13: the filter of 'card_activity': no field is named"),
    ("card_activity.spent_24h", "card_activity.spent_2h", ":69:50: 'limit_used': no field is"),
    ("- card_activity.*", "- card_activty.*",
     ":78:7: no view is named 'card_activty'; did you mean 'card_activity'?"),
    ("delay: 7d}", "delay: seven}", "'delay' is 'seven'; write a number and its unit"),
])  # fmt: skip
def test_a_bad_file_is_placed(tmp_path, good, bad, problem):
    path = tmp_path / "views.yaml"
    path.write_text(VIEWS.read_text().replace(good, bad, 1))
    result = features("check", path)
    assert result.returncode == 1
    assert problem in result.stdout, result.stdout
    assert result.stdout.splitlines()[-1] == "1 problem"


def test_the_training_set_is_what_the_definitions_say(tmp_path):
    rows, report = backfill(tmp_path, "--keep", "is_fraud")
    assert "3282 events accepted, 0 duplicate, 0 late, 0 of the future, 0 refused" in report
    count = 0
    for seen, (event, exact, near) in zip(rows, expected_rows(), strict=True):
        count += 1
        assert (seen["transaction_id"], seen["time"]) == (event["transaction_id"], event["time"])
        assert seen["is_fraud"] == event["is_fraud"]
        for name, value in exact.items():
            got = float(seen[name]) if seen[name] else None
            assert got == value, (event["transaction_id"], name)
        for name, (value, tolerance) in near.items():
            assert math.isclose(
                float(seen[name]), value, rel_tol=tolerance, abs_tol=1e-9), (event, name)
        assert set(exact) | set(near) >= set(seen) - {
            "transaction_id", "time", "is_fraud", "card_activity.median_7d"}
    assert count == len(rows) == 3282


def test_ndjson_gives_the_same_set(tmp_path):
    plain, _ = backfill(tmp_path)
    lines = tmp_path / "events.ndjson"
    with open(lines, "w", encoding="utf-8") as file:
        for event in read_events():
            event["is_fraud"] = event["is_fraud"] == "1"
            event["unknown"] = {"nested": [1, None]}
            del event["at"]
            file.write(json.dumps(event) + "\n")
    again, _ = backfill(tmp_path, events=lines, name="again.csv")
    assert again == plain
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "set.csv").read_bytes()


def test_rows_of_their_own_see_the_same(tmp_path):
    """Asked by separate rows at the same instants, the answers are those of the events."""
    plain, _ = backfill(tmp_path)
    again, report = backfill(tmp_path, "--rows", EVENTS, name="again.csv")
    times = [row["time"] for row in plain]
    alone = [index for index, time in enumerate(times) if times.count(time) == 1]
    assert [again[index] for index in alone] == [plain[index] for index in alone]
    assert "3282 rows written" in report


def test_ages_and_statuses(tmp_path):
    rows, _ = backfill(tmp_path, "--ages", "--statuses")
    assert {row["amount_scaled:status"] for row in rows} == {"fresh"}
    assert {row["amount_scaled:age_seconds"] for row in rows} == {""}
    last = "card_activity.last_amount_7d"
    for row in rows:
        age = row[f"{last}:age_seconds"]
        expected = "missing" if not age else "stale" if float(age) > 172_800 else "fresh"
        assert row[f"{last}:status"] == expected
        assert (row[last] == "") == (expected == "missing")


def test_bad_records_are_left_out_or_end_it(tmp_path):
    lines = EVENTS.read_text().splitlines()[:50]
    lines[4] = lines[4].replace(",card-", ",", 1).rsplit(",", 2)[0] + ",much,0"
    lines[9] = "tx,2026-01-01T00:00:00,card,terminal,DE,1,0"
    lines.insert(20, lines[19])
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines) + "\n")
    rows, report = backfill(tmp_path, events=path)
    assert len(rows) == 47
    assert f"{path}:5:" in report and "'amount' is 'much': expected a finite number" in report
    assert f"{path}:10:4: 'time' is '2026-01-01T00:00:00': expected as in" in report
    assert "2 bad records were left out" in report and "47 events accepted, 1 duplicate" in report
    (tmp_path / "set.csv").unlink()
    _, report = backfill(tmp_path, "--strict", events=path, status=1)
    assert report.startswith(f"{path}:5:") and not (tmp_path / "set.csv").exists()


@pytest.mark.parametrize("arguments, message", [
    (["--events", "none.csv"], "none.csv: cannot be opened"),
    (["--events", "events.txt"], "events.txt: the ending does not say how it is written"),
    (["--events", EVENTS, "--service", "fraud_v2"], "no service is named 'fraud_v2'"),
    (["--events", EVENTS, "--keep", "label"], "a row has no field 'label'"),
    (["--events", EVENTS, "--now", "noon"], "write it as 2026-05-01T12:00:00Z"),
    (["--events", EVENTS, "--rows", "none.csv"], "none.csv: cannot be opened"),
])
def test_wrong_usage_says_what_to_do(tmp_path, arguments, message):
    output = tmp_path / "set.csv"
    result = features("backfill", "--views", VIEWS, "--output", output, *arguments)
    assert result.returncode in (1, 64)
    assert message in result.stderr
    assert not output.exists()


def test_the_present_bounds_the_events(tmp_path):
    _, report = backfill(tmp_path, "--now", "2025-12-31T12:00:00Z")
    assert "0 events accepted" in report and "3282 of the future" in report


def test_the_example_is_what_its_generator_writes(tmp_path):
    script = ROOT / "tools" / "make_card_events.py"
    subprocess.run([sys.executable, script, "--into", tmp_path], check=True, capture_output=True)
    for name in ("events.csv", "profiles.csv"):
        seen = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert seen == hashlib.sha256((EXAMPLE / name).read_bytes()).hexdigest()
