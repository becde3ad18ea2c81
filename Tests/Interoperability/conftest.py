"""The servers and clients that the tests share."""

import numpy as np
import pytest

import model_zoo
from flavours import FLAVOURS, Flavour
from server_process import ServerProcess


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """The example models and the test models, once for all tests; tests do not change it."""
    return model_zoo.make_repository(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def trace_file(tmp_path_factory):
    return tmp_path_factory.mktemp("traces") / "trace.json"


@pytest.fixture(scope="session")
def log_file(tmp_path_factory):
    return tmp_path_factory.mktemp("logs") / "needletail.log"


@pytest.fixture(scope="session")
def server(repository, trace_file, log_file):
    """The server that most tests use; every model loaded, loading allowed."""
    flags = [
        "--model-control-mode", "explicit", "--load-model", "*",
        "--trace-config", f"triton,file={trace_file}",
        "--log-file", str(log_file),
        "--exit-timeout-secs", "10",
    ]  # fmt: skip
    with ServerProcess(repository, *flags) as process:
        yield process


@pytest.fixture(params=FLAVOURS)
def client(request, server):
    """Each of the four clients in turn."""
    flavour = Flavour(request.param, server)
    yield flavour
    flavour.close()


@pytest.fixture(params=["http", "grpc"])
def sync_client(request, server):
    """Both synchronous clients in turn."""
    flavour = Flavour(request.param, server)
    yield flavour
    flavour.close()


@pytest.fixture
def http(server):
    flavour = Flavour("http", server)
    yield flavour
    flavour.close()


@pytest.fixture
def grpc(server):
    flavour = Flavour("grpc", server)
    yield flavour
    flavour.close()


@pytest.fixture
def random(request):
    """Random numbers whose seed is the test's name, so that a failure repeats."""
    return np.random.default_rng(list(request.node.name.encode()))


@pytest.fixture(autouse=True)
def server_survives(request):
    """No test may bring the shared server down."""
    yield
    if "server" in request.fixturenames:
        process = request.getfixturevalue("server")
        assert process.is_alive, f"the server died in this test\n{process.log()}"
