"""Loading, unloading, replacing and uploading models through the protocols; models that are bad."""

import json
import time

import numpy as np
import pytest

import model_zoo
from flavours import FLAVOURS, Flavour
from server_process import ServerProcess


@pytest.fixture(scope="module")
def own_repository(tmp_path_factory):
    repository = model_zoo.make_repository(tmp_path_factory.mktemp("own"), examples=False)
    model_zoo.write_broken_models(repository)
    return repository


@pytest.fixture(scope="module")
def own_server(own_repository):
    flags = ["--model-control-mode", "explicit", "--load-model", "pair"]
    with ServerProcess(own_repository, *flags) as process:
        yield process


@pytest.fixture(params=FLAVOURS)
def own_client(request, own_server):
    flavour = Flavour(request.param, own_server)
    yield flavour
    flavour.close()


def entries(client):
    answer = client.read("get_model_repository_index")
    return answer if client.is_http else answer.get("models", [])


def state(client, name):
    found = [entry for entry in entries(client) if entry["name"] == name]
    return [(entry.get("version", ""), entry.get("state", ""), entry.get("reason", ""))
            for entry in found]  # fmt: skip


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def add_input(client):
    return [client.input("x", np.array([[10.0]], np.float32), "FP32")]


def test_load_and_unload(own_client):
    assert not own_client.is_model_ready("fixed")
    with pytest.raises(Exception, match="is not found|no available versions"):
        own_client.infer("fixed", [own_client.input("x", np.zeros(3, np.float32), "FP32")])
    own_client.load_model("fixed")
    assert own_client.is_model_ready("fixed")
    result = own_client.infer("fixed", [own_client.input("x", np.ones(3, np.float32), "FP32")])
    assert result.as_numpy("y").tolist() == [-1, -1, -1]
    own_client.unload_model("fixed")
    wait_until(lambda: not own_client.is_model_ready("fixed"))
    wait_until(lambda: state(own_client, "fixed")[0][1] == "UNAVAILABLE")
    assert "unload" in state(own_client, "fixed")[0][2]


def test_unloading_what_is_not_there_is_an_error_or_nothing(own_client):
    with pytest.raises(Exception, match="no_such_model"):
        own_client.load_model("no_such_model")


def test_config_override(own_client):
    config = {"max_batch_size": 2, "dynamic_batching": {}}
    own_client.load_model("versions", config=json.dumps(config))
    answer = own_client.read("get_model_config", "versions")
    answer = answer if own_client.is_http else answer["config"]
    assert int(answer["max_batch_size"]) == 2
    assert not own_client.is_model_ready("versions", "1"), "the default policy is the latest one"
    config["version_policy"] = {"specific": {"versions": [1, 2]}}
    own_client.load_model("versions", config=json.dumps(config))
    assert own_client.infer("versions", add_input(own_client)).as_numpy("y").tolist() == [[12]]
    own_client.load_model("versions")
    assert own_client.infer("versions", add_input(own_client)).as_numpy("y").tolist() == [[13]]
    own_client.unload_model("versions")


def test_a_bad_override_leaves_the_old_one_serving(own_client):
    own_client.load_model("versions")
    for config in ('{"max_batch_size": "many"}', "{", '{"input": [{"nome": "x"}]}'):
        with pytest.raises(Exception):
            own_client.load_model("versions", config=config)
        got = own_client.infer("versions", add_input(own_client)).as_numpy("y").tolist()
        assert got == [[13]]


def test_file_upload(own_client):
    name = f"uploaded-{own_client.name}"
    config = json.dumps({"max_batch_size": 8, "backend": "onnxruntime"})
    own_client.load_model(
        name, config=config, files={"file:1/model.onnx": model_zoo.add_bytes(5)}
    )
    assert own_client.infer(name, add_input(own_client)).as_numpy("y").tolist() == [[15]]
    own_client.load_model(
        name, config=config, files={"file:7/model.onnx": model_zoo.add_bytes(7)}
    )
    assert own_client.infer(name, add_input(own_client)).as_numpy("y").tolist() == [[17]]
    with pytest.raises(Exception):
        own_client.load_model(
            name, config=config, files={"file:8/model.onnx": b"not a model at all"}
        )
    assert own_client.infer(name, add_input(own_client)).as_numpy("y").tolist() == [[17]]
    with pytest.raises(Exception):
        own_client.load_model(
            name, config=config, files={"file:../../escape.onnx": model_zoo.add_bytes(7)}
        )
    own_client.unload_model(name)


@pytest.mark.parametrize("name", ["garbage", "truncated", "bad_config", "wrong_type"])
def test_a_bad_model_leaves_others_serving_and_its_reason_in_the_index(own_client, name):
    with pytest.raises(Exception) as caught:
        own_client.load_model(name)
    assert name in str(caught.value)
    assert not own_client.is_model_ready(name)
    reasons = [reason for _, _, reason in state(own_client, name)]
    assert any(reasons), f"no reason in the index for {name}"
    a = np.ones((1, 4), np.float32)
    result = own_client.infer(
        "pair", [own_client.input("a", a, "FP32"), own_client.input("b", a, "FP32")]
    )
    assert result.as_numpy("sum").tolist() == [[2.0] * 4]


def test_the_ready_filter_of_the_index(own_server):
    _, _, everything = own_server.post("/v2/repository/index", b"")
    _, _, ready = own_server.post("/v2/repository/index", {"ready": True})
    ready, everything = json.loads(ready), json.loads(everything)
    assert 0 < len(ready) < len(everything)
    assert {entry["state"] for entry in ready} == {"READY"}


def test_a_new_version_that_fails_leaves_the_old_one_serving(own_repository, own_server):
    client = Flavour("http", own_server)
    try:
        model_zoo.write(own_repository, "growing", model_zoo.add_bytes(1))
        client.load_model("growing")
        (own_repository / "growing" / "2").mkdir()
        (own_repository / "growing" / "2" / "model.onnx").write_bytes(b"half a model")
        with pytest.raises(Exception):
            client.load_model("growing")
        assert client.infer("growing", add_input(client)).as_numpy("y").tolist() == [[11]]
        assert any(version == "2" and reason for version, _, reason in state(client, "growing"))
        model_zoo.write(own_repository, "growing", model_zoo.add_bytes(2), version=2)
        client.load_model("growing")
        assert client.infer("growing", add_input(client)).as_numpy("y").tolist() == [[12]]
    finally:
        client.close()


def test_mode_none_refuses_to_load(tmp_path):
    repository = model_zoo.make_repository(tmp_path / "models", tests=False)
    with ServerProcess(repository) as process:
        for verb in ("load", "unload"):
            status, _, data = process.post(f"/v2/repository/models/digits/{verb}", b"")
            assert status in (400, 503), data
            assert "explicit" in json.loads(data)["error"].lower()
        assert process.get("/v2/models/digits/ready")[0] == 200


def test_mode_poll_follows_the_folder(tmp_path):
    repository = tmp_path / "models"
    model_zoo.write(repository, "growing", model_zoo.add_bytes(1))
    flags = ["--model-control-mode", "poll", "--repository-poll-secs", "1"]
    with ServerProcess(repository, *flags) as process:
        body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [0]}]}
        assert process.infer("growing", body)[1]["outputs"][0]["data"] == [1]
        model_zoo.write(repository, "growing", model_zoo.add_bytes(2), version=2)
        model_zoo.write(repository, "another", model_zoo.add_bytes(3))
        wait_until(lambda: process.infer("growing", body)[1]["outputs"][0]["data"] == [2], 15)
        wait_until(lambda: process.get("/v2/models/another/ready")[0] == 200, 15)


def test_bad_models_at_start_do_not_stop_a_server_that_may_go_on(tmp_path):
    repository = model_zoo.make_repository(tmp_path / "models", tests=False)
    model_zoo.write_broken_models(repository)
    flags = ["--exit-on-error=false", "--strict-readiness=false"]
    with ServerProcess(repository, *flags) as process:
        _, _, data = process.post("/v2/repository/index", b"")
        index = {entry["name"]: entry for entry in json.loads(data)}
        for name in ("garbage", "truncated", "bad_config", "wrong_type"):
            assert index[name]["state"] != "READY"
            assert index[name]["reason"], name
        assert index["digits"]["state"] == "READY"


def test_loading_another_model_while_inferring_gives_no_error(own_server):
    client = Flavour("grpc", own_server)
    loader = Flavour("grpc", own_server)
    a = np.ones((1, 4), np.float32)
    inputs = [client.input("a", a, "FP32"), client.input("b", a, "FP32")]
    pending = []
    try:
        for _ in range(20):
            for _ in range(10):
                pending.append([])
                client.client.async_infer(
                    "pair", inputs, lambda result, error, to=pending[-1]: to.append(error)
                )
            loader.load_model("fixed")
            loader.load_model("pair")
            loader.unload_model("fixed")
        wait_until(lambda: all(pending), 30)
        assert [one for one in pending if one[0] is not None] == []
    finally:
        client.close()
        loader.close()
