"""Triton's own load generator, unmodified, finds nothing to complain about."""

import pathlib
import platform
import re
import subprocess
import sys
import sysconfig
import zipfile

import pytest

from server_process import ROOT

VERSION = "2.40.0"
MEMBER = f"tritonclient-{VERSION}.data/data/bin/perf_analyzer"
STATE = ROOT / ".needletail" / "perf_analyzer"


def library_folders():
    """Where pip put the CUDA runtime that the binary is linked to, although it uses no GPU here."""
    packages = pathlib.Path(sysconfig.get_paths()["purelib"])
    return [str(packages / "nvidia" / "cuda_runtime" / "lib")]


ENVIRONMENT = {"LD_LIBRARY_PATH": ":".join(library_folders()), "PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="session")
def analyzer():
    """The binary out of the manylinux1 wheel of tritonclient 2.40.0."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the wheel holds a Linux x86-64 binary only")
    binary = STATE / "perf_analyzer"
    if not binary.exists():
        STATE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--only-binary=:all:", "--platform", "manylinux1_x86_64",
             "--python-version", "3.10", "--implementation", "py", "--abi", "none",
             "--dest", str(STATE), f"tritonclient=={VERSION}"],
            check=True,
        )  # fmt: skip
        wheel = next(STATE.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            partial = STATE / "perf_analyzer.partial"
            partial.write_bytes(archive.read(MEMBER))
        partial.chmod(0o755)
        partial.rename(binary)
        wheel.unlink()
    linked = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, env=ENVIRONMENT)
    missing = [line.split()[0] for line in linked.stdout.splitlines() if "not found" in line]
    if missing:
        pytest.skip(
            f"perf_analyzer needs {', '.join(missing)}; on Debian 12 `apt-get install libb64-0d` "
            "and tools/requirements-test.txt bring them"
        )
    return binary


def analyze(analyzer, server, protocol, model, *flags):
    url = server.http if protocol == "http" else server.grpc
    command = [
        str(analyzer), "-m", model, "-i", protocol, "-u", url, "-p", "500", "-s", "80",
        "--max-trials", "6", *flags,
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT)
    text = result.stdout + result.stderr
    assert result.returncode == 0, text
    bad = [line for line in text.splitlines()
           if re.search(r"warning|error|fail|unable", line, re.IGNORECASE)
           and "Failed to obtain stable measurement" not in line]  # fmt: skip
    assert bad == [], text
    throughput = re.search(r"throughput: ([0-9.]+) infer/sec", text, re.IGNORECASE)
    assert throughput and float(throughput[1]) > 0, text
    return text


def server_side(text):
    """The numbers of the server's own statistics, which it shows only if it trusts them."""
    assert "Server:" in text, text
    for part in ("Inference count:", "Execution count:", "Successful request count:",
                 "queue", "compute input", "compute infer", "compute output"):  # fmt: skip
        assert part in text, f"no {part!r} in\n{text}"
    return int(re.search(r"Successful request count: (\d+)", text)[1])


@pytest.mark.parametrize("memory", ["none", "system"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("model", ["card_fraud_mlp", "card_fraud_gbdt"])
def test_closed_loop(analyzer, server, protocol, memory, model):
    flags = ["--concurrency-range", "4", "--shared-memory", memory]
    text = analyze(analyzer, server, protocol, model, *flags)
    assert server_side(text) > 0


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_batches(analyzer, server, protocol):
    text = analyze(analyzer, server, protocol, "digits", "-b", "4", "--concurrency-range", "2")
    assert server_side(text) > 0


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_request_rate(analyzer, server, protocol):
    text = analyze(analyzer, server, protocol, "digits", "--request-rate-range", "200")
    assert server_side(text) > 0


def test_json_tensors(analyzer, server):
    flags = ["--input-tensor-format", "json", "--output-tensor-format", "json"]
    assert server_side(analyze(analyzer, server, "http", "digits", *flags)) > 0


def test_asynchronous_and_streaming(analyzer, server):
    flags = ["--async", "--concurrency-range", "4"]
    assert server_side(analyze(analyzer, server, "http", "digits", *flags)) > 0
    assert server_side(analyze(analyzer, server, "grpc", "digits", *flags)) > 0
    assert server_side(analyze(analyzer, server, "grpc", "digits", *flags, "--streaming")) > 0


def test_text_inputs(analyzer, server):
    flags = ["--string-data", "to be or not"]
    assert server_side(analyze(analyzer, server, "grpc", "word_count", *flags)) > 0


def test_metrics_are_collected(analyzer, server):
    flags = ["--collect-metrics", "--metrics-url", f"{server.metrics}/metrics", "--verbose-csv"]
    command = [str(analyzer), "-m", "digits", "-i", "http", "-u", server.http, "-p", "500",
               "-s", "80", *flags, "-f", "/dev/null"]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT)
    assert result.returncode == 0, result.stdout + result.stderr
