"""Decisions over gRPC: grpcio as it is, with messages learnt from the server's reflection."""

import json
import pathlib
import re
import shutil
import threading

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from server_process import ServerProcess

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "Examples" / "card-fraud"
PAYMENTS = [
    json.loads(line)
    for line in (EXAMPLE / "payments.ndjson").read_text(encoding="utf-8").splitlines()
]
WAIT = 30


class Client:
    """Calls the methods of `needletail.v1` by name, with messages as Python values."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.reflection = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.reflection)

    def close(self):
        self.channel.close()

    def message(self, name):
        return GetMessageClass(self.pool.FindMessageTypeByName("needletail.v1." + name))

    def method(self, name):
        service, method = name.split(".")
        found = self.pool.FindServiceByName("needletail.v1." + service).methods_by_name[method]
        request = GetMessageClass(found.input_type)
        answer = GetMessageClass(found.output_type)
        make = (
            self.channel.stream_stream if found.client_streaming else self.channel.unary_unary
        )
        call = make(
            f"/needletail.v1.{service}/{method}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call, request

    def call(self, name, timeout=WAIT, **fields):
        call, request = self.method(name)
        return call(request(**fields), timeout=timeout)

    def value(self, value):
        kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
        return self.message("Value")(**{kinds[type(value)]: value})

    def values(self, members):
        return {name: self.value(value) for name, value in members.items()}

    def decide(self, payment, timeout=WAIT, **fields):
        return self.call(
            "Decisions.Decide", timeout, pipeline="card-fraud", input=self.values(payment),
            **fields)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline")
    text = (EXAMPLE / "pipeline.yaml").read_text(encoding="utf-8")
    # What is tested is the protocol, on machines that may be slow: there is time for everything.
    text = re.sub(r"\btotal: \w+", "total: 20s", text)
    text = re.sub(r"\btimeout: \w+", "timeout: 5s", text)
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    shutil.copy(EXAMPLE / "views.yaml", folder)
    with ServerProcess(
        ROOT / "Examples" / "models", "--pipeline", folder / "pipeline.yaml",
        "--state", folder / "state",
    ) as process:  # fmt: skip
        yield process


@pytest.fixture
def client(served):
    made = Client(served.grpc)
    yield made
    made.close()
    assert served.is_alive, served.log()


def payment(index, **changes):
    return {**PAYMENTS[index % len(PAYMENTS)], "transaction_id": f"grpc-{index}", **changes}


def test_reflection_knows_the_services(client):
    services = client.reflection.get_services()
    for name in ["Decisions", "Events", "Features", "Records", "Pipelines"]:
        assert f"needletail.v1.{name}" in services


def test_a_payment_is_decided_and_a_repetition_gets_the_same(client):
    first = client.decide(payment(0), features=True)
    assert first.outcome in ("approve", "decline", "review")
    assert first.request_id == "grpc-0" and first.pipeline == "card-fraud"
    assert len(first.id) == 26 and len(first.digest) == 64
    assert first.decided_by == "gate" or len(first.features) == 30
    assert first.stages[-1].name == "total" and first.stages[-1].ns > 0
    again = client.decide(payment(0))
    assert again.id == first.id and again.outcome == first.outcome


def test_what_is_wrong_is_said_with_details(client):
    with pytest.raises(grpc.RpcError) as caught:
        client.decide(payment(1, amount=-5.0, country="Germany"))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "amount: " in caught.value.details() and "country: " in caught.value.details()
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    assert b"google.rpc.BadRequest" in details and b"INVALID_ARGUMENT" in details
    with pytest.raises(grpc.RpcError) as caught:
        client.call("Decisions.Decide", pipeline="card-frad")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    assert "card-fraud" in caught.value.details()


def test_many_are_decided_in_order(client):
    input_type = client.message("DecideManyRequest").Input
    inputs = [input_type(values=client.values(payment(index))) for index in range(100, 400)]
    inputs[7] = input_type(values={"amount": client.value("much")})
    answer = client.call("Decisions.DecideMany", pipeline="card-fraud", inputs=inputs)
    assert len(answer.results) == 300
    for index, result in enumerate(answer.results):
        if index == 7:
            assert result.error.status == grpc.StatusCode.INVALID_ARGUMENT.value[0]
            assert "amount" in [problem.field for problem in result.error.problems]
        else:
            assert result.decision.request_id == f"grpc-{100 + index}"


def test_a_stream_answers_in_order_while_it_is_sent(client):
    call, request = client.method("Decisions.DecideStream")
    sent = threading.Semaphore(0)

    def requests():
        for index in range(500, 1000):
            if index >= 900:
                # From here on one request waits for the answer to another.
                assert sent.acquire(timeout=WAIT)
            yield request(pipeline="card-fraud", input=client.values(payment(index)))

    count = 0
    for result in call(requests(), timeout=WAIT):
        assert result.decision.request_id == f"grpc-{500 + count}", result
        count += 1
        sent.release()
    assert count == 500


def test_events_count_once_and_features_show_it(client):
    event = client.message("Event")
    events = [
        event(values=client.values({
            "transaction_id": f"event-{index}", "time": f"2026-06-01T10:{index % 50:02}:00Z",
            "card": "card-of-grpc", "terminal": "t", "country": "DE", "amount": 10.0,
        }))
        for index in range(150)
    ]  # fmt: skip
    events[10] = event(values=client.values({"card": "card-of-grpc"}))
    counts = client.call("Events.Append", source="card_transactions", events=events)
    assert (counts.accepted + counts.late, counts.refused) == (149, 1)
    assert [(one.index, one.error) for one in counts.refusals] == [(10, "'time' is missing")]
    again = client.call("Events.Append", source="card_transactions", events=events)
    assert again.accepted == 0 and again.duplicate + again.late == 149
    # 2026-06-01T10:50:00Z
    at = 1_780_311_000_000_000_000
    answer = client.call(
        "Features.Get", service="payment", at_ns=at,
        request=client.values({
            "card": "card-of-grpc", "terminal": "t", "country": "DE", "amount": 1.0,
        }),
    )  # fmt: skip
    values = {one.name: one.value for one in answer.features}
    assert values["card_activity.count_24h"] == counts.accepted
    call, request = client.method("Events.AppendStream")
    batches = [request(source="card_transactions", events=events[:5]) for _ in range(20)]
    answers = list(call(iter(batches), timeout=WAIT))
    assert [one.duplicate + one.late for one in answers] == [5] * 20


def test_records_hold_what_was_decided(client):
    made = client.decide(payment(1200))
    found = client.call("Records.Get", id=made.id)
    assert found.request_id == "grpc-1200" and found.outcome == made.outcome
    assert len(found.hash) == 32
    body = json.loads(found.body)
    assert body["id"] == made.id and PAYMENTS[1200]["card"] not in found.body
    by_request = client.call("Records.Get", pipeline="card-fraud", request_id="grpc-1200")
    assert by_request.id == made.id
    seen = []
    after = ""
    while True:
        page = client.call("Records.List", pipeline="card-fraud", limit=100, after=after)
        seen += [record.id for record in page.records]
        after = page.next
        if not after:
            break
    assert made.id in seen and len(seen) == len(set(seen))
    with pytest.raises(grpc.RpcError) as caught:
        client.call("Records.Get", id="01J8ZQ4T3V9X")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_pipelines_are_listed_and_reloaded(client):
    served = client.call("Pipelines.List").pipelines
    assert [one.name for one in served] == ["card-fraud"]
    assert [tier.breaker for tier in served[0].tiers] == ["closed", "closed"]
    changes = client.call("Pipelines.Reload").changes
    assert [(one.pipeline, one.change) for one in changes] == [("card-fraud", "unchanged")]


def test_a_deadline_is_kept(client):
    for microseconds in (1, 50, 500, 5_000):
        try:
            made = client.decide(payment(1300 + microseconds), timeout=microseconds / 1e6)
            assert made.outcome
        except grpc.RpcError as error:
            assert error.code() in (
                grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)  # fmt: skip
    assert client.decide(payment(1400)).outcome


def test_many_callers_at_once_get_one_decision_each(client):
    call, request = client.method("Decisions.Decide")
    futures = [
        call.future(
            request(pipeline="card-fraud", input=client.values(payment(1500 + index % 200))),
            timeout=WAIT)  # fmt: skip
        for index in range(1000)
    ]
    ids = {}
    for index, future in enumerate(futures):
        made = future.result()
        assert ids.setdefault(index % 200, made.id) == made.id
    assert len(set(ids.values())) == 200
