"""The two models of the card-fraud example, and their ONNX files.

The middle tier is a small forest of boosted trees (LightGBM). The heavy tier blends a perceptron
with a forest of five times as many trees. The perceptron reads piecewise linear codes: each number
becomes up to 16 numbers, one for each of its quantile bins, that say how much of the bin lies below
it. Codes, filling of missing values and blend are part of the ONNX model, so both models take the
30 features as they are. The perceptron's weights are stored in 8 bits, to keep its file small; ONNX
Runtime makes them single precision when it loads the model.
"""

import lightgbm
import numpy as np
import onnx
import onnx.compose
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from demo.sessions import DEEP, TREES

OPSETS = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
IR_VERSION = 9
WIDTH = 30
LEAST = 1e-6
BYTES_MAX = 1_000_000

TREES_CONFIG = """\
name: "card_fraud_gbdt"
platform: "onnxruntime_onnx"
max_batch_size: 256
dynamic_batching {
  priority_levels: 2
  default_priority_level: 2
  default_queue_policy { max_queue_size: 4096 }
}
model_warmup [
  {
    name: "zeros"
    batch_size: 1
    inputs { key: "transaction" value { data_type: TYPE_FP32 dims: [ 30 ] zero_data: true } }
  }
]
"""


def forest(rows, seed, threads, **shape):
    """Leaves of many rows: with one fraud in a hundred, small ones overfit at once."""
    classifier = lightgbm.LGBMClassifier(
        **shape, subsample=0.8, subsample_freq=1, colsample_bytree=0.7, random_state=seed,
        deterministic=True, force_row_wise=True, n_jobs=threads, verbose=-1)
    return classifier.fit(rows.features, rows.labels)


def train_trees(rows, seed, threads):
    """The middle tier."""
    return forest(rows, seed, threads, n_estimators=40, num_leaves=6, learning_rate=0.1,
                  min_child_samples=1000)


class Codes:
    """Piecewise linear codes of numbers, by bins between quantiles."""

    def __init__(self, features, bins=16):
        edges = []
        for column in features.T:
            distinct = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)))
            edges.append(distinct if len(distinct) > 1 else np.array([0.0, 1.0]))
        self.column = np.concatenate(
            [np.full(len(e) - 1, number) for number, e in enumerate(edges)])
        self.lower = np.concatenate([e[:-1] for e in edges]).astype(np.float32)
        self.scale = np.concatenate([1 / np.diff(e) for e in edges]).astype(np.float32)

    def of(self, features):
        return np.clip((features[:, self.column] - self.lower) * self.scale, 0, 1)


class Perceptron:
    """Trained on all fraud and a draw of the rest; the blend makes up for that."""

    def __init__(self, rows, seed, hidden=(768, 640), kept=120_000, epochs=8):
        random = np.random.default_rng(seed)
        features, labels = filled(rows.features), rows.labels
        fraud, other = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
        other = random.choice(other, min(kept, len(other)), replace=False)
        self.codes = Codes(features[np.concatenate([fraud, other[: 2 * len(fraud)]])])
        chosen = random.permutation(np.concatenate([fraud, other]))
        inputs, labels = self.codes.of(features[chosen]), labels[chosen]
        first = 1e-3
        network = MLPClassifier(
            hidden, alpha=1e-3, batch_size=1024, learning_rate_init=first, random_state=seed)
        for epoch in range(epochs):
            if epoch:
                network._optimizer.learning_rate_init = first * (1 - epoch / epochs)
            network.partial_fit(inputs, labels, classes=[0, 1])
        self.weights = [Stored(w) for w in network.coefs_]
        self.biases = [b.astype(np.float32) for b in network.intercepts_]

    def logits(self, features):
        values = self.codes.of(filled(features))
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            values = values @ weight.values + bias
            if number < len(self.weights) - 1:
                values = np.maximum(values, 0)
        return values[:, 0]


class Stored:
    """A matrix in 8 bits, with a scale for each column."""

    def __init__(self, values):
        self.scale = (np.abs(values).max(axis=0, keepdims=True) / 127).astype(np.float32)
        self.scale[self.scale == 0] = 1
        self.bytes = np.round(values / self.scale).astype(np.int8)

    @property
    def values(self):
        return self.bytes.astype(np.float32) * self.scale


class Deep:
    """The heavy tier: a perceptron and a large forest, blended."""

    def __init__(self, rows, seed, threads):
        self.forest = forest(rows, seed, threads, n_estimators=200, num_leaves=16,
                             learning_rate=0.06, min_child_samples=400)
        self.perceptron = Perceptron(rows, seed)
        self.slopes, self.shift = np.ones(2, np.float32), np.float32(0)

    def parts(self, features):
        return np.column_stack([self.perceptron.logits(features),
                                logits(self.forest.predict_proba(features)[:, 1])])

    def blend(self, rows):
        """A logistic curve over both logits, fitted to days that training has not seen (Platt)."""
        curve = LogisticRegression(C=1e6).fit(self.parts(rows.features), rows.labels)
        self.slopes = curve.coef_[0].astype(np.float32)
        self.shift = np.float32(curve.intercept_[0])

    def scores(self, features):
        return 1 / (1 + np.exp(-(self.parts(features) @ self.slopes + self.shift)))


def logits(probabilities):
    kept = np.clip(probabilities, LEAST, 1 - LEAST)
    return np.log(kept / (1 - kept))


def filled(features):
    """What the perceptron sees of a missing value: 0. Trees know how to do without one."""
    return np.nan_to_num(features, nan=0.0)


def constant(name, values, kind=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=kind), name)


def perceptron_part(model):
    """Nodes from `transaction` to `sum` of the last layer, its name, and their constants."""
    nodes = [
        helper.make_node("IsNaN", ["transaction"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "transaction"], ["filled"]),
        helper.make_node("Gather", ["filled", "column"], ["gathered"], axis=1),
        helper.make_node("Sub", ["gathered", "lower"], ["above"]),
        helper.make_node("Mul", ["above", "scale"], ["part"]),
        helper.make_node("Clip", ["part", "zero", "one"], ["layer0"]),
    ]
    constants = [
        constant("column", model.codes.column, np.int64), constant("lower", model.codes.lower),
        constant("scale", model.codes.scale), constant("zero", 0), constant("one", 1),
    ]  # fmt: skip
    last = len(model.weights) - 1
    for number, (weight, bias) in enumerate(zip(model.weights, model.biases)):
        constants += [
            constant(f"bytes{number}", weight.bytes, np.int8),
            constant(f"scale{number}", weight.scale), constant(f"b{number}", bias),
        ]  # fmt: skip
        nodes += [
            helper.make_node("Cast", [f"bytes{number}"], [f"whole{number}"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"whole{number}", f"scale{number}"], [f"w{number}"]),
            helper.make_node(
                "Gemm", [f"layer{number}", f"w{number}", f"b{number}"], [f"sum{number}"]),
        ]
        if number < last:
            nodes.append(helper.make_node("Relu", [f"sum{number}"], [f"layer{number + 1}"]))
    return nodes, f"sum{last}", constants


def blend_part(model, network):
    """Nodes from both parts to the probability."""
    nodes = [
        helper.make_node("Gather", ["forest_probabilities", "second"], ["p"], axis=1),
        helper.make_node("Clip", ["p", "least", "most"], ["kept"]),
        helper.make_node("Sub", ["one", "kept"], ["rest"]),
        helper.make_node("Div", ["kept", "rest"], ["odds"]),
        helper.make_node("Log", ["odds"], ["forest_logit"]),
        helper.make_node("Mul", [network, "slope0"], ["scaled0"]),
        helper.make_node("Mul", ["forest_logit", "slope1"], ["scaled1"]),
        helper.make_node("Sum", ["scaled0", "scaled1", "shift"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    constants = [
        constant("second", [1], np.int64), constant("least", LEAST), constant("most", 1 - LEAST),
        constant("slope0", [model.slopes[0]]), constant("slope1", [model.slopes[1]]),
        constant("shift", [model.shift]),
    ]  # fmt: skip
    return nodes, constants


def save_deep(model, folder):
    nodes, network, constants = perceptron_part(model.perceptron)
    # Its initializers must not share names with those of the perceptron.
    trees = onnx.compose.add_prefix(converted(model.forest), "forest_", rename_inputs=False).graph
    blending, more = blend_part(model, network)
    graph = helper.make_graph(
        nodes + list(trees.node) + blending, DEEP,
        [helper.make_tensor_value_info("transaction", TensorProto.FLOAT, ["batch", WIDTH])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch", 1])],
        constants + list(trees.initializer) + more,
    )  # fmt: skip
    save(helper.make_model(graph, opset_imports=OPSETS, ir_version=IR_VERSION,
                           producer_name="needletail-examples"), folder / DEEP)


def converted(classifier):
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    return convert_lightgbm(
        classifier, TREES, initial_types=[("transaction", FloatTensorType([None, WIDTH]))],
        zipmap=False, target_opset=15)


def save_trees(classifier, folder):
    model = converted(classifier)
    model.ir_version = IR_VERSION
    # One name for the batch dimension everywhere, and none of the converter's own.
    for value in list(model.graph.input) + list(model.graph.output):
        value.type.tensor_type.shape.dim[0].Clear()
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    save(model, folder / TREES)
    (folder / TREES / "config.pbtxt").write_text(TREES_CONFIG)


def save(model, folder):
    onnx.checker.check_model(model)
    data = model.SerializeToString(deterministic=True)
    assert len(data) < BYTES_MAX, f"{folder.name} is {len(data)} bytes, over {BYTES_MAX}"
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.onnx").write_bytes(data)
