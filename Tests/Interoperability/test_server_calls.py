"""Health, metadata, configuration, index, statistics: every call that asks and does not infer."""

import numpy as np
import pytest

import model_zoo

EXTENSIONS = {
    "classification", "model_repository", "model_repository(unload_dependents)", "schedule_policy",
    "model_configuration", "system_shared_memory", "cuda_shared_memory", "binary_tensor_data",
    "parameters", "statistics", "trace", "logging",
}  # fmt: skip
NOT_YET = {"sequence", "response_cache", "ensemble", "decoupled"}
PARTS = ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output",
         "cache_hit", "cache_miss"]  # fmt: skip


def test_health_calls_say_yes(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    for name in ["digits", "card_fraud_gbdt", "card_fraud_mlp", "word_count", "identity"]:
        assert client.is_model_ready(name), name
    assert client.is_model_ready("versions", "2")
    assert not client.is_model_ready("versions", "9")
    assert not client.is_model_ready("no_such_model")


def test_server_metadata_lists_what_works_and_nothing_else(client):
    metadata = client.read("get_server_metadata")
    assert metadata["name"] == "needletail"
    assert metadata["version"]
    listed = list(metadata["extensions"])
    assert len(listed) == len(set(listed))
    assert set(listed) & NOT_YET == set()
    assert "statistics" in listed
    assert set(listed) <= EXTENSIONS, set(listed) - EXTENSIONS
    for name in ["binary_tensor_data", "classification", "model_repository", "logging", "trace"]:
        assert name in listed


def test_model_metadata(client):
    metadata = client.read("get_model_metadata", "digits")
    assert metadata["name"] == "digits"
    assert metadata["versions"] == ["1"]
    assert metadata["platform"] == "onnxruntime_onnx"
    one = {key: value for key, value in metadata["inputs"][0].items()}
    assert (one["name"], one["datatype"]) == ("image", "FP32")
    assert [int(size) for size in one["shape"]] == [-1, 64]
    out = metadata["outputs"][0]
    assert (out["name"], [int(size) for size in out["shape"]]) == ("probabilities", [-1, 10])


def test_metadata_of_every_type_has_its_name(client):
    for dtype in model_zoo.DTYPES:
        metadata = client.read("get_model_metadata", f"identity_{dtype.lower()}")
        assert metadata["inputs"][0]["datatype"] == dtype
        assert metadata["outputs"][0]["datatype"] == dtype


def test_model_config_is_complete(client):
    answer = client.read("get_model_config", "digits")
    config = answer if client.is_http else answer["config"]
    assert config["name"] == "digits"
    assert config["platform"] == "onnxruntime_onnx"
    assert int(config["max_batch_size"]) == 64
    assert config["input"][0]["data_type"] == "TYPE_FP32"
    assert [int(size) for size in config["input"][0]["dims"]] == [64]
    assert config["output"][0]["label_filename"] == "labels.txt"
    assert "dynamic_batching" in config


def test_config_of_a_model_without_one_is_completed_from_the_model(client):
    answer = client.read("get_model_config", "card_fraud_mlp")
    config = answer if client.is_http else answer["config"]
    assert config["backend"] == "onnxruntime" or config["platform"] == "onnxruntime_onnx"
    assert int(config["max_batch_size"]) > 0
    assert [entry["name"] for entry in config["input"]] == ["transaction"]
    assert [entry["name"] for entry in config["output"]] == ["probability"]
    assert [int(size) for size in config["input"][0]["dims"]] == [30]


def test_index_lists_every_model_and_version(client):
    answer = client.read("get_model_repository_index")
    entries = answer if client.is_http else answer["models"]
    found = {(entry["name"], entry.get("version", "")): entry["state"] for entry in entries}
    for name in ["digits", "card_fraud_gbdt", "identity_bf16", "stats", "with space", "100%real"]:
        assert found[(name, "1")] == "READY"
    for version in "123":
        assert found[("versions", version)] == "READY"


def statistics(client, name="", version=""):
    answer = client.read("get_inference_statistics", name, version)
    return answer["model_stats"]


def count(part, field="count"):
    return int(part.get(field, 0))


def test_statistics_add_up(client):
    name = "identity_fp32"
    before = statistics(client, name)[0]
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    for _ in range(5):
        client.infer(name, [client.input("x", values, "FP32")])
    with pytest.raises(Exception):
        client.infer(name, [client.input("x", values, "FP32")], outputs=[client.output("nope")])
    after = statistics(client, name)[0]

    def grew(*path):
        a, b = after, before
        for key in path:
            a, b = a.get(key, {}), b.get(key, {})
        return int(a or 0) - int(b or 0)

    assert (after["name"], after["version"]) == (name, "1")
    assert grew("inference_count") == 10
    assert grew("execution_count") == 5
    assert grew("inference_stats", "success", "count") == 5
    assert grew("inference_stats", "queue", "count") == 5
    parts = [grew("inference_stats", part, "count") for part in
             ("compute_input", "compute_infer", "compute_output")]  # fmt: skip
    assert parts == [5, 5, 5]
    assert grew("inference_stats", "compute_infer", "ns") > 0
    inner = sum(grew("inference_stats", part, "ns") for part in
                ("queue", "compute_input", "compute_infer", "compute_output"))  # fmt: skip
    assert inner <= grew("inference_stats", "success", "ns")
    assert count(after, "last_inference") > 1_500_000_000_000
    sizes = {int(entry["batch_size"]): entry for entry in after["batch_stats"]}
    executions = sum(count(entry["compute_infer"]) for entry in sizes.values())
    assert executions == int(after["execution_count"])
    rows = sum(size * count(entry["compute_infer"]) for size, entry in sizes.items())
    assert rows == int(after["inference_count"])


def test_every_statistics_field_is_present_over_http(http):
    for entry in statistics(http):
        assert isinstance(entry["version"], str)
        assert isinstance(entry["inference_count"], int)
        assert isinstance(entry["execution_count"], int)
        assert isinstance(entry["last_inference"], int)
        for part in PARTS:
            assert isinstance(entry["inference_stats"][part]["count"], int), part
            assert isinstance(entry["inference_stats"][part]["ns"], int), part
        for batch in entry["batch_stats"]:
            for part in ("compute_input", "compute_infer", "compute_output"):
                assert batch[part]["count"] >= 0


def test_statistics_of_all_models_are_sorted(client):
    entries = statistics(client)
    keys = [(entry["name"], int(entry["version"])) for entry in entries]
    assert keys == sorted(keys)
    assert ("digits", 1) in keys
    versions = statistics(client, "versions")
    assert [entry["version"] for entry in versions] == ["1", "2", "3"]
    assert len(statistics(client, "versions", "2")) == 1


def test_log_settings_can_be_read_and_changed(client):
    def read(answer):
        if client.is_http:
            return answer
        return {key: next(iter(value.values())) if value else None
                for key, value in answer["settings"].items()}  # fmt: skip

    names = {"log_file", "log_info", "log_warning", "log_error", "log_verbose_level", "log_format"}
    before = read(client.read("get_log_settings"))
    assert names <= set(before)
    changed = read(client.read("update_log_settings", {"log_verbose_level": 1}))
    try:
        assert int(changed["log_verbose_level"]) == 1
        assert int(read(client.read("get_log_settings"))["log_verbose_level"]) == 1
    finally:
        client.update_log_settings({"log_verbose_level": 0})
    with pytest.raises(Exception, match="log_tango"):
        client.update_log_settings({"log_tango": True})
    with pytest.raises(Exception, match="log_file|log file"):
        client.update_log_settings({"log_file": "/tmp/elsewhere"})


def test_a_model_named_like_a_route_and_odd_names_work(client):
    values = np.array([[1.5, 2.5]], np.float32)
    for name in model_zoo.ODD_NAMES:
        assert client.is_model_ready(name), name
        # Over HTTP, /v2/models/stats without a version is the statistics of all models.
        version = "1" if name == "stats" else ""
        assert client.read("get_model_metadata", name, version)["name"] == name
        result = client.infer(name, [client.input("x", values, "FP32")])
        np.testing.assert_array_equal(result.as_numpy("y"), values)


def test_a_thousand_names_that_do_not_exist_are_all_not_found(client):
    for number in range(0, 1000, 97):
        with pytest.raises(Exception, match="is not found"):
            client.read("get_model_metadata", f"missing-{number}")
