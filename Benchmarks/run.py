#!/usr/bin/env python3
"""Measures Needletail's speed targets and prints each figure with its verdict.

    make bench                                   everything, about 15 minutes
    make bench BENCH_FLAGS='--quick'             everything, briefly
    make bench BENCH_FLAGS='--only small,start'  some sections
    make bench BENCH_FLAGS='--only memory --requests 10000000'

The server is pinned to core 1 and the load to core 0, over loopback. The figure to steer by is
server processor time a request; rates and tails mean something only while nothing else takes the
cores: steal (other guests) and others (other processes here) stand beside each, and while either is
over 2 % they are not judged.

The kernel's own price of a request, from a server that parses nothing, is measured in the same run.

Sections: floor, small, overhead, compute, overload, reload, memory, start.
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

import floor  # noqa: E402
import load  # noqa: E402
import make_models  # noqa: E402
from figures import Figures  # noqa: E402
from machine import Interval, resident_bytes  # noqa: E402
from server_process import ServerProcess  # noqa: E402

SERVER_CPU = "1"
SECTIONS = ["floor", "small", "overhead", "compute", "overload", "reload", "memory", "start"]
CONCURRENCIES = [1, 8, 32, 64]
EXAMPLES = ROOT / "Examples" / "models"

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
        self.latencies = {}

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
            body = (bodies.folder / "json" / str(index)).read_bytes()
            status, answer = server.infer(bodies.model, body)
            if status != 200:
                raise load.LoadFailure(f"status {status}: {answer}")
            got = next(o["data"] for o in answer["outputs"] if o["name"] == output)
            expected = session.run([output], {source: bodies.values[index]})[0].reshape(-1)
            np.testing.assert_allclose(got, expected, rtol=1e-2, atol=1e-3)

    def closed(self, server, bodies, form, concurrency, seconds=None):
        """One closed-loop run: the load's figures, processor µs a request, interference."""
        seconds = seconds or self.seconds
        with Interval(server.process.pid) as interval:
            if form == "grpc":
                found = load.h2load(server, bodies, concurrency, seconds)
            else:
                found = load.wrk(server, bodies, form, concurrency, seconds)
        found["rate"] = found["requests"] / found["seconds"]
        found["processor"] = interval.processor / found["requests"] * 1e6
        found["quiet"] = (interval.steal, interval.others)
        return found

    # Sections.

    def floor(self):
        self.figures.heading("The kernel alone: a server in C that parses nothing, HTTP JSON load")
        binary = floor.build(self.folder)
        if binary is None:
            return self.figures.note("no C compiler: not measured")
        bodies = load.Bodies("mlp", "transaction", [30])
        with floor.FloorServer(binary, SERVER_CPU) as server:
            for concurrency in (1, 32, 64):
                self.closed(server, bodies, "json", concurrency, 1)
                found = self.closed(server, bodies, "json", concurrency, max(2, self.seconds // 2))
                self.figures.note(f"concurrency {concurrency}: {found['rate']:,.0f} requests/s, "
                                  f"p50 {found['p50']} us, p99 {found['p99']} us")  # fmt: skip
                self.figures.judge(f"kernel, concurrency {concurrency}: processor a request",
                                   found["processor"], "us", quiet=found["quiet"])  # fmt: skip
        bodies.remove()

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
                    self.closed(server, bodies, form, concurrency, 1)
                    found = self.closed(server, bodies, form, concurrency)
                    self.latencies[form, concurrency] = found
                    self.report_small(form, concurrency, found)
            self.no_failures(server, "mlp")
        bodies.remove()
        self.trees()

    def report_small(self, form, concurrency, found):
        name = f"{NAMES[form]}, concurrency {concurrency}"
        limit = {1: 25, 8: None}.get(concurrency, 15 if form == "grpc" else 13)
        self.figures.note(
            f"{name}: {found['rate']:,.0f} requests/s, p50 {found['p50']} us, p99 {found['p99']} us"
        )
        quiet = found["quiet"]
        self.figures.judge(f"{name}: processor a request", found["processor"], "us",
                           most=limit, quiet=quiet)  # fmt: skip
        if concurrency > 1:
            self.figures.judge(f"{name}: p99, at most 0.4 of the peer's", found["p99"], "us",
                               most=0.4 * PEER_P99[form][concurrency], quiet=quiet,
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
                    found["processor"], "us", quiet=found["quiet"],
                )  # fmt: skip
        bodies.remove()

    def overhead(self):
        self.figures.heading("Server cost beyond the model call, loopback, concurrency 1")
        model_us = 1e6 / self.bound("mlp", [1])[1]
        self.figures.note(f"ONNX Runtime from Python needs {model_us:.1f} us for this model")
        bodies = load.Bodies("mlp", "transaction", [30])
        with self.server(self.folder / "models") as server:
            for form in self.arguments.forms:
                self.closed(server, bodies, form, 1, 1)
                rounds = [self.closed(server, bodies, form, 1, max(2, self.seconds // 2))
                          for _ in range(3)]  # fmt: skip
                best = min(rounds, key=lambda found: max(found["quiet"]))
                for share, limit in (("p50", 40), ("p99", 150)):
                    self.figures.judge(
                        f"{NAMES[form]}: {share} beyond the model", max(0, best[share] - 2), "us",
                        most=limit, quiet=best["quiet"], tail=True,
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
                    self.closed(server, bodies, "binary", 16, 1)
                    found = self.closed(server, bodies, "binary", 16)
                after = max(self.bound(model, [1, 8]).values())
                ratios.append(found["rate"] / ((before + after) / 2))
                rounds.append(found["quiet"])
                rates.append(found["rate"])
            self.figures.note(f"{model}: {statistics.median(rates):,.0f} rows/s, "
                              f"p50 {found['p50']:,} us")  # fmt: skip
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
            self.closed(server, bodies, "binary", 16, 2)
            capacity = self.closed(server, bodies, "binary", 16)["rate"]
            self.figures.note(f"capacity {capacity:,.0f} requests/s, deadline {deadline:,} us")
            for factor in (2, 5, 10):
                again = self.closed(server, bodies, "binary", 16, max(2, self.seconds // 2))
                with Interval(server.process.pid) as interval:
                    found = load.open_loop(
                        server, bodies, capacity * factor, self.seconds, deadline, 100 + factor
                    )
                self.report_overload(
                    f"{factor} times", found, min(capacity, again["rate"]),
                    (interval.steal, interval.others),
                )
        bodies.remove()

    def report_overload(self, name, found, capacity, quiet):
        goodput = found["inside"] / found["seconds"]
        admitted = found["offered"] - found["refused"]
        self.figures.note(
            f"{name}: offered {found['offered']:,}, answered {found['answered']:,}, refused "
            f"{found['refused']:,}, expired {found['expired']:,}, lost {found['lost']:,}"
        )
        self.figures.note(
            f"{name}: {found['answered'] - found['inside']:,} answers came after their deadline, "
            f"the latest by {max(0, found['late_most']) * 1e3:.2f} ms; "
            f"the client was late for {found['client_late'] / max(1, found['offered']):.1%}"
        )
        figure = self.figures.judge
        figure(f"{name}: goodput of capacity", goodput / capacity * 100, "%", least=95,
               quiet=quiet, tail=True)  # fmt: skip
        figure(f"{name}: admitted inside the deadline", found["inside"] / max(1, admitted) * 100,
               "%", least=99.99, quiet=quiet, tail=True)  # fmt: skip
        for share in ("p50", "p99"):
            seconds = found[f"refusal_{share}"]
            figure(f"{name}: refusal {share}", None if seconds is None else seconds * 1e3, "ms",
                   most=1 if share == "p50" else None, quiet=quiet, tail=True)  # fmt: skip

    def reload(self):
        self.figures.heading("p99 of one model while another loads and unloads")
        bodies = load.Bodies("mlp", "transaction", [30])
        flags = ["--model-control-mode", "explicit", "--load-model", "mlp"]
        without, during, rounds, loads = [], [], [], 0
        with self.server(self.folder / "models", *flags, cpus="0,1") as server:
            self.closed(server, bodies, "binary", 8, 1)
            for _ in range(2 if self.arguments.quick else 5):
                found = self.closed(server, bodies, "binary", 8, max(2, self.seconds // 2))
                without.append(found["p99"])
                rounds.append(found["quiet"])
                stop = threading.Event()
                counted = []
                thread = threading.Thread(target=self.load_again, args=(server, stop, counted))
                thread.start()
                found = self.closed(server, bodies, "binary", 8, max(2, self.seconds // 2))
                stop.set()
                thread.join()
                during.append(found["p99"])
                rounds.append(found["quiet"])
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
                    requests += self.closed(server, bodies, form, 32, 4)["requests"]
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
    sys.exit(1 if arguments.strict and not met else 0)


if __name__ == "__main__":
    main()
