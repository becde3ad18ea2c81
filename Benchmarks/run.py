#!/usr/bin/env python3
"""Measures Needletail's speed targets and prints each figure with its verdict.

    make bench                                   everything, about 20 minutes
    make bench BENCH_FLAGS='--quick'             everything, briefly
    make bench BENCH_FLAGS='--only small,start'  some sections
    make bench BENCH_FLAGS='--only memory --requests 10000000'

The server is pinned to core 1 and the load to core 0, over loopback. The figure to steer by is
server processor time a request; rates and tails mean something only while nothing else takes the
cores: steal (other guests) and others (other processes here) stand beside each, and while either is
over 2 % they are not judged.

The load is `needletail bench`. What it can offer at most, and how far it agrees with the field's own
generators, is measured first; so is the kernel's own price of a request, from a server that parses
nothing. Whole runs write their tables to docs/measurements/suite.md.

Sections: generator, agreement, floor, small, overhead, compute, overload, reload, memory, start and
decisions (what Benchmarks/decisions.py measures alone; the server has both cores there).
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "Tests" / "Interoperability"))

import decisions  # noqa: E402
import floor  # noqa: E402
import load  # noqa: E402
import make_models  # noqa: E402
import page  # noqa: E402
import peers  # noqa: E402
from figures import Figures  # noqa: E402
from machine import resident_bytes  # noqa: E402
from server_process import ServerProcess  # noqa: E402

SERVER_CPU = "1"
SECTIONS = ["generator", "agreement", "floor", "small", "overhead", "compute", "overload", "reload",
            "memory", "start", "decisions"]  # fmt: skip
CONCURRENCIES = [1, 8, 32, 64]
EXAMPLES = ROOT / "Examples" / "models"
PAGE = ROOT / "docs" / "measurements" / "suite.md"

# A peer on two such cores with the same runtime and the same load generators: p99 in microseconds.
PEER_P99 = {
    "binary": {1: 1_220, 8: 1_502, 32: 4_641, 64: 6_808},
    "json": {1: 171, 8: 1_485, 32: 6_351, 64: 4_475},
    "grpc": {1: 230, 8: 1_504, 32: 3_496, 64: 5_979},
}
NAMES = {"binary": "HTTP binary", "json": "HTTP JSON", "grpc": "gRPC"}


def worst(rounds):
    """The largest steal and the largest share of others of several runs."""
    return max(steal for steal, _ in rounds), max(others for _, others in rounds)


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.seconds = arguments.seconds or (2 if arguments.quick else 8)
        self.figures = Figures()
        self.folder = make_models.write_all(ROOT / ".needletail" / "benchmark-models")

    def server(self, repositories, *flags, cpus=SERVER_CPU):
        return ServerProcess(
            repositories, "--http-thread-count", "1", *flags, prefix=("taskset", "-c", cpus)
        )

    def bound(self, model, batches, seconds=2):
        path = self.folder / "models" / model / "1" / "model.onnx"
        command = ["taskset", "-c", SERVER_CPU, sys.executable, HERE / "onnx_bound.py", path]
        result = subprocess.run(
            [*map(str, command), str(seconds), *map(str, batches)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return {int(batch): rate for batch, rate in json.loads(result.stdout).items()}

    def check_answers(self, server, bodies, path):
        """The load's own requests get the answers of ONNX Runtime; else no figure counts."""
        import numpy as np
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path))
        output = session.get_outputs()[-1].name
        source = session.get_inputs()[0].name
        for index in range(0, load.BODIES, 8):
            body = bodies.body(index).encode()
            status, answer = server.infer(bodies.model, body)
            if status != 200:
                raise load.LoadFailure(f"status {status}: {answer}")
            got = next(o["data"] for o in answer["outputs"] if o["name"] == output)
            expected = session.run([output], {source: bodies.values[index]})[0].reshape(-1)
            np.testing.assert_allclose(got, expected, rtol=1e-2, atol=1e-3)

    def closed(self, server, bodies, form, concurrency, seconds=None):
        return load.closed(server, bodies, form, concurrency, seconds or self.seconds)

    # Sections.

    def generator(self):
        self.figures.heading("The generator itself: what it can offer from one core")
        binary = floor.build(self.folder)
        if binary is None:
            return self.figures.note("no C compiler: not measured")
        bodies = load.Bodies("mlp", "transaction", [30])
        raw = ["--path", bodies.path, "--body", f"@{bodies.lines}"]
        with floor.FloorServer(binary, SERVER_CPU) as server:
            found = load.bench(server, *raw, "--concurrency", 64, "--duration", f"{self.seconds}s")
            self.figures.judge("closed loop, 64 connections, keep-alive: offered", found.rate, "/s",
                               least=60_000, quiet=found.quiet, tail=True)  # fmt: skip
            for rate in (20_000, 60_000):
                found = load.bench(server, *raw, "--rate", rate, "--connections", 64,
                                   "--duration", f"{self.seconds}s")  # fmt: skip
                self.figures.note(
                    f"open loop, {rate:,}/s: lag p50 {found.microseconds('p50', 'lag'):.0f} us, "
                    f"p99 {found.microseconds('p99', 'lag'):.0f} us, bottleneck: "
                    f"{'yes' if found.is_generator_bound else 'no'}"
                )
                self.figures.judge(f"open loop, {rate:,}/s: offered of the plan",
                                   found.offered_rate / rate * 100, "%", least=98,
                                   quiet=found.quiet, tail=True)  # fmt: skip
        bodies.remove()

    def agreement(self):
        self.figures.heading("Agreement with the field's generators, closed loop, one server")
        bodies = load.Bodies("mlp", "transaction", [30])
        pairs = [("wrk", "json", lambda *rest: peers.wrk(*rest)),
                 ("h2load", "grpc", lambda *rest: peers.h2load(*rest)),
                 ("perf_analyzer", "binary", lambda server, bodies, *rest: peers.perf_analyzer(
                     server, bodies, "http", *rest))]  # fmt: skip
        with self.server(self.folder / "models") as server:
            for name, form, peer in pairs:
                for concurrency in (1, 32):
                    self.agree(server, bodies, name, form, peer, concurrency)
        bodies.remove()

    def agree(self, server, bodies, name, form, peer, concurrency):
        """Ours, theirs, ours: drift of the machine shows as a difference of ours."""
        seconds = max(2, self.seconds // 2)
        before = self.closed(server, bodies, form, concurrency, seconds)
        theirs = peer(server, bodies, concurrency, seconds)
        after = self.closed(server, bodies, form, concurrency, seconds)
        if theirs is None:
            return self.figures.note(f"{name}, concurrency {concurrency}: not installed (make test "
                                     "fetches it), or it did not end")  # fmt: skip
        for share in ("p50", "p99"):
            ours = (before.microseconds(share) + after.microseconds(share)) / 2
            self.figures.note(
                f"{name}, {NAMES[form]}, concurrency {concurrency}: {share} "
                f"{theirs[share]:,.0f} us there, {before.microseconds(share):,.0f} and "
                f"{after.microseconds(share):,.0f} us here ({ours / theirs[share]:.2f} of it)"
            )
        self.figures.note(f"{name}: {theirs['rate']:,.0f} requests/s there, "
                          f"{before.rate:,.0f} and {after.rate:,.0f} here")  # fmt: skip

    def floor(self):
        self.figures.heading("The kernel alone: a server in C that parses nothing, HTTP JSON load")
        binary = floor.build(self.folder)
        if binary is None:
            return self.figures.note("no C compiler: not measured")
        bodies = load.Bodies("mlp", "transaction", [30])
        raw = ["--path", bodies.path, "--body", f"@{bodies.lines}"]
        with floor.FloorServer(binary, SERVER_CPU) as server:
            for concurrency in (1, 32, 64):
                found = load.bench(server, *raw, "--concurrency", concurrency,
                                   "--duration", f"{max(2, self.seconds // 2)}s")  # fmt: skip
                self.note_rate(f"concurrency {concurrency}", found)
                self.figures.judge(f"kernel, concurrency {concurrency}: processor a request",
                                   found.processor, "us", quiet=found.quiet)  # fmt: skip
        bodies.remove()

    def note_rate(self, name, found):
        self.figures.note(
            f"{name}: {found.rate:,.0f} requests/s, p50 {found.microseconds('p50'):,.0f} us, "
            f"p99 {found.microseconds('p99'):,.0f} us, p99.9 {found.microseconds('p99_9'):,.0f} us"
            + (", the generator was the bottleneck" if found.is_generator_bound else "")
        )

    def small(self):
        self.figures.heading(
            "Small model (30-64-32-1), server processor time a request and tails"
        )
        bodies = load.Bodies("mlp", "transaction", [30])
        with self.server(self.folder / "models") as server:
            self.check_answers(
                server, bodies, self.folder / "models" / "mlp" / "1" / "model.onnx"
            )
            for form in self.arguments.forms:
                for concurrency in CONCURRENCIES:
                    found = self.closed(server, bodies, form, concurrency)
                    self.report_small(form, concurrency, found)
            self.no_failures(server, "mlp")
        bodies.remove()
        self.trees()

    def report_small(self, form, concurrency, found):
        name = f"{NAMES[form]}, concurrency {concurrency}"
        limit = {1: 25, 8: None}.get(concurrency, 15 if form == "grpc" else 13)
        self.note_rate(name, found)
        self.figures.judge(f"{name}: processor a request", found.processor, "us",
                           most=limit, quiet=found.quiet)  # fmt: skip
        if concurrency > 1:
            self.figures.judge(f"{name}: p99, at most 0.4 of the peer's",
                               found.microseconds("p99"), "us",
                               most=0.4 * PEER_P99[form][concurrency], quiet=found.quiet,
                               tail=True)  # fmt: skip

    def no_failures(self, server, model):
        """Errors, without the requests that a load generator left behind when its time was up."""
        _, _, text = server.get_metrics()
        rows = [line for line in text.splitlines()
                if line.startswith("nv_inference_request_failure") and f'"{model}"' in line
                and "CANCEL" not in line.upper()]  # fmt: skip
        failed = sum(float(line.rsplit(" ", 1)[1]) for line in rows)
        self.figures.judge(f"{model}: requests that failed", failed, "", most=0)

    def trees(self):
        bodies = load.Bodies("card_fraud_gbdt", "transaction", [30])
        with self.server(EXAMPLES) as server:
            self.check_answers(
                server, bodies, EXAMPLES / "card_fraud_gbdt" / "1" / "model.onnx"
            )
            for form in self.arguments.forms:
                found = self.closed(server, bodies, form, 32)
                self.figures.judge(
                    f"200 trees, {NAMES[form]}, concurrency 32: processor, model included",
                    found.processor, "us", quiet=found.quiet,
                )  # fmt: skip
        bodies.remove()

    def overhead(self):
        self.figures.heading("Server cost beyond the model call, loopback, concurrency 1")
        model_us = 1e6 / self.bound("mlp", [1])[1]
        self.figures.note(f"ONNX Runtime from Python needs {model_us:.1f} us for this model")
        bodies = load.Bodies("mlp", "transaction", [30])
        with self.server(self.folder / "models") as server:
            for form in self.arguments.forms:
                rounds = [self.closed(server, bodies, form, 1, max(2, self.seconds // 2))
                          for _ in range(3)]  # fmt: skip
                best = min(rounds, key=lambda found: max(found.quiet))
                for share, limit in (("p50", 40), ("p99", 150)):
                    self.figures.judge(
                        f"{NAMES[form]}: {share} beyond the model",
                        max(0, best.microseconds(share) - 2), "us",
                        most=limit, quiet=best.quiet, tail=True,
                    )  # fmt: skip
        bodies.remove()

    def compute(self):
        self.figures.heading("Compute-bound models against ONNX Runtime alone, one core")
        for model, source, shape in (("cnn", "image", [3, 32, 32]),
                                     ("transformer", "tokens", [64, 128])):  # fmt: skip
            bodies = load.Bodies(model, source, shape)
            ratios, rounds, rates = [], [], []
            for _ in range(1 if self.arguments.quick else 3):
                before = max(self.bound(model, [1, 8]).values())
                # The instance is pinned to core 1 as the bound is; the event loop shares core 0
                # with the load.
                with self.server(self.folder / "pinned", cpus="0,1") as server:
                    found = self.closed(server, bodies, "binary", 16)
                after = max(self.bound(model, [1, 8]).values())
                ratios.append(found.rate / ((before + after) / 2))
                rounds.append(found.quiet)
                rates.append(found.rate)
            self.figures.note(f"{model}: {statistics.median(rates):,.0f} rows/s, "
                              f"p50 {found.microseconds('p50'):,.0f} us")  # fmt: skip
            self.figures.judge(
                f"{model}: share of ONNX Runtime's own throughput",
                statistics.median(ratios) * 100, "%", least=97, quiet=worst(rounds), tail=True,
            )  # fmt: skip
            bodies.remove()

    def overload(self):
        self.figures.heading("The CNN offered more than it can do, with a deadline each")
        bodies = load.Bodies("cnn", "image", [3, 32, 32])
        deadline = self.arguments.deadline_ms * 1000
        # The instance is pinned to core 1; the event loop shares core 0 with the load.
        with self.server(self.folder / "pinned", cpus="0,1") as server:
            capacity = self.closed(server, bodies, "binary", 16).rate
            self.figures.note(f"capacity {capacity:,.0f} requests/s, deadline {deadline:,} us")
            for factor in (2, 5, 10):
                again = self.closed(server, bodies, "binary", 16, max(2, self.seconds // 2)).rate
                found = load.opened(server, bodies, "binary", capacity * factor, self.seconds,
                                    deadline, 100 + factor)  # fmt: skip
                self.report_overload(f"{factor} times", found, min(capacity, again))
        bodies.remove()

    def report_overload(self, name, found, capacity):
        counts = found.counts
        admitted = counts["offered"] - counts["refused"]
        self.figures.note(
            f"{name}: offered {counts['offered']:,}, answered {counts['ok']:,} (late "
            f"{counts['late']:,}), refused {counts['refused']:,}, expired {counts['expired']:,}, "
            f"other {counts['failed'] + counts['connection'] + counts['unanswered']:,}, unsent "
            f"{counts['unsent']:,}; generator lag p99 {found.microseconds('p99', 'lag'):,.0f} us"
        )
        figure = self.figures.judge
        figure(f"{name}: goodput of capacity", found.goodput / capacity * 100, "%", least=95,
               quiet=found.quiet, tail=True)  # fmt: skip
        figure(f"{name}: admitted inside the deadline", found.good / max(1, admitted) * 100,
               "%", least=99.99, quiet=found.quiet, tail=True)  # fmt: skip
        for share in ("p50", "p99"):
            refusal = found.microseconds(share, "refusal")
            figure(f"{name}: refusal {share}", None if refusal is None else refusal / 1e3, "ms",
                   most=1 if share == "p50" else None, quiet=found.quiet, tail=True)  # fmt: skip

    def reload(self):
        self.figures.heading("p99 of one model while another loads and unloads")
        bodies = load.Bodies("mlp", "transaction", [30])
        flags = ["--model-control-mode", "explicit", "--load-model", "mlp"]
        without, during, rounds, loads = [], [], [], 0
        with self.server(self.folder / "models", *flags, cpus="0,1") as server:
            for _ in range(2 if self.arguments.quick else 5):
                found = self.closed(server, bodies, "binary", 8, max(2, self.seconds // 2))
                without.append(round(found.microseconds("p99")))
                rounds.append(found.quiet)
                stop = threading.Event()
                counted = []
                thread = threading.Thread(target=self.load_again, args=(server, stop, counted))
                thread.start()
                found = self.closed(server, bodies, "binary", 8, max(2, self.seconds // 2))
                stop.set()
                thread.join()
                during.append(round(found.microseconds("p99")))
                rounds.append(found.quiet)
                loads += len(counted)
        self.figures.note(f"{loads} loads; p99 without {without} us, during {during} us")
        change = statistics.median(during) / statistics.median(without) * 100 - 100
        self.figures.judge("p99 while another model loads: change", change, "%", most=10,
                           quiet=worst(rounds), tail=True)  # fmt: skip
        bodies.remove()

    @staticmethod
    def load_again(server, stop, counted):
        while not stop.is_set():
            for verb in ("load", "unload"):
                status, _, data = server.post(f"/v2/repository/models/cnn/{verb}", b"{}")
                if status != 200:
                    raise load.LoadFailure(f"{verb} cnn: {status} {data}")
            counted.append(1)
            time.sleep(0.2)

    def memory(self):
        wanted = self.arguments.requests or (100_000 if self.arguments.quick else 1_000_000)
        self.figures.heading(f"Memory over {wanted:,} requests")
        bodies = load.Bodies("mlp", "transaction", [30])
        sizes, requests = [], 0
        with self.server(self.folder / "models") as server:
            for form in self.arguments.forms:
                self.closed(server, bodies, form, 32, 3)
            start = resident_bytes(server.process.pid)
            while requests < wanted:
                for form in self.arguments.forms:
                    requests += self.closed(server, bodies, form, 32, 4).requests
                sizes.append(resident_bytes(server.process.pid))
            self.figures.note(
                f"{requests:,} requests: {start / 1e6:.1f} MB after warming up, highest "
                f"{max(sizes) / 1e6:.1f} MB, {sizes[-1] / 1e6:.1f} MB at the end"
            )
        self.figures.judge("growth of resident memory", (sizes[-1] - start) / 1e6, "MB", most=2)
        bodies.remove()

    def start(self):
        self.figures.heading("Start with the example models")
        times, sizes = [], []
        for _ in range(3 if self.arguments.quick else 7):
            with ServerProcess(EXAMPLES) as server:
                times.append(server.seconds_to_ready * 1e3)
                sizes.append(resident_bytes(server.process.pid) / 1e6)
        self.figures.note(f"milliseconds to ready: {[round(one) for one in times]}")
        self.figures.judge("time to ready, median", statistics.median(times), "ms", most=300)
        self.figures.judge("resident memory when ready", max(sizes), "MB", most=120)

    def decisions(self):
        decisions.Decisions(self.figures, self.arguments.quick, self.arguments.seconds).run()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="sections, with commas between")
    parser.add_argument("--forms", default="binary,json,grpc", help="wire forms (default: all)")
    parser.add_argument("--quick", action="store_true", help="short runs, fewer rounds")
    parser.add_argument("--seconds", type=int, help="length of one run (default: 8)")
    parser.add_argument("--requests", type=int, help="requests of the memory section")
    parser.add_argument("--deadline-ms", type=int, default=50, help="deadline in overload")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--page", help="write the tables here (default of whole runs: suite.md)")
    parser.add_argument("--strict", action="store_true", help="status 1 if a target is missed")
    arguments = parser.parse_args()
    arguments.forms = arguments.forms.split(",")
    chosen = arguments.only.split(",") if arguments.only else SECTIONS
    unknown = set(chosen) - set(SECTIONS) | set(arguments.forms) - set(NAMES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    for tool in ("wrk", "h2load", "taskset"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing; run tools/install_dependencies.sh bench")
    if (os.cpu_count() or 1) < 2:
        sys.exit("two cores are needed: one for the server, one for the load")
    bench = Bench(arguments)
    for section in chosen:
        getattr(bench, section)()
    met = bench.figures.finish(arguments.json)
    if arguments.page or not arguments.only:
        page.write(bench.figures, arguments.page or PAGE)
    sys.exit(1 if arguments.strict and not met else 0)


if __name__ == "__main__":
    main()
