"""Error texts and codes over both protocols: what clients search for and branch on."""

import json

import grpc as grpc_library
import numpy as np
import pytest
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

# Reason: (gRPC status, HTTP status).
NOT_FOUND = ("NOT_FOUND", 404)
INVALID = ("INVALID_ARGUMENT", 400)


def refused(client, code, text, call):
    with pytest.raises(InferenceServerException) as caught:
        call()
    assert text.lower() in caught.value.message().lower()
    grpc_code, http_code = code
    wanted = str(http_code) if client.is_http else f"StatusCode.{grpc_code}"
    assert caught.value.status() == wanted


def values(*shape):
    return np.zeros(shape, np.float32)


def test_an_unknown_model_is_not_found(client):
    inputs = [client.input("x", values(1, 1), "FP32")]
    text = "Request for unknown model: 'missing' is not found"
    refused(client, NOT_FOUND, text, lambda: client.infer("missing", inputs))
    refused(client, NOT_FOUND, text, lambda: client.get_model_metadata("missing"))
    refused(client, NOT_FOUND, text, lambda: client.get_model_config("missing"))
    refused(
        client, NOT_FOUND, "is not found", lambda: client.get_inference_statistics("missing")
    )


def test_an_unknown_version_is_not_found(client):
    inputs = [client.input("x", values(1, 1), "FP32")]
    for version in ("9", "nightly"):
        refused(
            client, NOT_FOUND, version, lambda: client.infer("versions", inputs, version)
        )


def test_an_unknown_input_names_what_is_missing(client):
    inputs = [client.input("z", values(1, 4), "FP32")]
    refused(client, INVALID, "z", lambda: client.infer("pair", inputs))


def test_a_missing_input_says_how_many_are_expected(client):
    inputs = [client.input("a", values(1, 4), "FP32")]
    refused(
        client,
        INVALID,
        "expected 2 inputs but got 1 inputs for model 'pair'",
        lambda: client.infer("pair", inputs),
    )


def test_an_input_given_twice_is_refused(client):
    inputs = [client.input("x", values(1, 1), "FP32")] * 2
    refused(client, INVALID, "'x'", lambda: client.infer("identity_fp32", inputs))


def test_a_wrong_shape_shows_both_shapes(client):
    inputs = [client.input("a", values(1, 3), "FP32"), client.input("b", values(1, 4), "FP32")]
    refused(
        client,
        INVALID,
        "unexpected shape for input 'a' for model 'pair'. Expected [-1,4], got [1,3]",
        lambda: client.infer("pair", inputs),
    )


def test_a_wrong_type_shows_both_types(client):
    inputs = [client.input("x", np.zeros((1, 1), np.int64), "INT64")]
    refused(
        client,
        INVALID,
        "inference input 'x' data-type is 'INT64', but model 'identity_fp32' expects 'FP32'",
        lambda: client.infer("identity_fp32", inputs),
    )


def test_a_batch_that_is_too_large_says_the_limit(client):
    inputs = [client.input("x", values(9, 1), "FP32")]
    refused(
        client,
        INVALID,
        "batch-size must be <= 8 for 'identity_fp32'",
        lambda: client.infer("identity_fp32", inputs),
    )


def test_batch_sizes_that_differ_are_refused(client):
    inputs = [client.input("a", values(1, 4), "FP32"), client.input("b", values(2, 4), "FP32")]
    refused(client, INVALID, "batch size", lambda: client.infer("pair", inputs))


def test_an_unknown_output_is_refused(client):
    inputs = [client.input("x", values(1, 1), "FP32")]
    refused(
        client,
        INVALID,
        "unexpected inference output 'nope'",
        lambda: client.infer("identity_fp32", inputs, outputs=[client.output("nope")]),
    )


def test_a_run_that_fails_says_why_and_later_requests_are_fine(client):
    bad = [client.input("index", np.array([[7]], np.int64), "INT64")]
    # The runtime itself says that the value is out of range, so the request is at fault.
    refused(client, INVALID, "out of", lambda: client.infer("picky", bad))
    good = [client.input("index", np.array([[2]], np.int64), "INT64")]
    assert client.infer("picky", good).as_numpy("value").tolist() == [[2.0]]


def test_reserved_parameters_are_refused_over_http(http):
    body = {
        "inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}],
        "parameters": {"triton_something": 1},
    }
    # The Python client refuses such a name itself; the server must too.
    refused_body(http, body, "triton_")


def refused_body(http, body, text):
    response = http.client._post("v2/models/identity_fp32/infer", json.dumps(body), None, None)
    assert response.status_code == 400
    assert text in json.loads(response.read())["error"]


@pytest.mark.parametrize(
    "body, text",
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b'{"inputs":[]}', "inputs"),
        (b'{"inputs":{}}', "["),
        (b'{"inputs":[{"name":"x"}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32"}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1]}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1,2]}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":["a"]}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[-1,1],"datatype":"FP32","data":[1]}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP33","data":[1]}]}', "FP33"),
        (b'{"inputs":[{"name":"x","shape":[99999999999,99999999999],"datatype":"FP32",'
         b'"data":[1]}]}', ""),
        (b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}}', ""),
        (b'\xff\xfe{"inputs"', ""),
    ],
)  # fmt: skip
def test_bad_json_is_a_400_with_an_error_first(server, body, text):
    status, _, data = server.post("/v2/models/identity_fp32/infer", body)
    assert status == 400, data
    answer = json.loads(data)
    assert next(iter(answer)) == "error"
    assert text in answer["error"]
    assert len(answer["error"]) > 10


@pytest.mark.parametrize("dtype", ["FP16", "BF16"])
def test_half_precision_is_refused_in_json_both_ways(server, dtype):
    name = f"identity_{dtype.lower()}"
    body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": dtype, "data": [1.0]}]}
    status, answer = server.infer(name, body)
    assert status == 400
    assert f"{dtype} data via JSON is not supported" in answer["error"]
    header = json.dumps(
        {
            "inputs": [
                {"name": "x", "shape": [1, 1], "datatype": dtype,
                 "parameters": {"binary_data_size": 2}}
            ],
            "outputs": [{"name": "y", "parameters": {"binary_data": False}}],
        }
    ).encode()  # fmt: skip
    status, answer = server.infer(
        name, header + b"\0\0", {"Inference-Header-Content-Length": str(len(header))}
    )
    assert status == 400
    assert f"{dtype} data via JSON is not supported" in answer["error"]


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/v2/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/v2/models/identity_fp32/nothing", 404),
        ("DELETE", "/v2", 405),
        ("GET", "/v2/models/identity_fp32/infer", 405),
        ("POST", "/v2/health/live", 405),
        ("PUT", "/v2/repository/index", 405),
    ],
)
def test_unknown_paths_and_wrong_verbs(server, method, path, status):
    got, _, data = server.request(method, path)
    assert got == status
    assert next(iter(json.loads(data))) == "error"


def infer_request(**changes):
    request = service_pb2.ModelInferRequest(model_name="identity_fp32")
    tensor = request.inputs.add(name="x", datatype="FP32")
    tensor.shape.extend([1, 2])
    return request


def grpc_refusal(grpc, request):
    with pytest.raises(grpc_library.RpcError) as caught:
        grpc.client._client_stub.ModelInfer(request, timeout=20)
    return caught.value.code().name, caught.value.details()


def test_raw_and_typed_contents_together_are_refused(grpc):
    request = infer_request()
    request.inputs[0].contents.fp32_contents.extend([1, 2])
    request.raw_input_contents.append(b"\0" * 8)
    code, _ = grpc_refusal(grpc, request)
    assert code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("raw", [[], [b""], [b"\0" * 7], [b"\0" * 9], [b"\0" * 8] * 2])
def test_raw_contents_of_the_wrong_size_or_number_are_refused(grpc, raw):
    request = infer_request()
    request.raw_input_contents.extend(raw)
    assert grpc_refusal(grpc, request)[0] == "INVALID_ARGUMENT"


def test_typed_contents_of_the_wrong_field_are_refused(grpc):
    request = infer_request()
    request.inputs[0].contents.int_contents.extend([1, 2])
    assert grpc_refusal(grpc, request)[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("shape", [[-1, 2], [2**62, 2**62], [1] * 40, []])
def test_impossible_shapes_are_refused(grpc, shape):
    request = infer_request()
    del request.inputs[0].shape[:]
    request.inputs[0].shape.extend(shape)
    request.raw_input_contents.append(b"\0" * 8)
    assert grpc_refusal(grpc, request)[0] == "INVALID_ARGUMENT"


def test_bytes_whose_lengths_lie_are_refused(grpc):
    for raw in (b"\xff\xff\xff\xff", b"\x05\0\0\0abc", b"\x01\0\0", b"\0\0\0\0\0\0\0\0"):
        request = service_pb2.ModelInferRequest(model_name="identity_bytes")
        tensor = request.inputs.add(name="x", datatype="BYTES")
        tensor.shape.extend([1, 1])
        request.raw_input_contents.append(raw)
        assert grpc_refusal(grpc, request)[0] == "INVALID_ARGUMENT", raw


def test_an_unknown_grpc_method_is_unimplemented(server):
    with grpc_library.insecure_channel(server.grpc) as channel:
        call = channel.unary_unary("/inference.GRPCInferenceService/ModelDream")
        with pytest.raises(grpc_library.RpcError) as caught:
            call(b"", timeout=10)
    assert caught.value.code().name == "UNIMPLEMENTED"


def test_a_message_that_is_not_protobuf_is_refused(server):
    with grpc_library.insecure_channel(server.grpc) as channel:
        for method in ("ModelInfer", "ModelMetadata"):
            call = channel.unary_unary(f"/inference.GRPCInferenceService/{method}")
            for body in (b"\xff" * 20, b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05abc"):
                with pytest.raises(grpc_library.RpcError) as caught:
                    call(body, timeout=10)
                assert caught.value.code().name in ("INVALID_ARGUMENT", "INTERNAL")
