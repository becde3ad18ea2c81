"""Writes the benchmark models: random weights, real shapes. Never trained or committed.

mlp          30-64-32-1, the small model whose server cost is measured
cnn          86 million multiply-adds a picture of 3 x 32 x 32: about a millisecond
transformer  two encoder layers over 64 tokens of width 128
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSETS = [helper.make_opsetid("", 17)]

CNN_CONFIG = """\
max_batch_size: 8
dynamic_batching { }
"""
# The instance alone on its core, so that refusing others does not take time from it.
PINNED = """\
parameters { key: "needletail.execution" value { string_value: "threads" } }
parameters { key: "needletail.cpu_affinity" value { string_value: "1" } }
"""
MLP_CONFIG = """\
max_batch_size: 64
dynamic_batching { }
"""


class Graph:
    """Collects nodes and random weights."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.count = [], [], 0

    def weight(self, *shape):
        name = f"w{len(self.weights)}"
        values = self.random.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind, *inputs, **attributes):
        self.count += 1
        output = f"t{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def write(self, path, inputs, output, shape):
        self.nodes[-1].output[0] = output
        graph = helper.make_graph(
            self.nodes,
            "benchmark",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=OPSETS, ir_version=8)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())


def mlp(path):
    graph = Graph(1)
    value = "transaction"
    sizes = [30, 64, 32, 1]
    for index, (a, b) in enumerate(zip(sizes, sizes[1:])):
        value = graph.add("Gemm", value, graph.weight(b, a), graph.weight(b), transB=1)
        value = graph.add("Relu" if index < 2 else "Sigmoid", value)
    graph.write(path, [("transaction", ["batch", 30])], "probability", ["batch", 1])


def cnn(path):
    graph = Graph(2)

    def conv(value, a, b):
        value = graph.add("Conv", value, graph.weight(b, a, 3, 3), pads=[1, 1, 1, 1])
        return graph.add("Relu", value)

    def pool(value):
        return graph.add("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2])

    value = pool(conv(conv("image", 3, 32), 32, 64))
    value = pool(conv(conv(value, 64, 128), 128, 128))
    value = graph.add("GlobalAveragePool", conv(value, 128, 128))
    value = graph.add("Flatten", value)
    value = graph.add("Gemm", value, graph.weight(10, 128), graph.weight(10), transB=1)
    graph.write(path, [("image", ["batch", 3, 32, 32])], "scores", ["batch", 10])


def transformer(path):
    graph, width, heads = Graph(3), 128, 4
    split = graph.constant(np.array([0, 64, heads, width // heads], np.int64))
    join = graph.constant(np.array([0, 64, width], np.int64))
    scale = graph.constant(np.array([(width // heads) ** -0.5], np.float32))
    value = "tokens"
    for _ in range(2):
        heads_of = []
        for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
            one = graph.add("MatMul", value, graph.weight(width, width))
            heads_of.append(graph.add("Transpose", graph.add("Reshape", one, split), perm=order))
        query, key, content = heads_of
        scores = graph.add("Mul", graph.add("MatMul", query, key), scale)
        mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), content)
        mixed = graph.add("Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), join)
        value = graph.add("Add", value, graph.add("MatMul", mixed, graph.weight(width, width)))
        ones, zeros = np.ones(width, np.float32), np.zeros(width, np.float32)
        norm = (graph.constant(ones), graph.constant(zeros))
        value = graph.add("LayerNormalization", value, *norm, axis=-1)
        wide = graph.add("Relu", graph.add("MatMul", value, graph.weight(width, 4 * width)))
        value = graph.add("Add", value, graph.add("MatMul", wide, graph.weight(4 * width, width)))
        norm = (graph.constant(ones), graph.constant(zeros))
        value = graph.add("LayerNormalization", value, *norm, axis=-1)
    graph.write(path, [("tokens", ["batch", 64, width])], "encoded", ["batch", 64, width])


def write_all(folder):
    """Writes what is missing under `folder`: models/ and, for compute and overload, pinned/."""
    folder = pathlib.Path(folder)
    made = [
        ("models", "mlp", mlp, MLP_CONFIG),
        ("models", "cnn", cnn, CNN_CONFIG),
        ("models", "transformer", transformer, CNN_CONFIG),
        ("pinned", "cnn", cnn, CNN_CONFIG + PINNED),
        ("pinned", "transformer", transformer, CNN_CONFIG + PINNED),
    ]
    for repository, name, make, config in made:
        path = folder / repository / name / "1" / "model.onnx"
        if not path.exists():
            make(path)
        (path.parent.parent / "config.pbtxt").write_text(config)
    return folder


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent
    print(write_all(root / ".needletail" / "benchmark-models"))
