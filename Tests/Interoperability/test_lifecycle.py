"""Starting, stopping, sockets, TLS, limits, and the other commands of the binary."""

import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading
import time

import grpc as grpc_library
import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http

import model_zoo
from server_process import BINARY, ROOT, ServerProcess, free_ports

BODY = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.5, 2.5]}]}


@pytest.fixture(scope="module")
def small_repository(tmp_path_factory):
    return model_zoo.make_repository(tmp_path_factory.mktemp("small"), examples=False)


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


def slow_body(seconds):
    rounds = model_zoo.rounds_for(seconds)
    tensor = {"name": "rounds", "shape": [1], "datatype": "INT64", "data": [rounds]}
    return rounds, {"inputs": [tensor], "outputs": [{"name": "done"}]}


def test_sigterm_finishes_what_is_in_flight(small_repository):
    rounds, body = slow_body(1.0)
    answers = []
    with ServerProcess(small_repository, "--drain-seconds", "1") as process:
        thread = threading.Thread(target=lambda: answers.append(process.infer("slow", body)))
        thread.start()
        time.sleep(0.2)
        process.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 0.8
        status = 200
        while status == 200 and time.monotonic() < deadline:
            status = process.get("/v2/health/ready")[0]
        assert status != 200, "readiness did not become false at once"
        assert process.infer("identity_fp32", BODY)[0] == 200, "it serves while it drains"
        thread.join(20)
        assert process.process.wait(20) == 0, process.log()
    assert answers[0][0] == 200, answers
    assert answers[0][1]["outputs"][0]["data"] == [rounds]


def test_a_grpc_call_in_flight_survives_sigterm(small_repository):
    rounds, _ = slow_body(0.8)
    with ServerProcess(small_repository) as process:
        client = triton_grpc.InferenceServerClient(process.grpc)
        source = triton_grpc.InferInput("rounds", [1], "INT64")
        source.set_data_from_numpy(np.array([rounds], np.int64))
        answers = []
        client.async_infer("slow", [source], lambda result, error: answers.append((result, error)))
        time.sleep(0.2)
        process.process.send_signal(signal.SIGTERM)
        assert process.process.wait(20) == 0, process.log()
        deadline = time.monotonic() + 5
        while not answers and time.monotonic() < deadline:
            time.sleep(0.01)
        client.close()
    result, error = answers[0]
    assert error is None, error
    assert result.as_numpy("done").tolist() == [rounds]


def test_an_exit_timeout_ends_a_stop_that_takes_too_long(small_repository):
    _, body = slow_body(15)
    with ServerProcess(small_repository, "--exit-timeout-secs", "1") as process:
        def ask():
            try:
                process.infer("slow", body)
            except (OSError, http.client.HTTPException, ValueError):
                pass

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.3)
        started = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        process.process.wait(12)
        assert time.monotonic() - started < 10
        thread.join(20)
        process.process.returncode = 0


def test_unix_sockets_on_both_protocols(small_repository, tmp_path):
    http_path, grpc_path = tmp_path / "h.sock", tmp_path / "g.sock"
    flags = ["--http-socket", http_path, "--grpc-socket", grpc_path]
    with ServerProcess(small_repository, *flags) as process:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(http_path))
        connection.request("POST", "/v2/models/identity_fp32/infer", json.dumps(BODY))
        response = connection.getresponse()
        assert response.status == 200
        assert json.loads(response.read())["outputs"][0]["data"] == [1.5, 2.5]
        connection.close()
        client = triton_grpc.InferenceServerClient(f"unix:{grpc_path}")
        source = triton_grpc.InferInput("x", [1, 2], "FP32")
        source.set_data_from_numpy(np.array([[1.5, 2.5]], np.float32))
        assert client.infer("identity_fp32", [source]).as_numpy("y").tolist() == [[1.5, 2.5]]
        client.close()
        assert process.get("/v2/health/ready")[0] == 200
    assert not http_path.exists() and not grpc_path.exists()


@pytest.mark.parametrize("names", ["own", "triton"])
def test_tls_on_both_protocols(small_repository, certificate, names):
    chain, key = certificate
    flags = ["--http-tls-certificate", chain, "--http-tls-key", key]
    if names == "own":
        flags += ["--grpc-tls-certificate", chain, "--grpc-tls-key", key]
    else:
        flags += ["--grpc-use-ssl", "true", "--grpc-server-cert", chain, "--grpc-server-key", key]
    with ServerProcess(small_repository, *flags) as process:
        values = np.array([[1.5, 2.5]], np.float32)
        client = triton_http.InferenceServerClient(
            process.http.replace("127.0.0.1", "localhost"),
            ssl=True,
            ssl_context_factory=lambda: ssl.create_default_context(cafile=str(chain)),
        )
        source = triton_http.InferInput("x", [1, 2], "FP32")
        source.set_data_from_numpy(values)
        assert client.infer("identity_fp32", [source]).as_numpy("y").tolist() == [[1.5, 2.5]]
        client.close()
        rpc = triton_grpc.InferenceServerClient(
            process.grpc, ssl=True, root_certificates=str(chain)
        )
        source = triton_grpc.InferInput("x", [1, 2], "FP32")
        source.set_data_from_numpy(values)
        assert rpc.infer("identity_fp32", [source]).as_numpy("y").tolist() == [[1.5, 2.5]]
        rpc.close()
        with grpc_library.insecure_channel(process.grpc) as channel:
            with pytest.raises(grpc_library.FutureTimeoutError):
                grpc_library.channel_ready_future(channel).result(1)
        with process.raw_socket() as plain:
            plain.sendall(b"GET /v2 HTTP/1.1\r\nHost: t\r\n\r\n")
            plain.settimeout(3)
            try:
                assert not plain.recv(100).startswith(b"HTTP/1.1 200")
            except (TimeoutError, ConnectionError):
                pass


def test_a_port_in_use_is_named(small_repository):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        others = free_ports(2)
        result = subprocess.run(
            [str(BINARY), "serve", "--model-repository", str(small_repository),
             "--http-address", "127.0.0.1", "--http-port", str(port),
             "--grpc-port", str(others[0]), "--metrics-port", str(others[1])],
            capture_output=True, text=True, timeout=30, cwd=ROOT,
        )  # fmt: skip
    assert result.returncode != 0
    assert str(port) in result.stdout + result.stderr


def test_too_many_connections_are_turned_away(small_repository):
    with ServerProcess(small_repository, "--max-connections", "4") as process:
        held = [process.raw_socket() for _ in range(12)]
        try:
            for connection in held:
                connection.settimeout(3)
                try:
                    connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n")
                except ConnectionError:
                    pass
            answered = 0
            for connection in held:
                try:
                    answered += connection.recv(1000).startswith(b"HTTP/1.1 200")
                except (TimeoutError, ConnectionError):
                    pass
            assert 1 <= answered <= 4
        finally:
            for connection in held:
                connection.close()
        process.wait_until_ready()


def test_the_largest_body_is_a_flag(small_repository):
    with ServerProcess(small_repository, "--http-max-input-size", "2048") as process:
        assert process.post("/v2/models/identity_fp32/infer", b" " * 4096)[0] == 413
        assert process.infer("identity_fp32", BODY)[0] == 200


def test_a_configuration_file_says_what_flags_say(small_repository, tmp_path):
    ports = free_ports(3)
    file = tmp_path / "needletail.yaml"
    file.write_text(
        f"model_repository: [{small_repository}]\nhttp_address: 127.0.0.1\nhttp_port: {ports[0]}\n"
        f"grpc_port: {ports[1]}\nmetrics_port: {ports[2]}\nserver_timing: false\n"
    )
    process = subprocess.Popen([str(BINARY), "serve", "--config", str(file)], cwd=ROOT,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=5)
                connection.request(
                    "POST", "/v2/models/identity_fp32/infer", body=json.dumps(BODY)
                )
                response = connection.getresponse()
                if response.status == 200:
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert response.getheader("Server-Timing") is None
    finally:
        process.terminate()
        assert process.wait(20) == 0


def command(*arguments):
    return subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, cwd=ROOT)  # fmt: skip


def test_check_reports_every_error_with_its_place(tmp_path):
    file = tmp_path / "needletail.yaml"
    file.write_text("http_port: 99999\ngrpc_prot: 8001\nmodel_repository: [/no/such/folder]\n")
    result = command("check", "--config", file)
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert f"{file}:1:" in text and f"{file}:2:" in text and "/no/such/folder" in text
    assert "grpc_port" in text, "it does not offer the right spelling"


def test_check_accepts_the_examples_and_names_bad_models(tmp_path):
    assert command("check", "--model-repository", model_zoo.EXAMPLES).returncode == 0
    model_zoo.write_broken_models(tmp_path)
    result = command("check", "--model-repository", tmp_path)
    assert result.returncode != 0
    assert "bad_config" in result.stdout + result.stderr


def test_models_lists_how_each_would_be_served():
    result = command("models", "--model-repository", model_zoo.EXAMPLES)
    assert result.returncode == 0
    for name in ("digits", "card_fraud_gbdt", "card_fraud_mlp", "word_count", "identity"):
        assert name in result.stdout


def test_ready_quickly_with_the_example_models():
    best = 10.0
    for _ in range(3):
        with ServerProcess(model_zoo.EXAMPLES) as process:
            best = min(best, process.seconds_to_ready)
    # The speed itself is a figure of `make bench`; here only that nothing is badly wrong.
    assert best < 5.0
