"""`needletail bench` against the real server: every wire, every way to pace, every way to end."""

import csv
import io
import json
import signal
import socket
import subprocess
import time
from types import SimpleNamespace

import numpy as np
import pytest

import model_zoo
from server_process import BINARY, ROOT, ServerProcess, free_ports

SHORT = ["--duration", "300ms", "--warm-up", "50ms", "--quiet"]
SCENARIOS = sorted((ROOT / "Examples" / "bench").glob("*.yaml"))
MLP = "card_fraud_mlp"


def bench(*arguments, timeout=60):
    """Runs `needletail bench`: its exit status, output and errors."""
    command = [str(BINARY), "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT)


def measure(*arguments, status=0):
    """A result file of one run, as its standard output gives it."""
    result = bench(*arguments, "--json", "-")
    assert result.returncode == status, result.stdout + result.stderr
    document = json.loads(result.stdout)
    assert document["format"] == "needletail-bench" and document["formatVersion"] == 1
    return document


def assert_all_ok(document):
    counts = document["summary"]["counts"]
    assert counts["ok"] > 0, document["errors"]
    assert counts["ok"] == counts["offered"], (counts, document["errors"])
    latency = document["summary"]["latency"]
    assert 0 < latency["p50_ns"] <= latency["p99_ns"] <= latency["max_ns"]
    return counts


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost and 127.0.0.1 that lives for this run."""
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    return chain, key


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A server of the example models with sockets too; models may be loaded again."""
    sockets = tmp_path_factory.mktemp("s")
    paths = SimpleNamespace(http=sockets / "h", grpc=sockets / "g")
    flags = ["--model-control-mode", "explicit", "--load-model", "*",
             "--http-socket", paths.http, "--grpc-socket", paths.grpc]  # fmt: skip
    with ServerProcess(model_zoo.EXAMPLES, *flags) as process:
        process.urls = {
            "http": f"http://{process.http}",
            "grpc": f"grpc://{process.grpc}",
            "http+unix": f"http+unix://{paths.http}",
            "grpc+unix": f"grpc+unix://{paths.grpc}",
        }
        yield process
        assert process.is_alive, process.log()


@pytest.fixture(scope="module")
def url(target):
    return target.urls["http"]


# The wires.


@pytest.mark.parametrize(
    "pacing", [["--rate", "300"], ["--concurrency", "4"]], ids=["open", "closed"]
)
@pytest.mark.parametrize("scheme", ["http", "grpc", "http+unix", "grpc+unix"])
def test_every_wire_open_and_closed(target, scheme, pacing):
    document = measure("-u", target.urls[scheme], "-m", MLP, *pacing, *SHORT)
    counts = assert_all_ok(document)
    assert document["kind"] == "load"
    assert (document["run"].get("concurrency") is None) == (pacing[0] == "--rate")
    if pacing[0] == "--rate":
        assert 30 < counts["offered"] < 200


def test_json_tensors(url):
    assert_all_ok(measure("-u", url, "-m", "digits", "--form", "json", "--rate", "200", *SHORT))


@pytest.mark.parametrize("model", ["digits", "card_fraud_gbdt", "word_count"])
@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_every_example_model(target, scheme, model):
    batch = [] if model == "word_count" else ["--batch", "4"]
    assert_all_ok(
        measure("-u", target.urls[scheme], "-m", model, *batch, "--rate", "100", *SHORT)
    )


def test_an_open_shape_is_asked_for_and_taken(url):
    result = bench("-u", url, "-m", "identity", "--rate", "100", *SHORT)
    assert result.returncode == 64 and "values" in result.stderr, result.stderr
    assert_all_ok(
        measure("-u", url, "-m", "identity", "--shape", "values:16", "--rate", "100", *SHORT)
    )


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_shared_memory(target, scheme):
    document = measure(
        "-u", target.urls[scheme], "-m", "digits", "--shared-memory", "system",
        "--output-shared-memory-size", "4096", "--concurrency", "2", *SHORT,
    )  # fmt: skip
    assert_all_ok(document)
    status, _, body = target.get("/v2/systemsharedmemory/status")
    assert status == 200 and json.loads(body) == [], "regions are left behind"


def test_tls(certificate):
    chain, key = certificate
    flags = ["--http-tls-certificate", chain, "--http-tls-key", key,
             "--grpc-tls-certificate", chain, "--grpc-tls-key", key]  # fmt: skip
    load = ["-m", MLP, "--rate", "100", *SHORT]
    with ServerProcess(model_zoo.EXAMPLES, *flags) as process:
        for scheme, place in (("https", process.http), ("grpcs", process.grpc)):
            assert_all_ok(measure("-u", f"{scheme}://{place}", "--ca", chain, *load))
            assert_all_ok(measure("-u", f"{scheme}://{place}", "--insecure", *load))
            distrusting = bench("-u", f"{scheme}://{place}", *load)
            assert distrusting.returncode == 1, distrusting.stdout
            assert "certificate" in distrusting.stderr.lower(), distrusting.stderr


def test_in_process():
    document = measure(
        "-u", f"in-process:{model_zoo.EXAMPLES}", "-m", MLP, "--concurrency", "2", *SHORT
    )
    assert_all_ok(document)


def test_raw_requests(url):
    document = measure("-u", url, "--path", "/v2/health/ready", "--rate", "200", *SHORT)
    assert_all_ok(document)
    body = (ROOT / "Examples" / "digits" / "7.json").relative_to(ROOT)
    document = measure(
        "-u", url, "--path", "/v2/models/digits/infer", "--body", f"@{body}",
        "-H", "Content-Type: application/json", "--rate", "100", *SHORT,
    )  # fmt: skip
    assert_all_ok(document)
    document = measure(
        "-u", url, "--path", "/v2/models/nobody", "--rate", "100", *SHORT, status=1
    )
    counts = document["summary"]["counts"]
    assert counts["ok"] == 0 and counts["failed"] == counts["offered"] > 0
    assert document["errors"][0]["text"]


# The requests.


def test_inputs_from_files(url, tmp_path):
    load = ["-u", url, "--rate", "100", *SHORT]
    digit = ROOT / "Examples" / "digits" / "7.json"
    assert_all_ok(measure("-m", "digits", "--input", digit, *load))
    lines = [json.dumps(json.loads((ROOT / f"Examples/digits/{n}.json").read_text()))
             for n in range(3)]  # fmt: skip
    (tmp_path / "three.ndjson").write_text("\n".join(lines) + "\n")
    assert_all_ok(measure("-m", "digits", "--input", tmp_path / "three.ndjson", *load))
    rows = np.random.default_rng(1).random((4, 30), np.float32)
    np.save(tmp_path / "rows.npy", rows)
    npy = f"transaction={tmp_path / 'rows.npy'}"
    assert_all_ok(measure("-m", MLP, "--input", npy, *load))
    missing = bench("-m", MLP, "--input", tmp_path / "none.json", *load)
    assert missing.returncode == 64 and "none.json" in missing.stderr


def test_a_mix(url, tmp_path):
    mix = tmp_path / "mix.yaml"
    mix.write_text(
        "requests:\n  - {model: digits, weight: 3, deadline: 500ms}\n"
        "  - {model: card_fraud_mlp, weight: 1, priority: 1}\n  - {path: /v2/health/ready}\n"
    )
    document = measure("-u", url, "--mix", mix, "--rate", "500", *SHORT)
    assert_all_ok(document)
    names = [entry["name"] for entry in document["entries"]]
    assert names == ["digits", MLP, "GET /v2/health/ready"]
    offered = [entry["counts"]["offered"] for entry in document["entries"]]
    assert sum(offered) == document["summary"]["counts"]["offered"]
    assert offered[0] > offered[1] > 0
    mix.write_text("requests:\n  - {model: digits, wait: 3}\n")
    wrong = bench("-u", url, "--mix", mix, "--rate", "500", *SHORT)
    assert wrong.returncode == 64
    assert f"{mix}:2:21: unknown key 'wait'" in wrong.stderr, wrong.stderr


def test_the_same_seed_is_the_same_load(url):
    load = ["-u", url, "-m", MLP, "--rate", "400", *SHORT, "--seed"]
    first, again, other = (measure(*load, seed) for seed in ("7", "7", "8"))
    offered = [d["summary"]["counts"]["offered"] for d in (first, again, other)]
    assert offered[0] == offered[1], offered
    assert first["run"]["seed"] == 7


def test_arrivals(url, tmp_path):
    load = ["-u", url, "-m", MLP, *SHORT]
    trace = tmp_path / "trace.txt"
    trace.write_text("\n".join(f"{i * 0.005:.3f}" for i in range(40)) + "\n")
    for arrivals, expected in (
        (["--arrivals", "constant", "--rate", "200"], range(58, 63)),
        (["--arrivals", "bursts:base=100,peak=800,on=50ms,off=50ms"], range(40, 300)),
        (["--arrivals", "ramp:from=10,to=600,over=300ms"], range(30, 250)),
        (["--arrivals", f"trace:{trace}"], range(20, 41)),
    ):
        counts = assert_all_ok(measure(*arrivals, *load))
        assert counts["offered"] in expected, (arrivals, counts)


def test_a_number_of_requests(url):
    load = ["-u", url, "-m", MLP, "--duration", "20s", "--warm-up", "50ms", "--quiet"]
    for pacing in (["--rate", "500"], ["--concurrency", "3"]):
        started = time.monotonic()
        counts = assert_all_ok(measure(*load, *pacing, "--requests", "60"))
        assert counts["offered"] == 60
        assert time.monotonic() - started < 10


# What comes out.


def test_the_report_says_what_matters(url):
    result = bench("-u", url, "-m", MLP, "--rate", "300", "--duration", "400ms",
                   "--warm-up", "50ms")  # fmt: skip
    assert result.returncode == 0, result.stderr
    for word in ("p50", "p99.9", "max", "300"):
        assert word in result.stdout, result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100, result.stdout


def test_files_and_reports_from_them(url, tmp_path):
    files = {kind: tmp_path / f"result.{kind}" for kind in ("json", "csv", "html")}
    flags = [text for kind, path in files.items() for text in (f"--{kind}", path)]
    result = bench("-u", url, "-m", MLP, "--rate", "300", *SHORT, *flags)
    assert result.returncode == 0, result.stderr
    document = json.loads(files["json"].read_text())
    assert document["kind"] == "load"
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert list(rows[0]) == [
        "Request Rate", "Inferences/Second", "Client Send", "Network+Server Send/Recv",
        "Server Queue", "Server Compute Input", "Server Compute Infer", "Server Compute Output",
        "Client Recv", "p50 latency", "p90 latency", "p95 latency", "p99 latency",
    ]  # fmt: skip
    assert float(rows[0]["Request Rate"]) == 300
    assert int(rows[0]["p50 latency"]) == document["summary"]["latency"]["p50_ns"] // 1000
    page = files["html"].read_text()
    assert page.lower().startswith("<!doctype html") and "src=\"http" not in page
    again = tmp_path / "again.csv"
    report = bench("report", files["json"], "--csv", again, "--html", tmp_path / "again.html")
    assert report.returncode == 0 and "p99" in report.stdout, report.stderr
    assert again.read_text() == files["csv"].read_text()
    assert (tmp_path / "again.html").read_text().lower().startswith("<!doctype html")
    for name, text in (("none.json", None), ("bad.json", "{}"), ("cut.json", "{\"format\":")):
        if text is not None:
            (tmp_path / name).write_text(text)
        broken = bench("report", tmp_path / name)
        assert broken.returncode == 64 and name in broken.stderr, broken.stderr


def test_a_closed_loop_names_its_concurrency_in_the_csv(url):
    result = bench("-u", url, "-m", MLP, "--concurrency", "3", *SHORT, "--csv", "-")
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert rows[0]["Concurrency"] == "3"


def test_the_server_is_found_and_watched(target, url):
    document = measure("-u", url, "-m", MLP, "--rate", "300", *SHORT)
    assert document["server"]["pid"] == target.process.pid
    assert document["server"]["memory_peak_bytes"] > 1 << 20
    document = measure(
        "-u", url, "-m", MLP, "--rate", "300", "--server-pid", target.process.pid, *SHORT
    )
    assert document["server"]["pid"] == target.process.pid


# How it ends.


def test_bounds(url):
    load = ["-u", url, "-m", MLP, "--rate", "200", *SHORT]
    kept = measure(*load, "--bound", "p50<10s,errors<1%", "--bound", "goodput>50%")
    assert [verdict["state"] for verdict in kept["verdicts"]] == ["held"] * 3
    missed = measure(*load, "--bound", "p50<1us", status=3)
    assert [verdict["state"] for verdict in missed["verdicts"]] == ["missed"]


def test_a_deadline_makes_goodput(url):
    document = measure(
        "-u", url, "-m", "digits", "--rate", "200", "--deadline", "1us", "--keep-deadline-here",
        *SHORT,
    )  # fmt: skip
    counts = document["summary"]["counts"]
    assert counts["late"] == counts["ok"] == counts["offered"] > 0
    assert document["summary"]["goodput"] == 0


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_nobody_listens(scheme):
    place = f"127.0.0.1:{free_ports(1)[0]}"
    result = bench("-u", f"{scheme}://{place}", "-m", MLP, "--rate", "100", *SHORT)
    assert result.returncode == 1
    assert place in result.stderr and len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_a_listener_that_never_answers():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        result = bench(
            "-u", f"http://{place}", "-m", MLP, "--rate", "100", "--timeout", "500ms", *SHORT
        )
        assert result.returncode == 1 and result.stderr.strip(), result.stderr
        assert time.monotonic() - started < 15


def test_an_unknown_model_is_named(url):
    result = bench("-u", url, "-m", "digitz", "--rate", "100", *SHORT)
    assert result.returncode == 1
    assert "digitz" in result.stderr and "digits" in result.stderr, result.stderr


def test_a_server_that_dies_half_way_leaves_partial_results(tmp_path):
    """Over both wires at the same time: giving a target up takes some seconds."""
    paths = {scheme: tmp_path / f"{scheme}.json" for scheme in ("http", "grpc")}
    with ServerProcess(model_zoo.EXAMPLES) as process:
        places = {"http": process.http, "grpc": process.grpc}
        started = time.monotonic()
        runs = [
            subprocess.Popen(
                [str(BINARY), "bench", "-u", f"{scheme}://{places[scheme]}", "-m", MLP,
                 "--rate", "300", "--duration", "40s", "--warm-up", "50ms", "--quiet",
                 "--json", str(path)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            for scheme, path in paths.items()
        ]
        time.sleep(1.0)
        process.process.kill()
        errors = [run.communicate(timeout=30)[1] for run in runs]
    assert [run.returncode for run in runs] == [1, 1], errors
    assert time.monotonic() - started < 25
    for path in paths.values():
        document = json.loads(path.read_text())
        assert document["interruption"], document["summary"]
        assert document["summary"]["counts"]["ok"] > 0


def test_an_interrupt_leaves_partial_results(url, tmp_path):
    path = tmp_path / "partial.json"
    command = [str(BINARY), "bench", "-u", url, "-m", MLP, "--rate", "200", "--duration", "30s",
               "--warm-up", "50ms", "--json", str(path)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 1, errors
    assert "p99" in output, output + errors
    document = json.loads(path.read_text())
    assert document["interruption"] and document["summary"]["counts"]["ok"] > 50


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["-m", "x"], "--rate"),
        (["--rate", "1"], "--model"),
        (["-m", "x", "--rate", "1", "--concurrency", "1"], "exclude each other"),
        (["-m", "x", "--path", "/a", "--rate", "1"], "exclude each other"),
        (["-m", "x", "--rate", "-1"], "--rate"),
        (["-m", "x", "--rate", "0"], "--rate"),
        (["-m", "x", "--rate", "fast"], "rate"),
        (["-m", "x", "--concurrency", "0"], "--concurrency"),
        (["-m", "x", "--rate", "1", "--duration", "10"], "--duration"),
        (["-m", "x", "--rate", "1", "--arrivals", "sometimes"], "sometimes"),
        (["-m", "x", "--rate", "1", "--bound", "p99<soon"], "p99<soon"),
        (["-m", "x", "--rate", "1", "--bound", "speed<1s"], "speed"),
        (["-m", "x", "--rate", "1", "--form", "xml"], "xml"),
        (["-m", "x", "--rate", "1", "-H", "no colon"], "no colon"),
        (["-m", "x", "--rate", "1", "-u", "ftp://h"], "ftp"),
        (["-m", "x", "--rate", "1", "-u", "grpc://h", "--form", "json"], "--form"),
        (["-m", "x", "--rate", "1", "--shared-memory", "cuda"], "cuda"),
        (["-m", "x", "--rate", "1", "--json", "/no/folder/a.json"], "/no/folder/a.json"),
        (["-m", "x", "--rate", "1", "--json", "-", "--csv", "-"], "'-'"),
        (["-m", "x", "--rate", "1", "--ca", "/no/file.pem"], "/no/file.pem"),
        (["-m", "x", "--rate", "1", "--insecure"], "TLS"),
        (["--mix", "/no/mix.yaml", "--rate", "1"], "/no/mix.yaml"),
        (["search", "-m", "x"], "slo"),
        (["search", "-m", "x", "--slo", "p99<"], "p99<"),
        (["search", "-m", "x", "--slo", "p99<1s", "--from", "10", "--to", "5"], "--from"),
        (["compare", "http://a", "-m", "x", "--rate", "1"], "<b>"),
        (["compare", "http://a", "b.json", "-m", "x", "--rate", "1"], "b.json"),
        (["scenario"], "file"),
        (["scenario", "/no/file.yaml"], "/no/file.yaml"),
        (["report"], "file"),
        (["-m", "x", "--no-such-flag"], "--no-such-flag"),
    ],
)
def test_wrong_usage_is_said_before_anything_runs(arguments, expected):
    result = bench(*arguments)
    assert result.returncode == 64, result.stdout + result.stderr
    assert expected in result.stderr, result.stderr


# Search, compare, scenario.


def test_search_finds_a_rate(url, tmp_path):
    flags = ["--slo", "p50<5s,errors<50%", "--from", "200", "--to", "400", "--confirm", "1",
             "--curve-points", "1", "--step-duration", "300ms", "--warm-up", "50ms",
             "--quiet"]  # fmt: skip
    path = tmp_path / "search.csv"
    document = measure("search", "-u", url, "-m", MLP, *flags, "--csv", path)
    assert document["kind"] == "search" and document["best_rate"] == 400, document
    assert len(list(csv.DictReader(path.open()))) == len(document["points"])


def test_search_that_finds_none(url):
    flags = ["--slo", "p50<1us", "--from", "50", "--to", "100", "--confirm", "1",
             "--curve-points", "0", "--step-duration", "300ms", "--quiet"]  # fmt: skip
    result = bench("search", "-u", url, "-m", MLP, *flags)
    assert result.returncode == 3, result.stdout + result.stderr


def test_a_server_against_itself_is_no_faster_and_no_slower(url):
    flags = ["-m", MLP, "--rate", "200", "--rounds", "6", "--round-duration", "200ms", "--quiet"]
    result = bench("compare", url, url, *flags, "--threshold", "20%", "--json", "-")
    assert result.returncode in (0, 4), result.stdout + result.stderr
    document = json.loads(result.stdout)
    assert document["kind"] == "comparison"
    assert document["verdict"] == ("cannot_tell" if result.returncode == 4 else "same")
    gate = bench("compare", url, url, *flags, "--threshold", "20%", "--gate")
    assert gate.returncode == 0, gate.stdout + gate.stderr


def test_a_faster_target_is_never_called_slower(url):
    inside = f"in-process:{model_zoo.EXAMPLES}"
    flags = ["-m", MLP, "--rate", "200", "--rounds", "6", "--round-duration", "200ms", "--quiet"]
    result = bench("compare", url, inside, *flags)
    assert result.returncode in (0, 4), result.stdout + result.stderr


def test_result_files_compare(url, tmp_path):
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in files:
        result = bench("-u", url, "-m", MLP, "--rate", "300", "--duration", "3s", "--warm-up",
                       "50ms", "--quiet", "--json", path)  # fmt: skip
        assert result.returncode == 0, result.stderr
    result = bench("compare", *files, "--threshold", "5%")
    assert result.returncode in (0, 3, 4), result.stdout + result.stderr
    assert "p99" in result.stdout, result.stdout
    assert bench("compare", files[0], files[0], "--gate").returncode == 0
    mixed = bench("compare", files[0], url, "-m", MLP, "--rate", "100")
    assert mixed.returncode == 64, mixed.stderr


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_example_scenario(url, path):
    """Brief phases prove no bound; that all of it runs and is reported is looked at."""
    result = bench("scenario", path, "-u", url, "--duration-scale", "0.03", "--json", "-")
    assert result.returncode in (0, 3), result.stdout + result.stderr
    document = json.loads(result.stdout)
    assert document["kind"] == "scenario" and document["phases"]
    for phase in document["phases"]:
        assert phase["result"]["summary"]["counts"]["ok"] > 0, phase["name"]
        assert phase["result"].get("interruption") is None
    if path.stem == "oversized":
        assert "answered 413" in result.stderr, result.stderr
    if path.stem == "reload":
        assert "loaded" in result.stderr, result.stderr


def test_scenarios_together_and_a_bound_that_is_missed(url, tmp_path):
    text = (
        "name: Strict\nrequests: [{model: digits}]\n"
        "phases: [{name: all, rate: 100, duration: 300ms, warm-up: 0s, bounds: [max<1us]}]\n"
    )
    (tmp_path / "strict.yaml").write_text(text)
    (tmp_path / "loose.yaml").write_text(text.replace("max<1us", "max<10s"))
    loose = bench("scenario", tmp_path / "loose.yaml", "-u", url, "--quiet")
    assert loose.returncode == 0, loose.stdout + loose.stderr
    both = bench(
        "scenario", tmp_path / "loose.yaml", tmp_path / "strict.yaml", "-u", url, "--quiet"
    )
    assert both.returncode == 3, both.stdout + both.stderr
    (tmp_path / "strict.yaml").write_text(text.replace("rate: 100", "rate: 2x capacity"))
    wrong = bench("scenario", tmp_path / "strict.yaml", "-u", url)
    assert wrong.returncode == 64
    assert "strict.yaml:3:10: " in wrong.stderr and "capacity" in wrong.stderr, wrong.stderr


def test_a_server_that_does_not_reload_says_so():
    with ServerProcess(model_zoo.EXAMPLES) as process:
        result = bench(
            "scenario", ROOT / "Examples/bench/reload.yaml", "-u", f"http://{process.http}",
            "--duration-scale", "0.03",
        )  # fmt: skip
    assert result.returncode == 1, result.stdout
    assert "--model-control-mode explicit" in result.stderr, result.stderr


def test_help_names_every_unit_and_default():
    for command in ([], ["load"], ["search"], ["compare"], ["scenario"], ["report"]):
        result = bench(*command, "--help")
        assert result.returncode == 0 and "USAGE" in result.stdout
    load = bench("load", "--help").stdout
    for flag in ("--rate", "--concurrency", "--deadline", "--bound", "--shared-memory"):
        assert flag in load
