"""The payments of the test period and the reports that become known in it, as requests."""

import dataclasses
import json

from demo import dataset, driver
from demo.preparing import day

EACH = 200


@dataclasses.dataclass
class Payment:
    number: int
    time: str
    amount: float
    scenario: int
    request: bytes


def read(simulation, scenarios, count):
    """The first `count` payments of the test period, in order of time."""
    first, payments = day(dataset.TEST[0]), []
    with open(simulation / "events.csv", encoding="utf-8") as file:
        next(file)
        for line in file:
            name, time, card, terminal, country, amount = line.rstrip("\n").split(",")
            if time < first:
                continue
            if len(payments) == count:
                break
            number = int(name.removeprefix("tx-"))
            body = {"transaction_id": name, "time": time, "card": card, "terminal": terminal,
                    "country": country, "amount": float(amount)}
            payments.append(Payment(
                number, time, float(amount), int(scenarios[number]),
                driver.request(driver.DECISIONS_PATH, json.dumps(body).encode())))
    return payments


def reports(simulation, payments):
    """(after how many payments, NDJSON): what became known before the time of that payment.

    A batch goes after the last payment before it, so none is known too early; the first reports of
    a batch come as many payments late as a batch has.
    """
    first, batches, lines, boundary = day(dataset.TEST[0]), [], [], EACH
    with open(simulation / "reports.csv", encoding="utf-8") as file:
        next(file)
        for line in file:
            name, reported, terminal, is_fraud = line.rstrip("\n").split(",")
            if reported < first:
                continue
            while boundary < len(payments) and reported > payments[boundary].time:
                if lines:
                    batches.append((boundary, b"".join(lines)))
                lines, boundary = [], boundary + EACH
            if boundary >= len(payments):
                break
            body = {"transaction_id": name, "reported": reported, "terminal": terminal,
                    "is_fraud": is_fraud == "1"}
            lines.append(json.dumps(body).encode() + b"\n")
    return batches
