"""Drives load with `needletail bench`, on one core, and reads its result files."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "Interoperability"))

from server_process import BINARY  # noqa: E402

BODIES = 64
LOAD_CPU = "0"


class LoadFailure(Exception):
    """A load generator did not do its work."""


def pinned(*command):
    return ["taskset", "-c", LOAD_CPU, *map(str, command)]


class Bodies:
    """Requests for one model, each with rows of its own: one JSON body a line."""

    def __init__(self, model, source, shape, seed=11, rows=1):
        self.model, self.source, self.shape = model, source, [rows, *shape]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="needletail-bench-"))
        random = np.random.default_rng(seed)
        self.values = random.normal(size=(BODIES, *self.shape)).astype(np.float32)
        self.lines = self.folder / "bodies.ndjson"
        self.lines.write_text("".join(self.body(index) + "\n" for index in range(BODIES)))

    def body(self, index):
        data = [round(float(value), 4) for value in self.values[index].reshape(-1)]
        tensor = {"name": self.source, "shape": self.shape, "datatype": "FP32", "data": data}
        return json.dumps({"inputs": [tensor]})

    @property
    def path(self):
        return f"/v2/models/{self.model}/infer"

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Measured:
    """One run's result, in microseconds and requests a second."""

    def __init__(self, result):
        self.result = result
        summary = result["summary"]
        self.counts = summary["counts"]
        self.rate = summary["throughput"]
        self.offered_rate = summary["offered_rate"]
        self.goodput = summary["goodput"]
        self.latency = summary["latency"]
        self.requests = self.counts["ok"]
        self.good = self.counts["ok"] - self.counts["late"]
        server = result.get("server")
        reached = sum(self.counts[name] for name in ("ok", "refused", "expired", "failed"))
        self.processor = server["cpu_ns"] / 1e3 / reached if server and reached else None
        machine = result.get("machine")
        self.quiet = (machine["steal_share"], machine["other_share"]) if machine else None
        self.is_generator_bound = bool((result.get("generator") or {}).get("is_bottleneck"))

    def microseconds(self, share, kind="latency"):
        """A percentile such as 'p99_9', from the intended send; None if nothing was measured."""
        figures = self.result["summary"][kind]
        return figures[f"{share}_ns"] / 1e3 if figures["count"] else None


def bench(server, *flags, url=None):
    """One run of `needletail bench load`; `flags` say what and how much."""
    with tempfile.NamedTemporaryFile(suffix=".json", prefix="needletail-bench-") as file:
        command = pinned(
            BINARY, "bench", "load", "--url", url or f"http://{server.http}", "--quiet",
            "--server-pid", server.process.pid, "--json", file.name, *flags,
        )  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if done.returncode not in (0, 3):
            raise LoadFailure(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return Measured(json.loads(pathlib.Path(file.name).read_text()))


def workload(server, bodies, form):
    """The flags that send `bodies` in one of the wire forms."""
    where = f"grpc://{server.grpc}" if form == "grpc" else f"http://{server.http}"
    flags = ["--url", where, "--model", bodies.model, "--input", bodies.lines]
    return flags if form == "grpc" else [*flags, "--form", form]


def closed(server, bodies, form, concurrency, seconds, warm_up=1):
    """So many requests under way at any time; any that failed fails the run."""
    found = bench(
        server, *workload(server, bodies, form), "--concurrency", concurrency,
        "--duration", f"{seconds}s", "--warm-up", f"{warm_up}s", "--streams", 1,
    )  # fmt: skip
    if found.requests != found.counts["offered"]:
        raise LoadFailure(f"closed loop, {form}: {found.counts} {found.result['errors']}")
    return found


def opened(server, bodies, form, rate, seconds, deadline_us, seed):
    """Poisson arrivals at `rate`, each with a deadline that the server is told."""
    return bench(
        server, *workload(server, bodies, form), "--rate", rate, "--duration", f"{seconds}s",
        "--warm-up", "500ms", "--connections", 256, "--connections-max", 4096,
        "--deadline", f"{deadline_us}us", "--seed", seed,
    )  # fmt: skip
