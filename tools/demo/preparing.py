"""The steps before the server starts: simulate, backfill, train, and the state of the features.

Each step leaves a note of what it was made from, and is skipped while that is the same.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import time

from demo import dataset, thresholds

TOOLS = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = TOOLS.parent / "Examples" / "card-fraud"
START = dataset.FIRST_DAY
REPORT_AFTER = 7
# The longest window has 30 days: nothing older can count on the first day of the test.
KEPT_DAYS = 31


class Failure(Exception):
    pass


def day(number):
    return str(START + number)


def command(words, log):
    """Runs a program; its output goes to a file and, if it fails, into the error."""
    with open(log, "a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(map(str, words))}\n")
        file.flush()
        done = subprocess.run([str(w) for w in words], stdout=file, stderr=subprocess.STDOUT)
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-12:])
        raise Failure(f"'{words[0]}' ended with status {done.returncode}:\n{tail}\n(whole: {log})")


class Preparation:
    def __init__(self, folder, binary, seed, customers, say):
        self.folder, self.binary, self.seed, self.say = folder, binary, seed, say
        self.customers, self.terminals = customers, 2 * customers
        # Two terminals and three customers a day for each 5,000 customers, as published.
        self.compromised = max(1, round(customers / 5000))
        self.simulation, self.training = folder / "simulation", folder / "training.csv"
        self.example, self.models = folder / "card-fraud", folder / "models"
        self.prepared, self.log = folder / "prepared", folder / "prepare.log"
        folder.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        self.made_from = ""

    def step(self, name, parts, files, work):
        """Does `work` unless it was done from the same settings, files and steps before."""
        digest = hashlib.sha256(json.dumps([self.made_from, name, *parts]).encode())
        for file in files:
            digest.update(file.read_bytes())
        self.made_from = digest.hexdigest()
        note = self.folder / f"{name}.made-from"
        if note.exists() and note.read_text() == self.made_from:
            self.say(name, "as before")
            return
        note.unlink(missing_ok=True)
        start = time.monotonic()
        result = work()
        note.write_text(self.made_from)
        self.say(name, f"{result}, {time.monotonic() - start:.0f} s")

    def simulate(self):
        def work():
            command([sys.executable, TOOLS / "make_card_events.py",
                     "--customers", self.customers, "--terminals", self.terminals, "--radius", 5,
                     "--days", dataset.TEST[1], "--compromised", self.compromised,
                     "--report-after", REPORT_AFTER, "--seed", self.seed,
                     "--into", self.simulation], self.log)
            return (f"{lines(self.simulation / 'events.csv'):,} payments of {self.customers:,} "
                    f"cards in {dataset.TEST[1]} days")

        self.step("simulate", [self.customers, self.terminals, self.seed],
                  [TOOLS / "make_card_events.py"], work)

    def backfill(self):
        def work():
            rows = self.folder / "rows.csv"
            cut(self.simulation / "events.csv", rows, 1, dataset.TRAINING[0], dataset.TEST[1])
            command([self.binary, "features", "backfill", "--views", EXAMPLE / "views.yaml",
                     "--events", f"card_transactions={self.simulation / 'events.csv'}",
                     "--events", f"fraud_reports={self.simulation / 'reports.csv'}",
                     "--rows", rows, "--output", self.training], self.log)
            return f"{lines(self.training):,} rows of 30 features"

        self.step("backfill", [dataset.TRAINING[0]], [EXAMPLE / "views.yaml"], work)

    def train(self, threads):
        def work():
            self.copy_example()
            command([sys.executable, TOOLS / "train_card_fraud.py", "--training", self.training,
                     "--truth", self.simulation / "truth.csv", "--models", self.models,
                     "--pipeline", self.example / "pipeline.yaml",
                     "--figures", self.folder / "training.json",
                     "--seed", self.seed, "--threads", threads], self.log)
            areas = json.loads((self.folder / "training.json").read_text())
            areas = areas["test"]["average_precision"]
            return f"average precision trees {areas['trees']:.3f}, deep {areas['deep']:.3f}"

        self.step("train", [self.seed], [
            TOOLS / "train_card_fraud.py",
            *(TOOLS / "demo" / f"{name}.py"
              for name in ("dataset", "models", "sessions", "thresholds")),
        ], work)  # fmt: skip
        # Changes of the example's pipeline count at once, without training again.
        self.copy_example()
        figures = json.loads((self.folder / "training.json").read_text())
        thresholds.write(self.example / "pipeline.yaml",
                         thresholds.Choice(**figures["thresholds"]))

    def take_trained(self, models):
        """In place of training: the models and thresholds of Examples."""
        def work():
            for name in ("card_fraud_gbdt", "card_fraud_mlp"):
                shutil.copytree(models / name, self.models / name, dirs_exist_ok=True)
            return "the models of Examples"

        (self.folder / "train.made-from").unlink(missing_ok=True)
        self.step("train", ["taken"], [], work)
        self.copy_example()

    def copy_example(self):
        shutil.rmtree(self.example, ignore_errors=True)
        self.example.mkdir()
        for name in ("pipeline.yaml", "views.yaml"):
            shutil.copy(EXAMPLE / name, self.example / name)

    def ingest(self):
        """The state of the features at the beginning of the test, as a server would have it."""
        def work():
            shutil.rmtree(self.prepared, ignore_errors=True)
            store, taken = self.prepared / "features" / "views", 0
            store.parent.mkdir(parents=True)
            first, last = dataset.TEST[0] - KEPT_DAYS, dataset.TEST[0]
            for source, name in (("card_transactions", "events"), ("fraud_reports", "reports")):
                part = self.folder / f"history-{name}.csv"
                taken += cut(self.simulation / f"{name}.csv", part, 1, first, last)
                command([self.binary, "features", "ingest", "--views", self.example / "views.yaml",
                         "--store", store, "--source", source, "--events", part,
                         "--batch", 4096, "--snapshot"], self.log)
            return f"{taken:,} events of the last {KEPT_DAYS} days"

        self.step("ingest", [KEPT_DAYS], [self.example / "views.yaml"], work)


def lines(path):
    """Lines without the header."""
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1


def cut(source, target, column, first, last):
    """Copies the rows of the days from `first` up to `last`; returns how many."""
    low, high, count = day(first), day(last), 0
    with open(source, encoding="utf-8") as reading, open(target, "w", encoding="utf-8") as writing:
        writing.write(next(reading))
        for line in reading:
            if low <= line.split(",", column + 1)[column] < high:
                writing.write(line)
                count += 1
    return count
