"""Features and rules without a network, timed by `needletail decide` itself."""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "Interoperability"))

from server_process import BINARY  # noqa: E402

RULES = 100
# Ten terms, of which the last is false, so that all ten are asked.
TEN_TERMS = (
    "amount > 0.5 && amount < 90000.0 && country != 'XX'"
    " && country in ['DE', 'FR', 'NL', 'PT', 'US'] && items >= 1 && items < 100"
    " && !is_test && channel == 'ecommerce' && score_before <= 1.0"
    " && amount * 3.0 + double(items) > 1000000.0"
)
PIPELINE = """\
name: rules
outcomes: [approve, decline]
input:
  fields:
    amount: double
    country: string
    items: int
    is_test: bool
    channel: string
    score_before: double
gate:
{gate}
fallback:
  - {{decide: approve, reason: NOTHING_AGAINST_IT}}
durability: after-response
"""


class DecideFailure(Exception):
    """`needletail decide` did not do its work."""


def decide(pipeline, requests, cpu):
    """Stages of the summary: {name: {"p50": us, "p99": us, "p99_9": us, "max": us, "count": n}}."""
    command = ["taskset", "-c", cpu, BINARY, "decide", "--pipeline", pipeline, "--events", requests]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=600)  # fmt: skip
    if done.returncode != 0:
        raise DecideFailure(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    stages = {}
    for line in (done.stdout + done.stderr).splitlines():
        found = re.fullmatch(r"(\S+)((?:\s+[\d.]+){4})\s+(\d+)", line)
        if found:
            values = [float(value) for value in found.group(2).split()]
            stages[found.group(1)] = {
                **dict(zip(("p50", "p99", "p99_9", "max"), values)), "count": int(found.group(3)),
            }  # fmt: skip
    if "total" not in stages:
        raise DecideFailure(f"no stages in the summary: {done.stdout}{done.stderr}")
    return stages


def rule_pipeline(folder, count):
    """A pipeline whose gate has so many rules of ten terms, none of which matches."""
    rules = "".join(
        f"  - {{name: rule-{index}, when: \"{TEN_TERMS}\", decide: decline, reason: NEVER}}\n"
        for index in range(count)
    )
    path = pathlib.Path(folder) / f"rules-{count}.yaml"
    path.write_text(PIPELINE.format(gate=rules.rstrip("\n")))
    return path


def write_rule_requests(path, count):
    countries = ("DE", "FR", "NL", "PT", "US")
    with open(path, "w") as file:
        file.writelines(
            f'{{"amount":{10 + index % 7919 / 8},"country":"{countries[index % 5]}",'
            f'"items":{1 + index % 9},"is_test":false,"channel":"ecommerce",'
            f'"score_before":{index % 100 / 100}}}\n'
            for index in range(count)
        )


def rule_nanoseconds(folder, cpu, requests):
    """What one rule of ten terms takes: the gate of 101 rules less that of one, by their number."""
    path = pathlib.Path(folder) / "rule-requests.ndjson"
    write_rule_requests(path, requests)
    few = decide(rule_pipeline(folder, 1), path, cpu)["gate"]
    many = decide(rule_pipeline(folder, 1 + RULES), path, cpu)["gate"]
    return {share: (many[share] - few[share]) * 1000 / RULES for share in ("p50", "p99")}
