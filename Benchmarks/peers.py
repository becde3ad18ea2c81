"""The field's own load generators, to check that ours agrees with them where they measure the same.

Each returns requests a second and p50 and p99 in microseconds of one closed loop.
"""

import json
import os
import pathlib
import re
import struct
import subprocess
import sysconfig

from load import BODIES, LoadFailure, pinned

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def run(command, seconds, **environment):
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120,
                          env={**os.environ, **environment})  # fmt: skip
    if done.returncode != 0:
        raise LoadFailure(f"{command[3]}: {done.stdout}{done.stderr}")
    return done.stdout


def wrk(server, bodies, concurrency, seconds):
    """JSON over HTTP."""
    folder = bodies.folder / "json"
    folder.mkdir(exist_ok=True)
    for index in range(BODIES):
        (folder / str(index)).write_text(bodies.body(index))
    output = run(
        pinned("wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "--timeout", "10s",
               "-s", HERE / "rotate.lua", f"http://{server.http}", "--",
               folder, BODIES, bodies.path, 0), seconds,
    )  # fmt: skip
    found = json.loads(
        [line for line in output.splitlines() if line.startswith("RESULT ")][-1][7:]
    )
    if found["errors"]:
        raise LoadFailure(f"wrk counted {found['errors']} errors of {found['requests']} requests")
    rate = found["requests"] / found["microseconds"] * 1e6
    return {"rate": rate, "p50": found["p50"], "p99": found["p99"]}


def h2load(server, bodies, concurrency, seconds):
    """gRPC, one stream a connection, one body for all."""
    from tritonclient.grpc import service_pb2

    request = service_pb2.ModelInferRequest(model_name=bodies.model)
    entry = request.inputs.add(name=bodies.source, datatype="FP32")
    entry.shape.extend(bodies.shape)
    request.raw_input_contents.append(bodies.values[0].tobytes())
    message = request.SerializeToString()
    body = bodies.folder / "message"
    body.write_bytes(struct.pack(">BI", 0, len(message)) + message)
    log = bodies.folder / "h2load.log"
    log.unlink(missing_ok=True)
    run(
        pinned("h2load", "-t1", f"-c{concurrency}", "-m1", "-D", seconds, "-d", body,
               "--log-file", log, "-H", "content-type: application/grpc", "-H", "te: trailers",
               f"http://{server.grpc}/inference.GRPCInferenceService/ModelInfer"), seconds,
    )  # fmt: skip
    rows = [line.split("\t") for line in log.read_text().splitlines()]
    if not rows or any(row[1] != "200" for row in rows):
        raise LoadFailure("h2load: some answers were not 200")
    times = sorted(int(row[2]) for row in rows)
    begun = [int(row[0]) for row in rows]
    taken = (max(s + int(r[2]) for s, r in zip(begun, rows)) - min(begun)) / 1e6
    return {"rate": len(times) / taken, "p50": times[len(times) // 2],
            "p99": times[len(times) * 99 // 100]}  # fmt: skip


def perf_analyzer(server, bodies, protocol, concurrency, seconds):
    """Binary tensors over HTTP, or gRPC; None where `make test` has not fetched the binary, or it
    does not come to an end."""
    binary = ROOT / ".needletail" / "perf_analyzer" / "perf_analyzer"
    if not binary.exists():
        return None
    library = pathlib.Path(sysconfig.get_path("purelib")) / "nvidia" / "cuda_runtime" / "lib"
    table = bodies.folder / "perf_analyzer.csv"
    command = pinned(
        binary, "-m", bodies.model, "-i", protocol, "-u",
        server.grpc if protocol == "grpc" else server.http, "--concurrency-range", concurrency,
        "--measurement-interval", seconds * 1000, "--max-trials", 3, "-f", table,
    )  # fmt: skip
    try:
        run(command, seconds, LD_LIBRARY_PATH=str(library))
    except subprocess.TimeoutExpired:
        return None
    head, row = [line.split(",") for line in table.read_text().splitlines()[:2]]
    found = dict(zip([re.sub(r"\s+", " ", name).strip() for name in head], row))
    return {"rate": float(found["Inferences/Second"]), "p50": float(found["p50 latency"]),
            "p99": float(found["p99 latency"])}  # fmt: skip
