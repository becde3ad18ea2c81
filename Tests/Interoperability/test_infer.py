"""Inference through the four Python clients, and its results against ONNX Runtime's own."""

import json
import pathlib

import numpy as np
import onnxruntime
import pytest

import model_zoo

DIGITS = model_zoo.EXAMPLES.parent / "digits"
NUMERIC = [name for name in model_zoo.DTYPES if name != "BYTES"]


def local_session(name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(model_zoo.EXAMPLES / name / "1" / "model.onnx"), options
    )


def same(actual, expected):
    if expected.dtype == np.object_:
        assert actual.tolist() == expected.tolist()
    else:
        np.testing.assert_array_equal(np.asarray(actual, expected.dtype), expected)


@pytest.mark.parametrize("dtype", model_zoo.DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 2), (1, 0)])
def test_identity_returns_every_type_unchanged(client, random, dtype, shape):
    values = model_zoo.random_array(dtype, shape, random)
    name = f"identity_{dtype.lower()}"
    result = client.infer(name, [client.input("x", values, dtype)], request_id="r1")
    assert result.get_output("y") is not None
    got = result.as_numpy("y")
    assert got.shape == shape
    same(got, values)


@pytest.mark.parametrize("name", ["card_fraud_gbdt", "card_fraud_mlp", "digits"])
@pytest.mark.parametrize("rows", [1, 4])
def test_numbers_in_answers_equal_onnx_runtime(client, random, name, rows):
    session = local_session(name)
    source = session.get_inputs()[0]
    values = random.normal(0, 2, (rows, source.shape[1])).astype(np.float32)
    expected = session.run(None, {source.name: values})
    result = client.infer(name, [client.input(source.name, values, "FP32")])
    for output, wanted in zip(session.get_outputs(), expected, strict=True):
        got = result.as_numpy(output.name)
        assert got.shape == wanted.shape
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


def test_word_count_and_identity_equal_onnx_runtime(client, random):
    texts = np.array([["to be or not"], [""], ["snö  is"]], dtype=object)
    expected = local_session("word_count").run(None, {"text": texts})[0]
    result = client.infer("word_count", [client.input("text", texts, "BYTES")])
    np.testing.assert_array_equal(result.as_numpy("count"), expected)
    values = random.normal(size=(2, 7)).astype(np.float32)
    result = client.infer("identity", [client.input("values", values, "FP32")])
    np.testing.assert_array_equal(result.as_numpy("same_values"), values)


def test_the_ten_committed_digits_get_their_committed_answers(server):
    for entry in json.loads((DIGITS / "expected.json").read_text()):
        status, answer = server.infer("digits", (DIGITS / entry["request"]).read_bytes())
        assert status == 200, answer
        assert answer["id"] == f"digit-{entry['written_digit']}"
        data = answer["outputs"][0]["data"]
        np.testing.assert_allclose(data, entry["probabilities"], atol=1e-4)
        assert int(np.argmax(data)) == entry["answered_digit"]


def test_request_id_and_version_come_back(client):
    values = np.array([[1.0]], np.float32)
    result = client.infer("versions", [client.input("x", values, "FP32")], request_id="a b\"c")
    response = result.get_response()
    if not client.is_http:
        response = {"id": response.id, "model_name": response.model_name,
                    "model_version": response.model_version}  # fmt: skip
    assert response["id"] == 'a b"c'
    assert response["model_name"] == "versions"
    assert response["model_version"] == "3"


@pytest.mark.parametrize(
    "version, answer", [("", 13), ("1", 11), ("2", 12), ("3", 13), ("latest", 13), ("stable", 12)]
)
def test_versions_by_number_and_by_alias(client, version, answer):
    values = np.array([[10.0]], np.float32)
    result = client.infer("versions", [client.input("x", values, "FP32")], model_version=version)
    assert result.as_numpy("y").tolist() == [[answer]]


def pair_inputs(client, random, **options):
    a = random.normal(size=(2, 4)).astype(np.float32)
    b = random.normal(size=(2, 4)).astype(np.float32)
    inputs = [client.input("a", a, "FP32", **options), client.input("b", b, "FP32", **options)]
    return a, b, inputs


def test_chosen_outputs_come_in_the_order_asked(client, random):
    a, b, inputs = pair_inputs(client, random)
    outputs = [client.output("difference"), client.output("sum")]
    result = client.infer("pair", inputs, outputs=outputs)
    np.testing.assert_array_equal(result.as_numpy("sum"), a + b)
    np.testing.assert_array_equal(result.as_numpy("difference"), a - b)
    only = client.infer("pair", inputs, outputs=[client.output("difference")])
    np.testing.assert_array_equal(only.as_numpy("difference"), a - b)
    assert only.as_numpy("sum") is None


def test_inputs_in_any_order(client, random):
    a, b, inputs = pair_inputs(client, random)
    result = client.infer("pair", inputs[::-1])
    np.testing.assert_array_equal(result.as_numpy("difference"), a - b)


@pytest.mark.parametrize("flavour_name", ["http", "http.aio"])
@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_binary_and_json_in_every_mix(server, random, flavour_name, binary_in, binary_out):
    from flavours import Flavour

    client = Flavour(flavour_name, server)
    try:
        a, b, inputs = pair_inputs(client, random, binary_data=binary_in)
        outputs = [
            client.output("sum", binary_data=binary_out),
            client.output("difference", binary_data=not binary_out),
        ]
        result = client.infer("pair", inputs, outputs=outputs)
        np.testing.assert_allclose(result.as_numpy("sum"), a + b, rtol=1e-6)
        np.testing.assert_allclose(result.as_numpy("difference"), a - b, rtol=1e-6)
        mixed = [client.input("a", a, "FP32", binary_data=True),
                 client.input("b", b, "FP32", binary_data=False)]  # fmt: skip
        result = client.infer("pair", mixed, outputs=outputs)
        np.testing.assert_allclose(result.as_numpy("sum"), a + b, rtol=1e-6)
    finally:
        client.close()


@pytest.mark.parametrize("dtype", [name for name in model_zoo.DTYPES if name not in
                                   ("FP16", "BF16")])  # fmt: skip
def test_json_tensors_of_every_type(http, random, dtype):
    values = model_zoo.random_array(dtype, (2, 3), random)
    if dtype == "BYTES":
        values = np.array([["", "snö", 'q"uote\\'], ["\n\t", "\u2028", "😀"]], dtype=object)
    name = f"identity_{dtype.lower()}"
    result = http.infer(
        name,
        [http.input("x", values, dtype, binary_data=False)],
        outputs=[http.output("y", binary_data=False)],
    )
    same(result.as_numpy("y"), values)


@pytest.mark.parametrize("request_compression", [None, "gzip", "deflate"])
@pytest.mark.parametrize("response_compression", [None, "gzip", "deflate"])
@pytest.mark.parametrize("binary", [True, False])
def test_http_compression_both_ways(
    http, random, request_compression, response_compression, binary
):
    values = np.repeat(random.normal(size=(4, 1)).astype(np.float32), 2000, axis=1)
    result = http.infer(
        "identity_fp32",
        [http.input("x", values, "FP32", binary_data=binary)],
        outputs=[http.output("y", binary_data=binary)],
        request_compression_algorithm=request_compression,
        response_compression_algorithm=response_compression,
    )
    np.testing.assert_allclose(result.as_numpy("y"), values, rtol=1e-6)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_grpc_compression(grpc, random, algorithm):
    values = np.repeat(random.normal(size=(4, 1)).astype(np.float32), 5000, axis=1)
    result = grpc.infer(
        "identity_fp32", [grpc.input("x", values, "FP32")], compression_algorithm=algorithm
    )
    np.testing.assert_array_equal(result.as_numpy("y"), values)


def test_messages_over_four_megabytes(client, random):
    values = random.normal(size=(8, 200_000)).astype(np.float32)
    result = client.infer("identity_fp32", [client.input("x", values, "FP32")])
    np.testing.assert_array_equal(result.as_numpy("y"), values)


def test_classification_uses_labels(client):
    request = json.loads((DIGITS / "7.json").read_text())
    image = np.array(request["inputs"][0]["data"], np.float32).reshape(1, 64)
    image = np.repeat(image, 2, axis=0)
    result = client.infer(
        "digits",
        [client.input("image", image, "FP32")],
        outputs=[client.output("probabilities", class_count=3)],
    )
    classes = result.as_numpy("probabilities")
    assert classes.shape == (2, 3)
    for row in classes:
        value, index, label = row[0].decode().split(":")
        assert (index, label) == ("7", "seven")
        assert float(value) > 0.5
        values = [float(entry.decode().split(":")[0]) for entry in row]
        assert values == sorted(values, reverse=True)


def test_classification_without_labels_has_value_and_index(client):
    values = np.array([[0.25, 4.0, -1.0]], np.float32)
    result = client.infer(
        "identity_fp32",
        [client.input("x", values, "FP32")],
        outputs=[client.output("y", class_count=2)],
    )
    entries = [entry.decode().split(":") for entry in result.as_numpy("y").reshape(-1)]
    assert [int(entry[1]) for entry in entries] == [1, 0]
    assert [float(entry[0]) for entry in entries] == [4.0, 0.25]


@pytest.mark.parametrize("sequence_id", [42, "trip-42"])
def test_sequence_and_priority_parameters_are_accepted(client, sequence_id):
    values = np.array([[1.0, 2.0]], np.float32)
    result = client.infer(
        "identity_fp32",
        [client.input("x", values, "FP32")],
        sequence_id=sequence_id,
        sequence_start=True,
        sequence_end=True,
        priority=1,
        timeout=20_000_000,
        parameters={"note": "text", "level": 3, "fast": True},
    )
    np.testing.assert_array_equal(result.as_numpy("y"), values)


def test_priority_levels_are_accepted(client, random):
    values = random.normal(size=(1, 30)).astype(np.float32)
    for priority in (0, 1, 2):
        result = client.infer(
            "card_fraud_gbdt", [client.input("transaction", values, "FP32")], priority=priority
        )
        assert result.as_numpy("probabilities").shape == (1, 2)


def test_nan_and_infinity_pass_through(client):
    values = np.array([[np.nan, np.inf, -np.inf, -0.0]], np.float32)
    result = client.infer("identity_fp32", [client.input("x", values, "FP32")])
    np.testing.assert_array_equal(result.as_numpy("y"), values)


def test_every_example_model_is_under_a_megabyte():
    for path in model_zoo.EXAMPLES.rglob("*"):
        if path.is_file():
            assert path.stat().st_size < 1_000_000, path
    assert (pathlib.Path(DIGITS) / "expected.json").exists()
