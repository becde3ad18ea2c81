#!/usr/bin/env python3
"""Makes the example models in Examples/models and the digit requests in Examples/digits.

    python3 -m venv .needletail/models-venv
    .needletail/models-venv/bin/pip install -r tools/requirements.txt
    .needletail/models-venv/bin/python tools/make_models.py

`make models` does the same. Every model is trained from fixed seeds, written with opset versions
that ONNX Runtime 1.31.1 loads, and checked against ONNX Runtime before the script ends.

digits           trained on scikit-learn's bundled handwritten digits, 64 pixels in,
                 10 probabilities out
word_count       BYTES in, the number of space-separated words of each text out
identity         FP32 in, the same values out

The two models of card fraud are made by tools/train_card_fraud.py.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "Examples"
MODELS = EXAMPLES / "models"
SEED = 20240607
BYTES_MAX = 1_000_000
OPSETS = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
IR_VERSION = 9

DIGITS_CONFIG = """\
# Only what the model cannot say itself: its labels, and how requests may share a batch.
name: "digits"
platform: "onnxruntime_onnx"
max_batch_size: 64
input [ { name: "image" data_type: TYPE_FP32 dims: [ 64 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 10 ] label_filename: "labels.txt" } ]
dynamic_batching { }
"""


def tensor(name, kind, dims):
    return helper.make_tensor_value_info(name, kind, dims)


def constant(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def save(name, model, config=None, labels=None):
    onnx.checker.check_model(model)
    folder = MODELS / name
    (folder / "1").mkdir(parents=True, exist_ok=True)
    data = model.SerializeToString(deterministic=True)
    assert len(data) < BYTES_MAX, f"{name} is {len(data)} bytes, over {BYTES_MAX}"
    (folder / "1" / "model.onnx").write_bytes(data)
    if config is not None:
        (folder / "config.pbtxt").write_text(config)
    if labels is not None:
        (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
    print(f"{name}: {len(data):,} bytes")


def build(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    return helper.make_model(
        graph, opset_imports=OPSETS, ir_version=IR_VERSION, producer_name="needletail-examples"
    )


def session(name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = MODELS / name / "1" / "model.onnx"
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )


def perceptron(name, classifier, scale, source, result, last):
    """The layers of a scikit-learn perceptron, with the input scaling in front."""
    mean, width = scale
    shift, factor = constant("mean", mean), constant("width", width)
    nodes = [
        helper.make_node("Sub", [source, "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "width"], ["layer0"]),
    ]
    initializers = [shift, factor]
    count = len(classifier.coefs_)
    for index, (weight, bias) in enumerate(zip(classifier.coefs_, classifier.intercepts_)):
        initializers += [constant(f"w{index}", weight), constant(f"b{index}", bias)]
        nodes.append(
            helper.make_node(
                "Gemm", [f"layer{index}", f"w{index}", f"b{index}"], [f"sum{index}"]
            )
        )
        if index < count - 1:
            nodes.append(helper.make_node("Relu", [f"sum{index}"], [f"layer{index + 1}"]))
    nodes.append(helper.make_node(last, [f"sum{count - 1}"], [result]))
    width_in, width_out = classifier.coefs_[0].shape[0], classifier.coefs_[-1].shape[1]
    return build(
        name,
        nodes,
        [tensor(source, TensorProto.FLOAT, ["batch", width_in])],
        [tensor(result, TensorProto.FLOAT, ["batch", width_out])],
        initializers,
    )


def make_digits():
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.25, random_state=SEED, stratify=labels
    )
    classifier = MLPClassifier((64, 32), alpha=1e-2, max_iter=400, random_state=SEED)
    classifier.fit(train_x / 16.0, train_y)
    scale = (np.zeros(64), np.full(64, 16.0))
    model = perceptron("digits", classifier, scale, "image", "probabilities", "Softmax")
    names = "zero one two three four five six seven eight nine".split()
    save("digits", model, DIGITS_CONFIG, names)
    probabilities = session("digits").run(None, {"image": test_x.astype(np.float32)})[0]
    np.testing.assert_allclose(
        probabilities, classifier.predict_proba(test_x / 16.0), atol=1e-5
    )
    accuracy = float((probabilities.argmax(axis=1) == test_y).mean())
    print(f"digits: {accuracy:.1%} of {len(test_y)} held-out images are right")
    assert accuracy > 0.96
    write_digit_requests(test_x, test_y, probabilities)


def write_digit_requests(images, labels, probabilities):
    """One image of each digit that training has not seen, as a request to post, with its answer."""
    folder = EXAMPLES / "digits"
    folder.mkdir(parents=True, exist_ok=True)
    expected = []
    for digit in range(10):
        index = int(np.flatnonzero(labels == digit)[0])
        request = {
            "id": f"digit-{digit}",
            "inputs": [
                {
                    "name": "image",
                    "shape": [1, 64],
                    "datatype": "FP32",
                    "data": [int(pixel) for pixel in images[index]],
                }
            ],
        }
        (folder / f"{digit}.json").write_text(json.dumps(request) + "\n")
        expected.append(
            {
                "request": f"{digit}.json",
                "written_digit": digit,
                "answered_digit": int(probabilities[index].argmax()),
                "probabilities": [float(f"{value:.7g}") for value in probabilities[index]],
            }
        )
        if digit == 7:
            best = [{"name": "probabilities", "parameters": {"classification": 3}}]
            labelled = request | {"outputs": best}
            (folder / "7-labels.json").write_text(json.dumps(labelled) + "\n")
    text = ",\n".join("  " + json.dumps(entry) for entry in expected)
    (folder / "expected.json").write_text(f"[\n{text}\n]\n")


def make_word_count():
    nodes = [
        helper.make_node("StringSplit", ["text"], ["words", "count"]),
    ]
    model = build(
        "word_count",
        nodes,
        [tensor("text", TensorProto.STRING, ["batch", 1])],
        [tensor("count", TensorProto.INT64, ["batch", 1])],
    )
    save("word_count", model)
    texts = np.array([["one two  three"], [""], ["snö och is"]], dtype=object)
    counts = session("word_count").run(None, {"text": texts})[0]
    assert counts.tolist() == [[3], [0], [3]], counts.tolist()


def make_identity():
    model = build(
        "identity",
        [helper.make_node("Identity", ["values"], ["same_values"])],
        [tensor("values", TensorProto.FLOAT, ["batch", "width"])],
        [tensor("same_values", TensorProto.FLOAT, ["batch", "width"])],
    )
    save("identity", model)
    values = np.random.default_rng(SEED).normal(size=(3, 5)).astype(np.float32)
    np.testing.assert_array_equal(session("identity").run(None, {"values": values})[0], values)


if __name__ == "__main__":
    make_digits()
    make_word_count()
    make_identity()
