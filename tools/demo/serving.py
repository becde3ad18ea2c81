"""The server under load: starting it, watching what it uses, stopping it, checking its records."""

import dataclasses
import http.client
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import time

from demo.preparing import Failure


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclasses.dataclass
class Usage:
    """Seconds of processor time and bytes of memory of a process, and what the machine lost."""

    processor: float
    memory: int
    stolen: float

    @staticmethod
    def of(pid):
        ticks = os.sysconf("SC_CLK_TCK")
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        machine = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
        return Usage((int(fields[11]) + int(fields[12])) / ticks,
                     int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
                     int(machine[8]) / ticks if len(machine) > 8 else 0.0)


class Server:
    def __init__(self, binary, models, pipeline, state, log, ports=None):
        self.port = ports or free_port()
        self.log, self.binary, self.state = log, binary, state
        words = [binary, "serve", "--model-repository", models, "--pipeline", pipeline,
                 "--state", state, "--http-address", "127.0.0.1", "--http-port", self.port,
                 "--allow-grpc", "false", "--metrics-port", free_port()]
        self.words = [str(word) for word in words]
        with open(log, "w", encoding="utf-8") as file:
            file.write(f"$ {' '.join(self.words)}\n")
            file.flush()
            self.process = subprocess.Popen(self.words, stdout=file, stderr=subprocess.STDOUT)

    def wait_until_ready(self, seconds=120):
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise Failure(f"the server ended with status {self.process.returncode}:\n"
                              + self.tail())
            if self.is_ready():
                return
            time.sleep(0.05)
        raise Failure(f"the server was not ready within {seconds} s:\n{self.tail()}")

    def is_ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/v2/health/ready")
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status == 200
        except OSError:
            return False

    def usage(self):
        return Usage.of(self.process.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def tail(self):
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-12:]) + f"\n(whole: {self.log})"

    def check_records(self, decisions):
        """Whether each answered decision has one record, and the chain of hashes holds."""
        path = self.state / "records.sqlite"
        done = subprocess.run([self.binary, "records", "verify", path], capture_output=True,
                              text=True)
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = database.execute("select id, request_id, outcome from decisions").fetchall()
        finally:
            database.close()
        kept = {identifier: (request, outcome) for identifier, request, outcome in rows}
        missing = sum(kept.get(d["id"]) != (d["request_id"], d["outcome"]) for d in decisions)
        text = (done.stdout + done.stderr).strip().splitlines()
        return {"records": len(rows), "missing": missing,
                "double": len(rows) - len({request for request, _ in kept.values()}),
                "chain_holds": done.returncode == 0, "verify": text[0] if text else ""}
