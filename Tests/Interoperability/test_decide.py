"""`needletail decide`: the example pipeline from the command line, with records and without."""

import json
import pathlib
import sqlite3
import subprocess

import pytest
from server_process import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "Examples" / "card-fraud"
MODELS = ROOT / "Examples" / "models"
EVENTS = EXAMPLE / "payments.ndjson"


def decide(*arguments, pipeline=EXAMPLE / "pipeline.yaml", status=0):
    done = subprocess.run(
        [BINARY, "decide", "--pipeline", pipeline, *map(str, arguments)],
        capture_output=True, text=True, timeout=300, cwd=ROOT)  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done


def line_of(path, text):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line][-1]


def decisions(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_example_is_right_and_its_models_fit():
    assert "OK: pipeline card-fraud" in decide("--check").stdout
    assert "the models fit" in decide("--check", "--model-repository", MODELS).stdout


def test_every_request_gets_one_decision_with_its_path(tmp_path):
    output = tmp_path / "decisions.ndjson"
    decide("--model-repository", MODELS, "--events", EVENTS, "--output", output, "--features")
    made = decisions(output)
    asked = decisions(EVENTS)
    assert [one["request_id"] for one in made] == [one["transaction_id"] for one in asked]
    assert len({one["id"] for one in made}) == len(made)
    assert [one["id"] for one in made] == sorted(one["id"] for one in made)
    for one in made:
        assert one["outcome"] in ("approve", "decline", "review")
        assert one["degraded"] == bool(one["degraded_reasons"])
        assert len(one["features"]) == 30 or one["decided_by"] == "gate"
        for tier in one["tiers"]:
            assert "score" not in tier or 0 <= tier["score"] <= 1
    assert {"trees", "deep"} <= {one["decided_by"] for one in made}


def test_features_are_those_of_the_payments_before(tmp_path):
    output = tmp_path / "decisions.ndjson"
    decide("--model-repository", MODELS, "--events", EVENTS, "--output", output, "--features")
    seen = {}
    for asked, made in zip(decisions(EVENTS)[:300], decisions(output)[:300]):
        values = {one["name"]: one.get("value") for one in made["features"]}
        earlier = seen.setdefault(asked["card"], [])
        assert values["card_activity.count_7d"] <= len(earlier)
        if not earlier:
            assert values["card_activity.count_7d"] == 0
        earlier.append(asked)


def test_decisions_are_recorded_without_what_is_sensitive(tmp_path):
    records = tmp_path / "decisions.sqlite"
    output = tmp_path / "decisions.ndjson"
    events = tmp_path / "some.ndjson"
    lines = EVENTS.read_text(encoding="utf-8").splitlines()[:50]
    events.write_text("\n".join(lines + lines[:5]) + "\n", encoding="utf-8")
    decide("--model-repository", MODELS, "--events", events, "--records", records,
           "--output", output)  # fmt: skip
    made = decisions(output)
    # The five that came twice got the decisions they had.
    assert [one["id"] for one in made[50:]] == [one["id"] for one in made[:5]]
    with sqlite3.connect(records) as database:
        rows = database.execute("select name from sqlite_master where type = 'table'").fetchall()
    assert rows
    content = records.read_bytes()
    assert b"card-000" not in content
    again = tmp_path / "again.ndjson"
    decide("--model-repository", MODELS, "--events", events, "--records", records,
           "--output", again)  # fmt: skip
    assert [one["id"] for one in decisions(again)] == [one["id"] for one in made]


def test_without_its_models_everything_is_still_decided(tmp_path):
    text = (EXAMPLE / "pipeline.yaml").read_text(encoding="utf-8")
    (tmp_path / "views.yaml").write_text((EXAMPLE / "views.yaml").read_text(encoding="utf-8"))
    broken = tmp_path / "pipeline.yaml"
    broken.write_text(text.replace("card_fraud_mlp", "card_fraud_mpl"))
    done = decide("--check", "--model-repository", MODELS, pipeline=broken, status=1)
    assert "card_fraud_mpl" in done.stderr
    broken.write_text(text.replace("score: probability\n", "score: probabilty\n"))
    done = decide("--check", "--model-repository", MODELS, pipeline=broken, status=1)
    line = line_of(broken, "probabilty")
    assert f"{broken}:{line}:12: tier 'deep': " in done.stderr


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("amount < 2.0", "amont < 2.0", "rule 'small': "),
        ("total: 30ms", "total: 10ms", "the stages may take"),
        ("views: views.yaml", "views: nowhere.yaml", "cannot be read"),
        ("name: deep", "name: trees", "another tier is named 'trees'"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, old, new, expected):
    text = (EXAMPLE / "pipeline.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "views.yaml").write_text((EXAMPLE / "views.yaml").read_text(encoding="utf-8"))
    broken = tmp_path / "pipeline.yaml"
    broken.write_text(text.replace(old, new))
    done = decide("--check", pipeline=broken, status=1)
    assert expected in done.stdout
    place = [line for line in done.stdout.splitlines() if expected in line][0].split(":")
    assert place[0] == str(broken) and int(place[1]) == line_of(broken, new) and int(place[2]) > 0


RULES = """
name: limits
outcomes: [approve, decline, review]
input:
  id: id
  fields: {id: string?, amount: double, country: string?}
tiers:
  - name: points
    expression: "amount / 1000.0"
    approve_below: 0.1
    decline_from: 0.9
  - name: policy
    rules:
      - {name: abroad, when: has(country) && country != 'NL', decide: review, reason: ABROAD}
    otherwise: approve
fallback: [{decide: review, reason: FALLBACK}]
"""


def test_tiers_without_models_need_none(tmp_path):
    (tmp_path / "limits.yaml").write_text(RULES, encoding="utf-8")
    events = tmp_path / "events.ndjson"
    asked = [{"amount": 50}, {"amount": 950}, {"amount": 500, "country": "DE"}, {"amount": 500},
             {"amount": 5000}]  # fmt: skip
    events.write_text("".join(json.dumps(one) + "\n" for one in asked), encoding="utf-8")
    output = tmp_path / "decisions.ndjson"
    records = tmp_path / "records.sqlite"
    decide("--events", events, "--output", output, "--records", records,
           pipeline=tmp_path / "limits.yaml")  # fmt: skip
    made = decisions(output)
    assert [(one["outcome"], one["decided_by"]) for one in made] == [
        ("approve", "points"), ("decline", "points"), ("review", "policy"), ("approve", "policy"),
        ("review", "fallback")]  # fmt: skip
    assert made[2]["reasons"] == ["ABROAD"] and made[2]["score"] == 0.5
    assert [tier["result"] for tier in made[3]["tiers"]] == ["escalate", "otherwise"]
    # 5 is no probability.
    assert made[4]["degraded_reasons"] == ["points:failed"]
    assert all(tier["model"] == "" for one in made for tier in one["tiers"])


def test_wrong_requests_are_told_with_their_line(tmp_path):
    events = tmp_path / "wrong.ndjson"
    good = EVENTS.read_text(encoding="utf-8").splitlines()[0]
    events.write_text(good + '\n{"amount": -1}\n' + good.replace("tx-", "ty-") + "\n")
    done = decide("--model-repository", MODELS, "--events", events, status=1)
    assert f"{events}:2: amount: -1.0 is below the least, 0.0" in done.stderr
    assert "2 decided, 1 wrong requests" in done.stderr
