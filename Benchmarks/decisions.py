#!/usr/bin/env python3
"""Measures whole decisions: input, features, rules, models, event and record, over HTTP.

    make bench BENCH_FLAGS='--only decisions'                        as a section of the suite
    .needletail/venv/bin/python Benchmarks/decisions.py              alone
    .needletail/venv/bin/python Benchmarks/decisions.py --quick --only served
    .needletail/venv/bin/python Benchmarks/decisions.py --page docs/measurements/decisions.md

A state of one million cards is made first, with `needletail features ingest`; thresholds are chosen
so that the second model is asked for 20 % of the payments. The load is `needletail bench` on core
0: Poisson arrivals, latency from the moment a request was due. The server has both cores.

Parts: process (features, rules and windows without a network), served (latency at a fixed rate, the
saturation, twice of it), worth (cost and quality, as the training of the example found them).
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "decisions"), str(ROOT / "Tests" / "Interoperability")]

import disk  # noqa: E402
import in_process  # noqa: E402
import load  # noqa: E402
import page  # noqa: E402
from figures import Figures  # noqa: E402
from machine import Interference, resident_bytes  # noqa: E402
from payments import Payments  # noqa: E402
from service import Change, Service  # noqa: E402

PARTS = ["process", "served", "worth"]
FOLDER = ROOT / ".needletail" / "benchmark-decisions"
BUDGET_MS = 30
RATE = 5_000
STAGES = ("features", "gate", "trees", "deep", "rules", "record", "total")
TRAINING = [ROOT / "Examples" / "card-fraud" / "figures.json",
            ROOT / ".needletail" / "demo" / "training.json"]  # fmt: skip


class Decisions:
    def __init__(self, figures, quick=False, seconds=None, cpus="0,1", cards=None):
        self.figures, self.quick, self.cpus = figures, quick, cpus
        self.seconds = seconds or (4 if quick else 20)
        self.cards = cards or 1_000_000
        FOLDER.mkdir(parents=True, exist_ok=True)

    def run(self, parts=PARTS):
        for part in parts:
            getattr(self, part)()

    # Without a network.

    def process(self):
        self.figures.heading("Decisions in process: `needletail decide`, one thread, core 1")
        folder = FOLDER / "process"
        folder.mkdir(exist_ok=True)
        requests = folder / "wide.ndjson"
        Payments(100_000).write_requests(requests, 100_000 if self.quick else 400_000)
        judge = self.figures.judge
        with Interference() as around:
            found = in_process.decide(HERE / "decisions" / "wide.yaml", requests, "1")
        self.figures.note(
            f"{found['total']['count']:,} decisions of rules alone, 100,000 cards, fifty features "
            f"of one entity: total p50 {found['total']['p50']:.1f} us, p99 "
            f"{found['total']['p99']:.1f} us; features p50 {found['features']['p50']:.1f} us, "
            f"p99.9 {found['features']['p99_9']:.1f} us"
        )
        judge("50 features of one entity: p99", found["features"]["p99"], "us", most=50,
              quiet=around.shares, tail=True)  # fmt: skip
        with Interference() as around:
            rule = in_process.rule_nanoseconds(folder, "1", 50_000 if self.quick else 200_000)
        quiet = around.shares
        judge("a rule of ten terms: median", rule["p50"], "ns", most=200, quiet=quiet)
        judge("a rule of ten terms: p99 of a hundred, each", rule["p99"], "ns", quiet=quiet)
        requests.unlink()
        self.windows()

    def windows(self):
        """The window table alone, by the package Benchmarks/features."""
        package = HERE / "features"
        build = ["swift", "build", "-c", "release", "--package-path", str(package)]
        try:
            done = subprocess.run(build, capture_output=True, text=True, timeout=1800)
            if done.returncode != 0:
                raise OSError(f"it does not build: {(done.stdout + done.stderr)[-300:]}")
            where = subprocess.run([*build, "--show-bin-path"], capture_output=True, text=True)
            binary = pathlib.Path(where.stdout.strip()) / "FeatureBenchmark"
            with Interference() as around:
                done = subprocess.run(["taskset", "-c", "1", str(binary), "windows"],
                                      capture_output=True, text=True, timeout=600)  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as failure:
            return self.figures.note(f"Benchmarks/features: not measured: {failure}")
        found = re.search(r"100000 keys, 32 events ahead: (\d+) ns an event, (\d+) ns of proc.*", done.stdout)
        rate = None
        if found:
            rate = 1e3 / float(found.group(2))
            self.figures.note(f"windows: {found.group(0)}")
        self.figures.judge("window updates, four windows, 100,000 keys, a second of processor",
                           rate, "M", least=2, quiet=around.shares, tail=True)  # fmt: skip

    # Over HTTP.

    def served(self):
        events = self.cards * 2
        self.figures.heading(f"Decisions over HTTP: {self.cards:,} cards, four windows, two models")
        service = Service(FOLDER / "served", self.cards, events, self.cpus)
        rate = service.prepare()
        self.figures.note(f"state: {events:,} events taken in at {rate:,.0f}/s, text, log and "
                          "snapshot included")  # fmt: skip
        with service:
            resident = resident_bytes(service.server.process.pid)
            self.figures.note(f"ready again in {service.server.seconds_to_ready:.2f} s")
            self.figures.judge("resident memory with that state", resident / 1e9, "GB", most=3)
            chosen = service.calibrate()
            low, high = chosen["thresholds"]
            self.figures.note(f"thresholds {low:.6f} and {high:.6f}: {chosen['escalated']:.1%} of "
                              "another sample are between")  # fmt: skip
            self.before = service.metrics()
            self.steady(service)
            self.grouped(service)
            self.saturation(service)
            self.kept(service)

    def load(self, service, pipeline, *flags, count):
        """One run of the generator; returns what it measured and what the server counted."""
        service.settle()
        path = service.bodies(count)
        before = service.metrics()
        found = load.bench(
            service.server, "--path", f"/v1/decisions/{pipeline}", "--body", f"@{path}",
            "--duration", f"{self.seconds}s", "--warm-up", "2s", *flags,
        )  # fmt: skip
        return found, Change(before, service.metrics(), pipeline)

    def at_rate(self, service, pipeline):
        count = 50_000 if self.quick else 150_000
        return self.load(service, pipeline, "--rate", RATE, "--arrivals", "poisson",
                         "--connections", 64, "--deadline", f"{BUDGET_MS}ms",
                         "--keep-deadline-here", count=count)  # fmt: skip

    def describe(self, name, found, change):
        """What every run says of itself."""
        note, counts = self.figures.note, found.counts
        note(
            f"{name}: {counts['offered']:,} offered at {found.offered_rate:,.0f}/s, "
            f"{counts['ok']:,} answered, {counts['refused']:,} refused, "
            f"{counts['offered'] - counts['ok'] - counts['refused']:,} other; p50 "
            f"{found.microseconds('p50') / 1e3:.2f} ms, p99 {found.microseconds('p99') / 1e3:.2f}, "
            f"p99.9 {found.microseconds('p99_9') / 1e3:.2f}, p99.99 "
            f"{found.microseconds('p99_99') / 1e3:.2f}; generator lag p99 "
            f"{milliseconds(found, 'lag'):.2f} ms"
            + (", it was the bottleneck" if found.is_generator_bound else "")
        )
        if found.microseconds("p99", "wait"):
            note(f"{name}: the wait for a free connection, p99 "
                 f"{milliseconds(found, 'wait'):.2f} ms; from the actual send, p99 "
                 f"{milliseconds(found, 'service'):.2f} ms")  # fmt: skip
        stages = []
        for stage in STAGES:
            values = [change.stage(stage, share) for share in (0.5, 0.99)]
            if None not in values:
                stages.append(f"{stage} {values[0]:,.0f} / {values[1]:,.0f}")
        note(f"{name}: stages at the server, p50 / p99 at most, us: {', '.join(stages)}")
        for family, label, text in (
            ("needletail_decisions_degraded_reasons_total", "reason", "degraded"),
            ("needletail_decision_failures_total", "code", "without a decision"),
        ):
            reasons = change.reasons(family, label)
            if reasons:
                note(f"{name}: {text}: "
                     + ", ".join(f"{key} {count:,}" for key, count in reasons.items()))  # fmt: skip

    def judge_rate(self, name, found, change, bounds):
        """The figures of a run at a fixed rate. `bounds` are milliseconds by percentile."""
        self.describe(name, found, change)
        judge, quiet = self.figures.judge, found.quiet
        for share, bound in bounds.items():
            judge(f"{name}: {share.replace('_', '.')} from the intended send",
                  found.microseconds(share) / 1e3, "ms", most=bound, quiet=quiet,
                  tail=True)  # fmt: skip
        judge(f"{name}: offered of the plan", found.offered_rate / RATE * 100, "%", least=98,
              quiet=quiet, tail=True)  # fmt: skip
        judge(f"{name}: second model asked for, least", change.escalated * 100, "%", least=18)
        judge(f"{name}: second model asked for, most", change.escalated * 100, "%", most=22)
        counts = found.counts
        judge(f"{name}: requests without a decision", counts["offered"] - counts["ok"], "",
              most=0, quiet=quiet, tail=True)  # fmt: skip
        # What came late here, less what the server marked: what is late on the wire alone counts
        # against it.
        marked = change.count("needletail_decisions_late_total")
        judge(f"{name}: answers after {BUDGET_MS} ms without a mark",
              max(0, counts["late"] - marked), "", most=0, quiet=quiet, tail=True)  # fmt: skip
        judge(f"{name}: server processor a decision", found.processor, "us", quiet=quiet)

    def steady(self, service):
        found, change = self.at_rate(service, "card-after")
        self.judge_rate("after-response, 5,000/s", found, change, {"p99": 1, "p99_9": 3})

    def grouped(self, service):
        median, p99 = disk.fsync_milliseconds(service.state)
        self.figures.note(f"an fsync of 4 KiB here: median {median:.2f} ms, p99 {p99:.2f} ms, "
                          "before the load; the target below is for 4 ms")  # fmt: skip
        found, change = self.at_rate(service, "card-group")
        self.judge_rate("group, 5,000/s", found, change, {"p99": 12})

    def saturation(self, service):
        count = 60_000 if self.quick else 200_000
        found, change = self.load(service, "card-after", "--concurrency", 32, count=count)
        name = "saturation, 32 under way"
        self.describe(name, found, change)
        self.figures.judge(f"{name}: decisions", found.rate, "/s", least=15_000,
                           quiet=found.quiet, tail=True)  # fmt: skip
        self.figures.judge(f"{name}: server processor a decision", found.processor, "us",
                           quiet=found.quiet)  # fmt: skip
        capacity, name = found.rate, "twice the saturation"
        found, change = self.load(
            service, "card-after", "--rate", round(2 * capacity), "--arrivals", "poisson",
            "--connections", 1024, "--connections-max", 4096, "--deadline", f"{BUDGET_MS}ms",
            count=count)  # fmt: skip
        self.describe(name, found, change)
        self.figures.judge(f"{name}: goodput of the saturation", found.goodput / capacity * 100,
                           "%", least=85, quiet=found.quiet, tail=True)  # fmt: skip
        for share, bound in (("p50", None), ("p99", 1)):
            refusal = found.microseconds(share, "refusal")
            self.figures.judge(f"{name}: refusal {share} from the intended send",
                               None if refusal is None else refusal / 1e3, "ms", most=bound,
                               quiet=found.quiet, tail=True)  # fmt: skip

    def kept(self, service):
        """Every decision that was answered has its record, and the chain is whole."""
        service.settle()
        after = service.metrics()
        answered = sum(Change(self.before, after, name).decisions
                       for name in ("card-after", "card-group"))  # fmt: skip
        change = Change(self.before, after, None)
        recorded = change.all("needletail_records_total", outcome="recorded")
        self.figures.judge(f"of {answered:,.0f} decisions answered: without a record",
                           max(0, answered - recorded), "", most=0)  # fmt: skip
        commits = change.all("needletail_records_commit_duration_seconds_count")
        if commits:
            self.figures.note(f"{recorded / commits:,.1f} records a transaction")
        said = service.call("records", "verify", service.state / "records.sqlite")
        # The page is for everybody, the folder is not.
        said = said.strip().splitlines()[-1].replace(f"{ROOT}/", "")
        self.figures.note(f"records verify: {said}")

    # Against asking the large model for everything.

    def worth(self):
        self.figures.heading("Cost and quality of the cascade: SIMULATED payments, the example")
        path = next((path for path in TRAINING if path.exists()), None)
        if path is None:
            return self.figures.note("no figures of the training: `make demo` writes them")
        found = json.loads(path.read_text())
        cost, test = found["cost_us"], found["test"]
        areas = test["average_precision"]
        share = cost["trees"] / cost["deep"] + test["escalated"]
        self.figures.note(
            f"one run: trees {cost['trees']:.1f} us, deep {cost['deep']:.1f} us; "
            f"{test['escalated']:.1%} of {test['payments']:,} payments of the test period go on; "
            f"average precision: " + ", ".join(f"{name} {area:.3f}" for name, area in areas.items())
        )
        self.figures.judge("model time against the large model for all", share * 100, "%", most=30)
        self.figures.judge("average precision below the large model's",
                           (areas["deep"] - areas["cascade"]) * 100, "pt", most=1)  # fmt: skip


def milliseconds(found, kind):
    """p99 of one kind of time; 0 where none was measured."""
    return (found.microseconds("p99", kind) or 0) / 1e3


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="parts, with commas between")
    parser.add_argument("--quick", action="store_true", help="short runs, less state")
    parser.add_argument("--seconds", type=int, help="length of one run (default: 20)")
    parser.add_argument("--cards", type=int, help="cards of the state (default: 1000000)")
    parser.add_argument("--server-cpus", default="0,1", help="cores of the server (default: 0,1)")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--page", help="put the tables into this page, after its mark")
    parser.add_argument("--strict", action="store_true", help="status 1 if a target is missed")
    arguments = parser.parse_args()
    parts = arguments.only.split(",") if arguments.only else PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    figures = Figures()
    Decisions(figures, arguments.quick, arguments.seconds, arguments.server_cpus,
              arguments.cards).run(parts)  # fmt: skip
    met = figures.finish(arguments.json)
    if arguments.page:
        page.insert(figures, arguments.page)
    sys.exit(1 if arguments.strict and not met else 0)


if __name__ == "__main__":
    main()
