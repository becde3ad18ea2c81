"""The README's commands, run as they stand against a server with the example models."""

import json
import re
import shlex
import subprocess

import pytest

import model_zoo
from server_process import BINARY, ROOT, ServerProcess

README = ROOT / "README.md"
BLOCK = re.compile(r"```(?:sh|console|bash)\n(.*?)```", re.DOTALL)


def whole_lines(block):
    """The block's commands: lines joined at a backslash and inside quotes."""
    command = ""
    for line in block.splitlines():
        command += line.removeprefix("$ ") if not command else "\n" + line
        if command.endswith("\\"):
            continue
        try:
            shlex.split(command)
        except ValueError:
            continue
        yield command.strip()
        command = ""


def commands():
    """Every command of the README's shell blocks that can run against a server."""
    starts = ("curl ", "python3 Examples/", ".build/release/needletail ")
    blocks = BLOCK.findall(README.read_text())
    found = [command for block in blocks for command in whole_lines(block)]
    return [command for command in found if command.startswith(starts)]


@pytest.fixture(scope="module")
def example_server(tmp_path_factory):
    flags = ["--pipeline", ROOT / "Examples/card-fraud/pipeline.yaml"]
    flags += ["--state", tmp_path_factory.mktemp("state")]
    with ServerProcess(model_zoo.EXAMPLES, *flags) as process:
        yield process


def run(command, server):
    text = (
        command.replace(".build/release/needletail", str(BINARY))
        .replace("localhost:8000", server.http)
        .replace("127.0.0.1:8000", server.http)
        .replace("localhost:8001", server.grpc)
        .replace("127.0.0.1:8001", server.grpc)
        .replace("localhost:8002", server.metrics)
        .replace("127.0.0.1:8002", server.metrics)
    )
    if command.startswith("python3 ") and "http://" not in text:
        text += f" http://{server.http}"
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=60,
                          cwd=ROOT)  # fmt: skip


def test_the_readme_has_commands():
    assert any(command.startswith("curl ") for command in commands())
    assert "make run" in README.read_text() and "make test" in README.read_text()
    assert len(README.read_text().splitlines()) < 150


@pytest.mark.parametrize(
    "command", [entry for entry in commands() if " serve" not in entry]
)
def test_a_command_of_the_readme(example_server, command):
    result = run(command, example_server)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    if "/infer" in command:
        assert json.loads(result.stdout)["outputs"], result.stdout
    if "/v1/decisions/" in command:
        assert json.loads(result.stdout)["outcome"], result.stdout


def test_links_of_the_documents_lead_somewhere():
    for document in (README, ROOT / "ARCHITECTURE.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
            if not target.startswith(("http://", "https://")):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_line_the_server_prints_works(example_server):
    text = example_server.log()
    printed = list(whole_lines(text[text.index("curl ") :]))
    result = run(printed[0], example_server)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["outputs"]
