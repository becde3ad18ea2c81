"""Writes the small ONNX models of these tests, and expectations.json computed by ONNX Runtime.

Run with the Python packages onnx, onnxruntime and numpy:  python make_models.py
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
DTYPES = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "FP16": TensorProto.FLOAT16,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
    "BF16": TensorProto.BFLOAT16,
}


def tensor(name, kind, dims):
    return helper.make_tensor_value_info(name, kind, dims)


def write(
    name, nodes, inputs, outputs, initializers=(), opsets=(("", 17),), ir_version=8
):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets]
    model = helper.make_model(graph, opset_imports=imports, ir_version=ir_version)
    onnx.checker.check_model(model)
    path = HERE / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    assert path.stat().st_size < 20_000, path
    return path


def identities():
    for name, kind in DTYPES.items():
        write(
            f"identity_{name.lower()}",
            [helper.make_node("Identity", ["x"], ["y"])],
            [tensor("x", kind, ["batch", 3])],
            [tensor("y", kind, ["batch", 3])],
        )


def perceptron():
    random = np.random.default_rng(7)
    sizes = [30, 64, 32, 1]
    nodes, initializers, value = [], [], "features"
    for layer, (width, height) in enumerate(zip(sizes, sizes[1:])):
        weight = random.normal(0, 0.3, (width, height)).astype(np.float32)
        bias = random.normal(0, 0.1, height).astype(np.float32)
        initializers += [
            numpy_helper.from_array(weight, f"w{layer}"),
            numpy_helper.from_array(bias, f"b{layer}"),
        ]
        last = layer == len(sizes) - 2
        nodes.append(
            helper.make_node("Gemm", [value, f"w{layer}", f"b{layer}"], [f"g{layer}"])
        )
        value = "score" if last else f"r{layer}"
        nodes.append(
            helper.make_node("Sigmoid" if last else "Relu", [f"g{layer}"], [value])
        )
    path = write(
        "mlp",
        nodes,
        [tensor("features", TensorProto.FLOAT, ["batch", 30])],
        [tensor("score", TensorProto.FLOAT, ["batch", 1])],
        initializers,
    )
    rows = random.normal(0, 1, (32, 30)).round(2).astype(np.float32)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    scores = session.run(None, {"features": rows})[0]
    return {
        "rows": [[round(float(x), 2) for x in row] for row in rows],
        "scores": [float(x) for x in scores[:, 0]],
    }


def others():
    f, i = TensorProto.FLOAT, TensorProto.INT64
    write(
        "pair",
        [
            helper.make_node("Add", ["a", "b"], ["sum"]),
            helper.make_node("Sub", ["a", "b"], ["diff"]),
            helper.make_node("Cast", ["diff"], ["difference"], to=i),
        ],
        [tensor("a", f, ["n", 2]), tensor("b", f, ["n", 2])],
        [tensor("sum", f, ["n", 2]), tensor("difference", i, ["n", 2])],
    )
    write(
        "nameless",
        [helper.make_node("Neg", ["x"], ["y"])],
        [tensor("x", f, [None, 2])],
        [tensor("y", f, [None, 2])],
    )
    write(
        "nonzero",
        [helper.make_node("NonZero", ["x"], ["places"])],
        [tensor("x", f, ["batch", 4])],
        [tensor("places", i, [2, "found"])],
    )
    # The declared batch dimension of the output is a lie: it has twice the rows.
    write(
        "doubled",
        [helper.make_node("Concat", ["x", "x"], ["y"], axis=0)],
        [tensor("x", f, ["batch", 2])],
        [tensor("y", f, ["rows", 2])],
    )
    write(
        "picky",
        [helper.make_node("Gather", ["table", "index"], ["value"])],
        [tensor("index", i, ["batch"])],
        [tensor("value", f, ["batch"])],
        [numpy_helper.from_array(np.arange(4, dtype=np.float32), "table")],
    )
    write(
        "fixed",
        [helper.make_node("Mul", ["x", "two"], ["y"])],
        [tensor("x", f, [2, 3])],
        [tensor("y", f, [2, 3])],
        [numpy_helper.from_array(np.array(2, dtype=np.float32), "two")],
    )
    write(
        "scalar",
        [helper.make_node("Sqrt", ["x"], ["y"])],
        [tensor("x", f, [])],
        [tensor("y", f, [])],
    )
    write(
        "constant",
        [
            helper.make_node("Neg", ["x"], ["y"]),
            helper.make_node("Identity", ["one"], ["answer"]),
        ],
        [tensor("x", f, ["batch", 1])],
        [tensor("y", f, ["batch", 1]), tensor("answer", i, [3])],
        [numpy_helper.from_array(np.array([1, 2, 3], dtype=np.int64), "one")],
    )
    sequence = helper.make_tensor_sequence_value_info("parts", f, None)
    split = helper.make_node("SplitToSequence", ["x"], ["parts"], axis=0)
    write(
        "sequence_and_tensor",
        [split, helper.make_node("Neg", ["x"], ["y"])],
        [tensor("x", f, ["batch", 2])],
        [sequence, tensor("y", f, ["batch", 2])],
    )
    write("sequence_only", [split], [tensor("x", f, ["batch", 2])], [sequence])
    zip_map = helper.make_node(
        "ZipMap", ["x"], ["maps"], domain="ai.onnx.ml", classlabels_int64s=[0, 1]
    )
    maps = helper.make_value_info(
        "maps",
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(i, helper.make_tensor_type_proto(f, []))
        ),
    )
    write(
        "zipmap",
        [helper.make_node("ArgMax", ["x"], ["label"], axis=1, keepdims=0), zip_map],
        [tensor("x", f, [None, 2])],
        [tensor("label", i, [None]), maps],
        opsets=(("", 17), ("ai.onnx.ml", 3)),
    )
    write(
        "labels",
        [
            helper.make_node(
                "LabelEncoder", ["word"], ["number"], domain="ai.onnx.ml",
                keys_strings=["no", "yes"], values_int64s=[0, 1], default_int64=-1,
            )
        ],
        [tensor("word", TensorProto.STRING, ["batch", 1])],
        [tensor("number", i, ["batch", 1])],
        opsets=(("", 17), ("ai.onnx.ml", 3)),
    )
    write(
        "upload",
        [helper.make_node("ReduceSum", ["x", "axes"], ["total"], keepdims=1)],
        [tensor("x", f, ["batch", 8192])],
        [tensor("total", f, ["batch", 1])],
        [numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")],
    )
    write(
        "expand",
        [helper.make_node("Expand", ["x", "shape"], ["y"])],
        [tensor("x", f, ["batch", 1])],
        [tensor("y", f, ["batch", 4096])],
        [numpy_helper.from_array(np.array([1, 4096], dtype=np.int64), "shape")],
    )
    tiny = TensorProto.FLOAT8E4M3FN
    write(
        "float8",
        [helper.make_node("Cast", ["x"], ["z"], to=tiny)],
        [tensor("x", f, ["batch", 1])],
        [tensor("z", tiny, ["batch", 1])],
        opsets=(("", 19),),
        ir_version=9,
    )
    write(
        "deep",
        [helper.make_node("Identity", ["x"], ["y"])],
        [tensor("x", f, [1] * 9)],
        [tensor("y", f, [1] * 9)],
    )
    write(
        "recurrent",
        [helper.make_node("Identity", ["x"], ["y"])],
        [tensor("x", f, ["batch", "steps"])],
        [tensor("y", f, ["batch", "steps"])],
    )


identities()
expectations = {"mlp": perceptron()}
others()
(HERE / "expectations.json").write_text(json.dumps(expectations))
