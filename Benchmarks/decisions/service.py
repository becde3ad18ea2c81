"""The server that decides: its state made in advance, its thresholds chosen, its figures read."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy as np
from payments import Payments

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "Interoperability"))

from server_process import BINARY, ServerProcess  # noqa: E402

EXAMPLES = ROOT / "Examples" / "models"
PIPELINES = {"card-after": "after-response", "card-group": "group"}
# Of the payments made here 2 % are declined by the first model, and a little more than the pipeline
# wants go on to the second: the controller of the pipeline holds the share at 20 %.
DECLINED, ESCALATED = 0.02, 0.22
SAMPLE = 4_000
# A little longer than a breaker stays open.
BREAKER_SECONDS = 6
# Thresholds that let every score go on: to learn what scores there are.
OPEN = (1e-9, 0.999999999)
SAMPLE_LINE = re.compile(r"(\w+)(?:\{(.*)\})? ([^ ]+)")


class ServiceFailure(Exception):
    """The server or its state did not come to be."""


class Service:
    """Two pipelines, alike but for their durability, over one state. Use it in `with`."""

    def __init__(self, folder, cards, events, cpus):
        self.folder = pathlib.Path(folder)
        self.payments = Payments(cards)
        self.events, self.cpus = events, cpus
        self.state = self.folder / "state"
        self.server = None
        self.runs = 0

    def prepare(self):
        """Makes the state anew; returns events/s of `needletail features ingest`."""
        shutil.rmtree(self.folder, ignore_errors=True)
        store = self.state / "features" / "views"
        store.mkdir(parents=True)
        shutil.copy(HERE / "views.yaml", self.folder)
        self.write_pipelines(*OPEN)
        path = self.folder / "events.csv"
        self.payments.write_events(path, self.events)
        started = time.monotonic()
        self.call("features", "ingest", "--views", self.folder / "views.yaml", "--store", store,
                  "--events", path, "--batch", 8192, "--snapshot")  # fmt: skip
        seconds = time.monotonic() - started
        path.unlink()
        return self.events / seconds

    def write_pipelines(self, approve, decline):
        template = (HERE / "pipeline.yaml").read_text()
        for name, durability in PIPELINES.items():
            text = template.replace("NAME", name).replace("DURABILITY", durability)
            text = text.replace("APPROVE", f"{approve:.9f}").replace("DECLINE", f"{decline:.9f}")
            (self.folder / f"{name}.yaml").write_text(text)

    @staticmethod
    def call(*arguments):
        command = [str(part) for part in (BINARY, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            raise ServiceFailure(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def __enter__(self):
        flags = ["--state", self.state, "--model-control-mode", "explicit"]
        for model in ("card_fraud_gbdt", "card_fraud_mlp"):
            flags += ["--load-model", model]
        for name in PIPELINES:
            flags += ["--pipeline", self.folder / f"{name}.yaml"]
        self.server = ServerProcess(EXAMPLES, *flags, prefix=("taskset", "-c", self.cpus))
        self.server.__enter__()
        return self

    def __exit__(self, *exception):
        self.server.__exit__(*exception)

    def bodies(self, count):
        """A file of bodies whose ids were never sent before."""
        self.runs += 1
        path = self.folder / "bodies.ndjson"
        self.payments.write_bodies(path, count, f"run{self.runs}-{time.time_ns():x}")
        return path

    # Thresholds.

    def calibrate(self):
        """Chooses the thresholds from the scores of a sample; returns the shares another gets."""
        scores = self.sample_scores()
        approve, decline = thresholds(scores)
        self.write_pipelines(approve, decline)
        status, _, text = self.server.post("/v1/pipelines/reload", b"")
        if status != 200:
            raise ServiceFailure(f"reload: {status} {text.decode()}")
        again = self.sample_scores()
        escalated = float(np.mean((again >= approve) & (again < decline)))
        return {"thresholds": (approve, decline), "escalated": escalated}

    def sample_scores(self):
        """Scores of the first model; once more where its breaker opened on a busy machine."""
        for _ in range(4):
            scores = self.ask_for_scores()
            if len(scores) >= SAMPLE * 0.9:
                return scores
            time.sleep(BREAKER_SECONDS)
        raise ServiceFailure(f"{len(scores)} of {SAMPLE} decisions have a score of the first model")

    def ask_for_scores(self):
        path = self.bodies(SAMPLE)
        scores = []
        lines = path.read_text().splitlines()
        for start in range(0, SAMPLE, 500):
            texts = [line.replace("{{request}}", str(start + index))
                     for index, line in enumerate(lines[start:start + 500])]  # fmt: skip
            status, _, body = self.server.post(
                "/v1/decisions/card-after", "\n".join(texts).encode(),
                {"Content-Type": "application/x-ndjson"},
            )  # fmt: skip
            if status != 200:
                raise ServiceFailure(f"the sample of decisions: {status} {body[:500]}")
            answers = [json.loads(line) for line in body.splitlines() if line.strip()]
            scores += [tier["score"] for answer in answers for tier in answer.get("tiers", [])[:1]
                       if "score" in tier]  # fmt: skip
        return np.array(scores)

    # Figures.

    def metrics(self):
        _, _, text = self.server.get_metrics()
        return Metrics(text)

    def settle(self, seconds_max=60):
        """Waits until all records are written."""
        end = time.monotonic() + seconds_max
        while self.metrics().total("needletail_records_queued") > 0:
            if time.monotonic() > end:
                raise ServiceFailure(f"records still wait after {seconds_max} s")
            time.sleep(0.1)


def thresholds(scores):
    """The two scores between which ESCALATED of them lie, most nearly; trees give few values."""
    decline = np.quantile(scores, 1 - DECLINED)
    between = np.sort(scores[scores < decline])
    candidates = np.unique(between)
    shares = (len(between) - np.searchsorted(between, candidates)) / len(scores)
    approve = candidates[np.argmin(np.abs(shares - ESCALATED))]
    # Written with nine digits, which must not pass over the score itself.
    return float(approve) - 1e-9, float(decline)


class Metrics:
    """A page of metrics."""

    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            found = SAMPLE_LINE.fullmatch(line)
            if found and not line.startswith("#"):
                labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""))
                self.samples.append((found.group(1), labels, float(found.group(3))))

    def total(self, name, **labels):
        """The sum of the samples of a family that have these labels."""
        return sum(value for found, given, value in self.samples
                   if found == name and labels.items() <= given.items())  # fmt: skip

    def by(self, label, name, **labels):
        """The sums of a family by one of its labels."""
        sums = {}
        for found, given, value in self.samples:
            if found == name and label in given and labels.items() <= given.items():
                sums[given[label]] = sums.get(given[label], 0) + value
        return sums


class Change:
    """What happened to one pipeline between two pages."""

    def __init__(self, before, after, pipeline):
        self.before, self.after, self.pipeline = before, after, pipeline

    def count(self, name, **labels):
        labels["pipeline"] = self.pipeline
        return self.after.total(name, **labels) - self.before.total(name, **labels)

    def all(self, name, **labels):
        return self.after.total(name, **labels) - self.before.total(name, **labels)

    @property
    def decisions(self):
        return self.count("needletail_decisions_total")

    @property
    def escalated(self):
        """The share of decisions that the second model was asked for."""
        name = "needletail_decision_stage_duration_seconds_count"
        return self.count(name, stage="deep") / max(1, self.decisions)

    def reasons(self, name, label):
        labels = {"pipeline": self.pipeline}
        before, after = self.before.by(label, name, **labels), self.after.by(label, name, **labels)
        changed = {key: int(after[key] - before.get(key, 0)) for key in after}
        return {key: count for key, count in changed.items() if count}

    def stage(self, name, share):
        """A quantile in microseconds, to within a bucket: its upper bound; None without data."""
        family = "needletail_decision_stage_duration_seconds_bucket"
        labels = {"pipeline": self.pipeline, "stage": name}
        before, after = (page.by("le", family, **labels) for page in (self.before, self.after))
        bounds = sorted((float(bound), bound) for bound in after)
        counts = [(bound, after[text] - before.get(text, 0)) for bound, text in bounds]
        if not counts or counts[-1][1] <= 0:
            return None
        return next(bound for bound, seen in counts if seen >= share * counts[-1][1]) * 1e6
