"""The kernel's own price of a request: a server of thirty lines of C that parses nothing."""

import pathlib
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ANSWER_BYTES = 300


def build(folder):
    """The compiled server; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    if compiler is None:
        return None
    binary = pathlib.Path(folder) / "floor"
    subprocess.run([compiler, "-O2", "-o", binary, HERE / "floor.c"], check=True)
    return binary


class FloorServer:
    """Looks like a ServerProcess to the load generators."""

    def __init__(self, binary, cpu):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.http_port = probe.getsockname()[1]
        self.http = f"127.0.0.1:{self.http_port}"
        command = ["taskset", "-c", cpu, binary, self.http_port, ANSWER_BYTES]
        self.process = subprocess.Popen([str(part) for part in command])

    def __enter__(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.http_port)).close()
                return self
            except OSError:
                time.sleep(0.01)
        raise OSError("the floor server did not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
