"""gRPC beyond one call: streams, cancellation, deadlines, typed contents, health, reflection."""

import json
import queue
import time

import grpc as grpc_library
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from google.protobuf.descriptor_pool import DescriptorPool
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

import model_zoo

WAIT = 30


class Answers(queue.Queue):
    """Collects what a stream's callback is given."""

    def __call__(self, result, error):
        self.put((result, error))

    def take(self, count):
        return [self.get(timeout=WAIT) for _ in range(count)]


def stream_input(grpc, *numbers):
    return [grpc.input("x", np.array([numbers], np.float32), "FP32")]


def test_a_stream_answers_in_order(grpc):
    answers = Answers()
    grpc.client.start_stream(answers)
    for number in range(200):
        grpc.client.async_stream_infer(
            "identity_fp32", stream_input(grpc, number), request_id=str(number)
        )
    got = answers.take(200)
    grpc.client.stop_stream()
    assert [error for _, error in got if error] == []
    assert [result.get_response().id for result, _ in got] == [str(n) for n in range(200)]
    assert [result.as_numpy("y")[0, 0] for result, _ in got] == list(range(200))


def test_a_slow_answer_keeps_its_place_in_the_stream(grpc):
    answers = Answers()
    grpc.client.start_stream(answers)
    rounds = np.array([model_zoo.rounds_for(0.2)], np.int64)
    grpc.client.async_stream_infer("slow", [grpc.input("rounds", rounds, "INT64")])
    for number in range(5):
        grpc.client.async_stream_infer("identity_fp32", stream_input(grpc, number))
    got = answers.take(6)
    grpc.client.stop_stream()
    assert got[0][0].as_numpy("done").tolist() == rounds.tolist()
    assert [result.as_numpy("y")[0, 0] for result, _ in got[1:]] == list(range(5))


def test_an_error_in_a_stream_is_a_message_and_the_stream_goes_on(grpc):
    answers = Answers()
    grpc.client.start_stream(answers)
    grpc.client.async_stream_infer("identity_fp32", stream_input(grpc, 1))
    grpc.client.async_stream_infer("missing", stream_input(grpc, 2))
    grpc.client.async_stream_infer("identity_fp32", stream_input(grpc, 3))
    got = answers.take(3)
    grpc.client.stop_stream()
    assert got[0][1] is None
    assert "unknown model: 'missing' is not found" in got[1][1].message()
    assert got[2][1] is None and got[2][0].as_numpy("y").tolist() == [[3]]


def test_triton_grpc_error_closes_the_stream_with_a_status(grpc):
    answers = Answers()
    grpc.client.start_stream(answers, headers={"triton_grpc_error": "true"})
    grpc.client.async_stream_infer("missing", stream_input(grpc, 2))
    error = answers.take(1)[0][1]
    grpc.client.stop_stream()
    assert error.status() == "StatusCode.NOT_FOUND"
    assert "is not found" in error.message()


@pytest.mark.parametrize("asks", [True, False])
def test_the_final_response_marker(grpc, asks):
    answers = Answers()
    grpc.client.start_stream(answers)
    grpc.client.async_stream_infer(
        "identity_fp32", stream_input(grpc, 1), enable_empty_final_response=asks
    )
    response = answers.take(1)[0][0].get_response()
    grpc.client.stop_stream()
    assert len(response.outputs) == 1, "an answer that is its own last one is not sent twice"
    if asks:
        assert response.parameters["triton_final_response"].bool_param


def test_unary_calls_ignore_the_empty_final_response_parameter(grpc):
    request = typed_request("FP32", "fp32_contents", [1.0, 2.0])
    request.parameters["triton_enable_empty_final_response"].bool_param = True
    response = grpc.client._client_stub.ModelInfer(request, timeout=WAIT)
    assert len(response.outputs) == 1


def test_many_requests_at_once_over_one_connection(grpc):
    answers = Answers()
    for number in range(300):
        grpc.client.async_infer("identity_fp32", stream_input(grpc, number), answers)
    got = answers.take(300)
    assert [error for _, error in got if error] == []
    assert sorted(int(result.as_numpy("y")[0, 0]) for result, _ in got) == list(range(300))


def test_cancelling_leaves_the_queue(grpc):
    rounds = np.array([model_zoo.rounds_for(0.5)], np.int64)
    inputs = [grpc.input("rounds", rounds, "INT64")]
    first, cancelled, last = Answers(), Answers(), Answers()
    grpc.client.async_infer("slow", inputs, first)
    contexts = [grpc.client.async_infer("slow", inputs, cancelled) for _ in range(20)]
    time.sleep(0.1)
    for context in contexts:
        context.cancel()
    for _, error in cancelled.take(20):
        assert error is not None and "CANCELLED" in str(error.status())
    started = time.monotonic()
    grpc.client.async_infer("slow", inputs, last)
    assert first.take(1)[0][1] is None
    assert last.take(1)[0][1] is None
    assert time.monotonic() - started < 6, "cancelled requests were run"


@pytest.mark.parametrize("way", ["timeout parameter", "grpc deadline"])
def test_a_deadline_that_cannot_be_met_is_refused(grpc, way):
    rounds = np.array([model_zoo.rounds_for(0.6)], np.int64)
    inputs = [grpc.input("rounds", rounds, "INT64")]
    first = Answers()
    grpc.client.async_infer("slow", inputs, first)
    time.sleep(0.1)
    short = [grpc.input("rounds", np.array([1], np.int64), "INT64")]
    options = {"timeout": 50_000} if way == "timeout parameter" else {"client_timeout": 0.05}
    started = time.monotonic()
    with pytest.raises(InferenceServerException) as caught:
        grpc.client.infer("slow", short, **options)
    assert time.monotonic() - started < 0.5
    assert str(caught.value.status()).split(".")[-1] in ("DEADLINE_EXCEEDED", "UNAVAILABLE")
    assert first.take(1)[0][1] is None


@pytest.mark.parametrize("way", ["parameter", "header"])
def test_a_deadline_over_http_is_refused_with_a_reason(server, grpc, way):
    rounds = np.array([model_zoo.rounds_for(0.6)], np.int64)
    first = Answers()
    grpc.client.async_infer("slow", [grpc.input("rounds", rounds, "INT64")], first)
    time.sleep(0.1)
    tensor = {"name": "rounds", "shape": [1], "datatype": "INT64", "data": [1]}
    body, headers = {"inputs": [tensor]}, {}
    if way == "parameter":
        body["parameters"] = {"timeout": 50_000}
    else:
        headers["Needletail-Timeout-Us"] = "50000"
    status, answer_headers, data = server.post("/v2/models/slow/infer", body, headers)
    answer = json.loads(data)
    assert next(iter(answer)) == "error"
    if status == 503:
        assert "deadline out of reach" in answer["error"]
        assert answer["code"] == "DEADLINE_UNREACHABLE"
        assert answer["predicted_wait_us"] > 0
        assert int(answer_headers["Retry-After"]) >= 1
    else:
        assert status == 504
        assert "Request timeout expired" in answer["error"]
    assert first.take(1)[0][1] is None


FIELDS = {
    "BOOL": ("bool_contents", [True, False]),
    "INT8": ("int_contents", [-128, 127]),
    "INT16": ("int_contents", [-32768, 32767]),
    "INT32": ("int_contents", [-(2**31), 2**31 - 1]),
    "INT64": ("int64_contents", [-(2**63), 2**63 - 1]),
    "UINT8": ("uint_contents", [0, 255]),
    "UINT16": ("uint_contents", [0, 65535]),
    "UINT32": ("uint_contents", [0, 2**32 - 1]),
    "UINT64": ("uint64_contents", [0, 2**64 - 1]),
    "FP32": ("fp32_contents", [1.5, -0.0]),
    "FP64": ("fp64_contents", [1.25e300, -1.0]),
    "BYTES": ("bytes_contents", [b"", b"\x00\xff"]),
}


def typed_request(dtype, field, values):
    request = service_pb2.ModelInferRequest(model_name=f"identity_{dtype.lower()}")
    tensor = request.inputs.add(name="x", datatype=dtype)
    tensor.shape.extend([1, len(values)])
    getattr(tensor.contents, field).extend(values)
    return request


@pytest.mark.parametrize("dtype", FIELDS)
def test_typed_contents_of_every_type_are_answered_raw(grpc, dtype):
    field, values = FIELDS[dtype]
    request = typed_request(dtype, field, values)
    response = grpc.client._client_stub.ModelInfer(request, timeout=WAIT)
    assert len(response.raw_output_contents) == len(response.outputs) == 1
    assert response.outputs[0].datatype == dtype
    raw = response.raw_output_contents[0]
    if dtype == "BYTES":
        assert raw == b"\0\0\0\0" + b"\x02\0\0\0\x00\xff"
    else:
        got = np.frombuffer(raw, model_zoo.DTYPES[dtype][2])
        np.testing.assert_array_equal(got, np.array(values, model_zoo.DTYPES[dtype][2]))


@pytest.mark.parametrize("dtype, field", [("INT8", "int_contents"), ("UINT16", "uint_contents")])
def test_typed_values_out_of_range_are_refused(grpc, dtype, field):
    with pytest.raises(grpc_library.RpcError) as caught:
        grpc.client._client_stub.ModelInfer(typed_request(dtype, field, [70_000]), timeout=WAIT)
    assert caught.value.code().name == "INVALID_ARGUMENT"


def test_trailing_metadata_says_where_the_time_went(grpc):
    request = typed_request("FP32", "fp32_contents", [1.0])
    _, call = grpc.client._client_stub.ModelInfer.with_call(request, timeout=WAIT)
    metadata = {entry.key: entry.value for entry in call.trailing_metadata()}
    timing = metadata.get("server-timing")
    assert timing, metadata
    for stage in ("decode", "queue", "run"):
        assert stage in timing


def test_health_check_and_watch(server, grpc):
    with grpc_library.insecure_channel(server.grpc) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        serving = health_pb2.HealthCheckResponse.SERVING
        for service in ("", "inference.GRPCInferenceService", "digits"):
            request = health_pb2.HealthCheckRequest(service=service)
            assert stub.Check(request, timeout=WAIT).status == serving, service
        with pytest.raises(grpc_library.RpcError) as caught:
            stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=WAIT)
        assert caught.value.code().name == "NOT_FOUND"
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="fixed"), timeout=WAIT)
        assert next(watch).status == serving
        grpc.client.unload_model("fixed")
        try:
            assert next(watch).status != serving
        finally:
            grpc.client.load_model("fixed")
        assert next(watch).status == serving
        watch.cancel()
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="no.such"), timeout=WAIT)
        assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        unknown.cancel()


def test_reflection_describes_the_service(server):
    with grpc_library.insecure_channel(server.grpc) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = set(database.get_services())
        assert "inference.GRPCInferenceService" in services
        assert "grpc.health.v1.Health" in services
        pool = DescriptorPool(database)
        service = pool.FindServiceByName("inference.GRPCInferenceService")
        methods = {method.name for method in service.methods}
        assert {"ModelInfer", "ModelStreamInfer", "ModelStatistics", "TraceSetting"} <= methods
        message = pool.FindMessageTypeByName("inference.ModelInferRequest")
        assert message.fields_by_name["raw_input_contents"].number == 7


def test_every_rpc_of_the_service_is_there(server):
    """None but those for sequences may be unimplemented; CUDA memory answers as a CPU build."""
    with grpc_library.insecure_channel(server.grpc) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        assert stub.ServerLive(service_pb2.ServerLiveRequest(), timeout=WAIT).live
        assert stub.ServerReady(service_pb2.ServerReadyRequest(), timeout=WAIT).ready
        status = stub.CudaSharedMemoryStatus(
            service_pb2.CudaSharedMemoryStatusRequest(), timeout=WAIT
        )
        assert len(status.regions) == 0
        stub.CudaSharedMemoryUnregister(
            service_pb2.CudaSharedMemoryUnregisterRequest(), timeout=WAIT
        )
        with pytest.raises(grpc_library.RpcError) as caught:
            stub.CudaSharedMemoryRegister(
                service_pb2.CudaSharedMemoryRegisterRequest(
                    name="r", raw_handle=b"\0" * 64, byte_size=64
                ),
                timeout=WAIT,
            )
        assert caught.value.code().name == "UNIMPLEMENTED"
