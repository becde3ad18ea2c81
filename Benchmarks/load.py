"""Drives load: wrk for HTTP, h2load for gRPC, open_loop.py for a fixed rate. All on one core."""

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy as np
from tritonclient.grpc import service_pb2

HERE = pathlib.Path(__file__).resolve().parent
BODIES = 64
LOAD_CPU = "0"


class LoadFailure(Exception):
    """A load generator did not do its work."""


def pinned(*command):
    return ["taskset", "-c", LOAD_CPU, *map(str, command)]


class Bodies:
    """Request bodies for one model, in all three wire forms, each with rows of its own."""

    def __init__(self, model, source, shape, seed=11, rows=1):
        self.model = model
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="needletail-bench-"))
        random = np.random.default_rng(seed)
        self.values = random.normal(size=(BODIES, rows, *shape)).astype(np.float32)
        tensor = {"name": source, "shape": [rows, *shape], "datatype": "FP32"}
        for form in ("json", "binary", "grpc"):
            (self.folder / form).mkdir()
        for index, values in enumerate(self.values):
            data = tensor | {"data": [round(float(v), 4) for v in values.reshape(-1)]}
            (self.folder / "json" / str(index)).write_text(json.dumps({"inputs": [data]}))
            size = {"parameters": {"binary_data_size": values.nbytes}}
            head = json.dumps(
                {"inputs": [tensor | size], "parameters": {"binary_data_output": True}}
            ).encode()
            self.header_length = len(head)
            (self.folder / "binary" / str(index)).write_bytes(head + values.tobytes())
            request = service_pb2.ModelInferRequest(model_name=model)
            entry = request.inputs.add(name=source, datatype="FP32")
            entry.shape.extend([rows, *shape])
            request.raw_input_contents.append(values.tobytes())
            message = request.SerializeToString()
            frame = struct.pack(">BI", 0, len(message)) + message
            (self.folder / "grpc" / str(index)).write_bytes(frame)

    @property
    def path(self):
        return f"/v2/models/{self.model}/infer"

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def wrk(server, bodies, form, concurrency, seconds):
    """Closed loop over HTTP: requests, seconds, p50 and p99 in microseconds."""
    length = bodies.header_length if form == "binary" else 0
    command = pinned(
        "wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "--timeout", "10s",
        "-s", HERE / "rotate.lua", f"http://{server.http}", "--",
        bodies.folder / form, BODIES, bodies.path, length,
    )  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    lines = [line for line in result.stdout.splitlines() if line.startswith("RESULT ")]
    if result.returncode != 0 or not lines:
        raise LoadFailure(f"wrk: {result.stdout}{result.stderr}")
    found = json.loads(lines[-1].removeprefix("RESULT "))
    if found["errors"]:
        raise LoadFailure(f"wrk counted {found['errors']} errors of {found['requests']} requests")
    return {
        "requests": found["requests"],
        "seconds": found["microseconds"] / 1e6,
        "p50": found["p50"],
        "p99": found["p99"],
    }


def h2load(server, bodies, concurrency, seconds, slices=4):
    """Closed loop over gRPC, one stream a connection; the body changes from slice to slice."""
    latencies, taken = [], 0.0
    log = bodies.folder / "h2load.log"
    for index in range(slices):
        log.unlink(missing_ok=True)
        command = pinned(
            "h2load", "-t1", f"-c{concurrency}", "-m1", "-D", max(1, seconds // slices),
            "-d", bodies.folder / "grpc" / str(index * 7 % BODIES), "--log-file", log,
            "-H", "content-type: application/grpc", "-H", "te: trailers",
            f"http://{server.grpc}/inference.GRPCInferenceService/ModelInfer",
        )  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
        if result.returncode != 0:
            raise LoadFailure(f"h2load: {result.stdout}{result.stderr}")
        rows = [line.split("\t") for line in log.read_text().splitlines()]
        bad = [row for row in rows if row[1] != "200"]
        if bad or not rows:
            raise LoadFailure(f"h2load: {len(bad)} of {len(rows)} answers were not 200")
        begun = [int(row[0]) for row in rows]
        latencies += [int(row[2]) for row in rows]
        taken += (max(s + int(r[2]) for s, r in zip(begun, rows)) - min(begun)) / 1e6
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": taken,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)],
    }


def open_loop(server, bodies, rate, seconds, deadline_us, seed):
    command = pinned(
        sys.executable, HERE / "open_loop.py", server.http_port, bodies.path,
        bodies.folder / "binary", BODIES, bodies.header_length, rate, seconds, deadline_us, seed,
    )  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
    if result.returncode != 0:
        raise LoadFailure(f"open_loop: {result.stderr}")
    return json.loads(result.stdout)
