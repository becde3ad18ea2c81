"""Pipelines of two models whose dearer one does what each request tells it to."""

import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import model_zoo

CASCADE = """
name: NAME
outcomes: [approve, decline, review]
input:
  id: id
  fields:
    id: {type: string, max_length: 64}
    amount: {type: double, min: 0, max: 1000}
    effort: double
budget: {total: TOTAL, reserve: 20ms}
concurrency: CONCURRENCY
tiers:
  - {name: middle, model: middle, inputs: {x: [amount]}, score: score,
     approve_below: 0.2, decline_from: 0.8, timeout: 100ms}
  - {name: heavy, model: HEAVY, inputs: {x: [amount, effort]}, score: score,
     approve_below: 0.5, decline_from: 0.5, timeout: TIMEOUT, breaker: BREAKER}
escalation: {target: CAP, cap: CAP, requests: 10}
fallback:
  - {tier: middle, approve_below: 0.15, decline_from: 0.6, otherwise: review}
  - {decide: review, reason: FALLBACK}
durability: group
"""
FAILS = -2


def heavy_bytes():
    """Answers amount / 1000. Takes `effort` rounds for it; fails in the run if that is -2."""
    loop = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("MatMul", ["matrix_in", "turn"], ["matrix_out"]),
        ],
        "loop",
        [
            model_zoo.tensor("round", TensorProto.INT64, []),
            model_zoo.tensor("go_in", TensorProto.BOOL, []),
            model_zoo.tensor("matrix_in", TensorProto.FLOAT, [64, 64]),
        ],
        [
            model_zoo.tensor("go_out", TensorProto.BOOL, []),
            model_zoo.tensor("matrix_out", TensorProto.FLOAT, [64, 64]),
        ],
    )
    node = helper.make_node
    eye = np.eye(64, dtype=np.float32)
    constants = {
        "start": eye, "turn": np.roll(eye, 1, axis=0), "thousand": np.float32(1_000),
        "zero": np.float32(0), "first": np.int64(0), "second": np.int64(1),
        "table": np.zeros(1, np.float32), "axis": np.array([1], np.int64),
    }  # fmt: skip
    return model_zoo.model_bytes(
        "heavy",
        [
            node("Gather", ["x", "first"], ["amount"], axis=1),
            node("Gather", ["x", "second"], ["effort"], axis=1),
            node("ReduceMax", ["effort"], ["most"], keepdims=0),
            node("Max", ["most", "zero"], ["rounds"]),
            node("Cast", ["rounds"], ["trips"], to=TensorProto.INT64),
            node("Loop", ["trips", "", "start"], ["matrix"], body=loop),
            node("ReduceSum", ["matrix"], ["sum"], keepdims=0),
            node("Mul", ["sum", "zero"], ["nothing"]),
            node("Min", ["effort", "zero"], ["below"]),
            node("Cast", ["below"], ["index"], to=TensorProto.INT64),
            node("Gather", ["table", "index"], ["looked_up"]),
            node("Div", ["amount", "thousand"], ["share"]),
            node("Sum", ["share", "looked_up", "nothing"], ["flat"]),
            node("Unsqueeze", ["flat", "axis"], ["score"]),
        ],
        [model_zoo.tensor("x", TensorProto.FLOAT, ["batch", 2])],
        [model_zoo.tensor("score", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )


def middle_bytes():
    return model_zoo.model_bytes(
        "middle",
        [helper.make_node("Div", ["x", "thousand"], ["score"])],
        [model_zoo.tensor("x", TensorProto.FLOAT, ["batch", 1])],
        [model_zoo.tensor("score", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.float32(1_000), "thousand")],
    )


def write_cascade(folder, name, **options):
    values = {
        "TOTAL": "600ms", "TIMEOUT": "300ms", "CONCURRENCY": "4096", "HEAVY": "heavy",
        "CAP": "100%", "BREAKER": "{calls: 100000}", **options}  # fmt: skip
    text = CASCADE.replace("NAME", name)
    for key, value in values.items():
        text = text.replace(key, value)
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def write_tiers(folder):
    """The models: `heavy` takes one row at a time, `batched` many."""
    threads = 'parameters { key: "needletail.execution" value { string_value: "threads" } }\n'
    single = "max_batch_size: 0\ninstance_group [ { count: 1 kind: KIND_CPU } ]\n" + threads
    model_zoo.write(folder, "middle", middle_bytes())
    model_zoo.write(folder, "heavy", heavy_bytes(), single)
    model_zoo.write(folder, "batched", heavy_bytes(), model_zoo.BATCHING + threads)
    return folder


class Asking:
    """Asks for decisions with ids that nobody used."""

    count = 0

    @classmethod
    def body(cls, amount, effort=0.0):
        cls.count += 1
        return {"id": f"a{cls.count}", "amount": amount, "effort": effort}

    @classmethod
    def ask(cls, server, pipeline, amount, effort=0.0):
        body = cls.body(amount, effort)
        status, headers, data = server.post(f"/v1/decisions/{pipeline}", body)
        return status, headers, json.loads(data)

    @classmethod
    def decide(cls, server, pipeline, amount, effort=0.0):
        status, _, decision = cls.ask(server, pipeline, amount, effort)
        assert status == 200, decision
        check_marks(decision)
        return decision


def check_marks(decision):
    assert decision["degraded"] == bool(decision["degraded_reasons"]), decision
    assert decision["late"] == ("late" in decision["degraded_reasons"]), decision
