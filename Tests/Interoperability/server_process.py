"""Starts the real server binary on free ports and talks to it in the plainest way."""

import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("NEEDLETAIL_BINARY", ROOT / ".build/release/needletail"))
READY_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0


class ServerFailure(AssertionError):
    """The server did not do what starting or stopping asks of it."""


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class ServerProcess:
    """One running `needletail serve`. Use it in a `with` statement."""

    def __init__(self, repositories, *flags, prefix=(), waits=True):
        self.http_port, self.grpc_port, self.metrics_port = free_ports(3)
        self.http = f"127.0.0.1:{self.http_port}"
        self.grpc = f"127.0.0.1:{self.grpc_port}"
        self.metrics = f"127.0.0.1:{self.metrics_port}"
        if isinstance(repositories, (str, pathlib.Path)):
            repositories = [repositories]
        self.command = [*prefix, str(BINARY), "serve"]
        for repository in repositories:
            self.command += ["--model-repository", str(repository)]
        self.command += [
            "--http-address", "127.0.0.1", "--http-port", str(self.http_port),
            "--grpc-address", "127.0.0.1", "--grpc-port", str(self.grpc_port),
            "--metrics-address", "127.0.0.1", "--metrics-port", str(self.metrics_port),
            *map(str, flags),
        ]  # fmt: skip
        self.waits = waits
        self.is_tls = "--http-tls-certificate" in self.command
        self.output = tempfile.NamedTemporaryFile("w+b", suffix=".log", prefix="needletail-")
        self.process = None
        self.seconds_to_ready = None

    def __enter__(self):
        if not BINARY.exists():
            raise ServerFailure(f"{BINARY} does not exist; run `make server` first")
        started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        if self.waits:
            self.wait_until_ready()
            self.seconds_to_ready = time.monotonic() - started
        return self

    def __exit__(self, *exception):
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(STOP_SECONDS_MAX)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                    raise ServerFailure(
                        f"the server did not stop in {STOP_SECONDS_MAX} s after SIGTERM\n"
                        + self.log()
                    ) from None
        finally:
            text = self.log()
            self.output.close()
        # A crash is a failure of the test that ran, whatever that test looked at.
        if self.process.returncode not in (0, -signal.SIGKILL) and exception[0] is None:
            raise ServerFailure(f"the server ended with {self.process.returncode}\n{text}")

    def log(self):
        """What the server printed so far, the last 20,000 characters."""
        self.output.flush()
        return pathlib.Path(self.output.name).read_text(errors="replace")[-20_000:]

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailure(
                    f"the server ended with {self.process.returncode} before it was ready\n"
                    + self.log()
                )
            try:
                if self.get("/v2/health/ready")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)
        raise ServerFailure(f"not ready after {READY_SECONDS_MAX} s\n{self.log()}")

    def connection(self, timeout=30):
        if self.is_tls:
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(
                "127.0.0.1", self.http_port, timeout=timeout, context=context
            )
        return http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=30):
        """One request on a connection of its own: (status, headers, body bytes)."""
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, headers=None, **options):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        return self.request("POST", path, body=body, headers=headers, **options)

    def infer(self, model, body, headers=None):
        """Posts a JSON request: (status, answer)."""
        status, _, data = self.post(f"/v2/models/{model}/infer", body, headers)
        return status, json.loads(data)

    def get_metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=30)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def raw_socket(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.http_port), timeout)

    @property
    def is_alive(self):
        return self.process.poll() is None
