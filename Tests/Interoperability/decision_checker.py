"""What must hold after any crash: an oracle for features, the chain of records, and the ledger of
what was sent and what was acknowledged. Nothing here trusts the code under test."""

import contextlib
import dataclasses
import hashlib
import json
import sqlite3
import struct
import threading

VIEWS = """
sources:
  payments:
    time: time
    time_unit: nanoseconds
    id: id
    lateness: 2h
    future: 5m
    fields: {card: string, amount: double}
entities: {card: {key: card}}
views:
  activity:
    entity: card
    source: payments
    windows: [{length: 1m, hop: 1s}, {length: 1h, hop: 1m}]
    features:
      - {name: count, aggregate: count}
      - {name: spent, aggregate: sum, of: amount}
      - {name: peak, aggregate: max, of: amount, default: 0}
services: {payment: [activity.*]}
"""

PIPELINE = """
name: NAME
outcomes: [approve, decline, review]
input:
  id: id
  time: time
  fields:
    id: {type: string, max_length: 64}
    time: timestamp?
    card: {type: string, max_length: 32}
    amount: {type: double, min: 0, max: 1000}
features: {views: views.yaml, service: payment}
event: {source: payments}
budget: {total: BUDGET, features: 500ms, reserve: 50ms}
gate:
  - {name: large, when: amount > 900.0, decide: decline, reason: LARGE}
tiers:
  - {name: score, expression: amount / 1000.0, approve_below: 0.25, decline_from: 0.75,
     otherwise: review}
fallback: [{decide: review, reason: FALLBACK}]
durability: DURABILITY
"""

SECOND = 1_000_000_000
SUBSETS_OF = 14
WINDOWS = {"1m": (60 * SECOND, SECOND), "1h": (3_600 * SECOND, 60 * SECOND)}
COLUMNS = """sequence, decided_at, is_degraded, id, request_id, pipeline, pipeline_digest,
             outcome, body, (SELECT text FROM contexts WHERE number = context)"""


def write_pipeline(folder, name="pay", durability="group", budget="10s"):
    """The views and one pipeline in a folder; the pipeline's path."""
    (folder / "views.yaml").write_text(VIEWS)
    path = folder / f"{name}.yaml"
    text = PIPELINE.replace("NAME", name).replace("DURABILITY", durability)
    path.write_text(text.replace("BUDGET", budget))
    return path


def outcome(amount):
    """What the pipeline decides."""
    if amount > 900:
        return "decline"
    return "approve" if amount < 250 else "decline" if amount >= 750 else "review"


def oracle(events, card, at):
    """The features of a card as of `at` (nanoseconds): brute force, from docs/features.md."""
    values = {}
    for name, (length, hop) in WINDOWS.items():
        floor = at // hop * hop
        inside = [event["amount"] for event in events
                  if event["card"] == card and floor - length <= event["time"] < floor + hop]
        values[f"activity.count_{name}"] = len(inside)
        values[f"activity.spent_{name}"] = sum(inside)  # eighths: no rounding
        values[f"activity.peak_{name}"] = max(inside, default=0)
    return values


def read_features(server, card, at):
    """The same, from the server."""
    status, _, body = server.post("/v1/features/payment", {"card": card, "time": at})
    assert status == 200, body
    return {one["name"]: one["value"] for one in json.loads(body)["features"]}


def text(value):
    data = (value or "").encode()
    return struct.pack(">I", len(data)) + data


def digest(context):
    data = b"" if context is None else hashlib.sha256(context.encode()).digest()
    return struct.pack(">I", len(data)) + data


def read_records(path):
    """Follows the chain as docs/records.md describes it; {request id: recorded decision}."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        end_sequence, end_hash, head, removed = database.execute(
            "SELECT end_sequence, end_hash, removed_hash, removed_through FROM chain").fetchone()
        found, identifiers, sequence = {}, set(), removed
        for row in database.execute(f"SELECT {COLUMNS}, hash FROM decisions ORDER BY sequence"):
            sequence += 1
            assert row[0] == sequence, f"record {sequence} is missing"
            canonical = struct.pack(">qq", row[0], row[1]) + bytes([row[2], row[4] is not None])
            canonical += b"".join(text(value) for value in row[3:9])
            canonical += digest(row[9])
            head = hashlib.sha256(head + canonical).digest()
            assert head == row[10], f"record {sequence} does not match its hash"
            assert row[3] not in identifiers, f"decision {row[3]} is there twice"
            assert row[4] not in found, f"request {row[4]} was decided twice"
            identifiers.add(row[3])
            assert "id" not in (body := json.loads(row[8])), "the body repeats a column"
            found[row[4]] = body | {"id": row[3], "outcome": row[7]}
        assert (sequence, head) == (end_sequence, end_hash)
    return found


@dataclasses.dataclass
class Ledger:
    """What clients sent, and what they heard. Any thread."""

    events: dict = dataclasses.field(default_factory=dict)
    """All that was sent, by id: decided ones and plain ones."""
    asked: set = dataclasses.field(default_factory=set)
    """Ids of those that a decision was asked for."""
    answers: dict = dataclasses.field(default_factory=dict)
    """By id: (decision id, outcome, score) of those that were answered."""
    stored: set = dataclasses.field(default_factory=set)
    """Ids of events that were acknowledged."""
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def send(self, event, asks):
        with self.lock:
            self.events[event["id"]] = event
            if asks:
                self.asked.add(event["id"])

    def answer(self, identifier, decision):
        """Notes an answer; it must be the one that was heard before, if any was."""
        amount = self.events[identifier]["amount"]
        assert decision["request_id"] == identifier
        assert decision["outcome"] == outcome(amount), decision
        assert decision["degraded"] == bool(decision["degraded_reasons"])
        heard = (decision["id"], decision["outcome"], decision.get("score"))
        with self.lock:
            known = self.answers.setdefault(identifier, heard)
        assert known == heard, f"{identifier} got two answers: {known} and {heard}"

    def store(self, identifiers):
        with self.lock:
            self.stored.update(identifiers)

    @property
    def open(self):
        """Events whose sender heard nothing: (events that are to be decided, others)."""
        asked = [self.events[one] for one in self.asked if one not in self.answers]
        plain = [event for one, event in self.events.items()
                 if one not in self.asked and one not in self.stored]
        return asked, plain

    @property
    def acknowledged(self):
        return [event for one, event in self.events.items()
                if one in self.answers or one in self.stored]

    @property
    def cards(self):
        return sorted({event["card"] for event in self.events.values()})

    @property
    def now(self):
        return max(event["time"] for event in self.events.values())

    def check_records(self, path):
        """Each answered decision is recorded once and as answered; others are whole or absent."""
        found = read_records(path)
        for identifier, heard in self.answers.items():
            assert identifier in found, f"{identifier} was answered and has no record"
            body = found[identifier]
            recorded = (body["id"], body["outcome"], body.get("score"))
            assert recorded == heard, f"{identifier}: recorded {recorded}, answered {heard}"
        for identifier, body in found.items():
            assert identifier in self.asked, f"nobody asked for {identifier}"
            event = self.events[identifier]
            assert body["outcome"] == outcome(event["amount"])
            assert body["inputs"]["amount"] == event["amount"]
        return found

    def check_bounds(self, server):
        """Every acknowledged event counts once, and of the others some subset."""
        acknowledged = self.acknowledged
        asked, plain = self.open
        for card in self.cards:
            known = oracle(acknowledged, card, self.now)
            seen = read_features(server, card, self.now)
            length, hop = WINDOWS["1h"]
            floor = self.now // hop * hop
            amounts = [event["amount"] for event in asked + plain
                       if event["card"] == card and floor - length <= event["time"] < floor + hop]
            least = (known["activity.count_1h"], known["activity.spent_1h"])
            found = (seen["activity.count_1h"], seen["activity.spent_1h"])
            count, spent = found[0] - least[0], found[1] - least[1]
            assert 0 <= count <= len(amounts) and 0 <= spent <= sum(amounts), (card, found, least)
            if len(amounts) <= SUBSETS_OF:
                sums = {(0, 0)}
                for amount in amounts:
                    sums |= {(size + 1, total + amount) for size, total in sums}
                assert (count, spent) in sums, f"{card}: {found} is no sum of what was sent"

    def check_features(self, server, at=None):
        """All that was sent is acknowledged by now: the features are those of the oracle."""
        assert self.open == ([], [])
        at = self.now if at is None else at
        events = list(self.events.values())
        for card in self.cards:
            assert read_features(server, card, at) == oracle(events, card, at), f"{card} at {at}"
