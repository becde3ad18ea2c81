"""What can be seen: stage times, metrics, traces, logs."""

import glob
import json
import re
import time

import numpy as np
import pytest

BODY = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.5, 2.5]}]}
LINE = re.compile(
    r'^(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*="'
    r'(?:[^"\\\n]|\\["\\n])*",?)*)\})? (?P<value>[-+]?(?:[0-9.eE+-]+|Inf|NaN))(?: \d+)?$'
)
NV_NAMES = [
    "nv_inference_request_success", "nv_inference_request_failure", "nv_inference_count",
    "nv_inference_exec_count", "nv_inference_pending_request_count",
    "nv_inference_request_duration_us", "nv_inference_queue_duration_us",
    "nv_inference_compute_input_duration_us", "nv_inference_compute_infer_duration_us",
    "nv_inference_compute_output_duration_us",
]  # fmt: skip


def wait_for(find, seconds=10):
    """What `find` returns once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not appear in time"
        time.sleep(0.02)


def samples(server):
    status, headers, text = server.get_metrics()
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    result = {}
    typed = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in typed, f"{name} has two TYPE lines"
            typed.add(name)
        if not line or line.startswith("#"):
            continue
        match = LINE.match(line)
        assert match, f"not a Prometheus line: {line!r}"
        key = (match["name"], match["labels"] or "")
        assert key not in result, f"twice: {line!r}"
        result[key] = float(match["value"])
    return result


def value(found, name, *labels):
    rows = [number for (key, text), number in found.items()
            if key == name and all(label in text for label in labels)]  # fmt: skip
    assert rows, f"no {name} with {labels}"
    return sum(rows)


def test_metrics_are_valid_and_count(server):
    before = samples(server)
    for _ in range(7):
        assert server.infer("identity_fp32", BODY)[0] == 200
    after = samples(server)
    for name in NV_NAMES:
        assert any(key == name for key, _ in after), name
    model = ('model="identity_fp32"', 'version="1"')
    for name in ("nv_inference_request_success", "nv_inference_count"):
        assert value(after, name, *model) - value(before, name, *model) == 7


def test_histograms_are_cumulative_and_fine_enough(server):
    server.infer("identity_fp32", BODY)
    found = samples(server)
    series = {}
    for (name, labels), number in found.items():
        if name.endswith("_bucket"):
            bound = re.search(r'le="([^"]+)"', labels)[1]
            rest = re.sub(r',?le="[^"]+"', "", labels)
            series.setdefault((name, rest), []).append((float(bound.replace("Inf", "inf")), number))
    assert series, "no histograms"
    for (name, labels), buckets in series.items():
        buckets.sort()
        counts = [number for _, number in buckets]
        assert counts == sorted(counts), (name, labels)
        assert buckets[-1][0] == float("inf")
        assert found[(name[: -len("_bucket")] + "_count", labels)] == counts[-1]
    bounds = sorted({bound for buckets in series.values() for bound, _ in buckets})
    near = [bound for bound in bounds if 20e-6 <= bound <= 100e-6]
    far = [bound for bound in bounds if 20e-3 <= bound <= 100e-3]
    assert len(near) >= 3 and len(far) >= 3, bounds


def test_server_timing_header(server):
    _, headers, _ = server.post("/v2/models/identity_fp32/infer", BODY)
    timing = headers["Server-Timing"]
    entries = dict(part.strip().split(";dur=") for part in timing.split(","))
    for stage in ("decode", "queue", "batch", "run", "encode"):
        assert stage in entries, timing
    assert all(0 <= float(number) < 10_000 for number in entries.values())


def test_trace_settings_act(http, server, trace_file):
    http.update_trace_settings(
        None, {"trace_level": ["TIMESTAMPS"], "trace_rate": "1", "trace_count": "5",
               "log_frequency": "0"}
    )  # fmt: skip
    try:
        settings = http.get_trace_settings(None)
        assert settings["trace_level"] == ["TIMESTAMPS"]
        assert settings["trace_rate"] == "1"
        for number in range(8):
            server.infer("identity_fp32", BODY | {"id": f"traced-{number}"})
        names = wait_for(lambda: glob.glob(f"{trace_file}*"))
        text = wait_for(lambda: "".join(open(name).read() for name in glob.glob(f"{trace_file}*")))
        assert names
        events = json.loads(text) if text.startswith("[") else []
        points = {stamp["name"] for event in events for stamp in event.get("timestamps", [])}
        assert {"REQUEST_START", "QUEUE_START", "COMPUTE_START", "REQUEST_END"} <= points
        assert sum("traced-" in json.dumps(event) for event in events) <= 5
    finally:
        http.update_trace_settings(None, {"trace_level": ["OFF"]})


@pytest.mark.parametrize("model", [None, "digits"])
def test_trace_settings_over_every_client(client, model):
    def level(answer):
        value = (answer if client.is_http else answer["settings"])["trace_level"]
        return value if client.is_http else value["value"]

    before = level(client.read("get_trace_settings", model))
    changed = client.read("update_trace_settings", model, {"trace_level": ["TIMESTAMPS"]})
    assert level(changed) == ["TIMESTAMPS"]
    restored = client.read(
        "update_trace_settings", model, {"trace_level": None if model else before}
    )
    assert level(restored) == before
    with pytest.raises(Exception, match="trace_speed"):
        client.update_trace_settings(model, {"trace_speed": "1"})


def test_log_settings_act(server, http, log_file):
    def text():
        return log_file.read_text(errors="replace") if log_file.exists() else ""

    quiet = len(text())
    http.update_log_settings({"log_verbose_level": 2})
    try:
        server.post("/v2/models/identity_fp32/infer", BODY | {"id": "seen-in-the-log"},
                    {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
        wait_for(lambda: "seen-in-the-log" in text()[quiet:])
        assert "4bf92f3577b34da6a3ce929d0e0e4736" in text()[quiet:]
    finally:
        http.update_log_settings({"log_verbose_level": 0})
    loud = len(text())
    server.infer("identity_fp32", BODY | {"id": "not-in-the-log"})
    assert "not-in-the-log" not in text()[loud:]
    http.update_log_settings({"log_format": "ISO8601"})
    http.update_log_settings({"log_format": "default"})


def test_statistics_and_metrics_agree(server, http):
    http.infer("pair", [http.input(name, np.zeros((1, 4), np.float32), "FP32") for name in "ab"])
    found = samples(server)
    stats = http.get_inference_statistics("pair")["model_stats"][0]
    assert value(found, "nv_inference_count", 'model="pair"') == stats["inference_count"]
    assert value(found, "nv_inference_exec_count", 'model="pair"') == stats["execution_count"]
