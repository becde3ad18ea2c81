"""Small models that only tests need, and the example models, as one repository."""

import functools
import pathlib
import shutil
import time

import ml_dtypes
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "Examples" / "models"
OPSETS = [helper.make_opsetid("", 17)]

# Wire name: (ONNX type, configuration type, numpy type of the arrays that clients use).
DTYPES = {
    "BOOL": (TensorProto.BOOL, "TYPE_BOOL", np.bool_),
    "UINT8": (TensorProto.UINT8, "TYPE_UINT8", np.uint8),
    "UINT16": (TensorProto.UINT16, "TYPE_UINT16", np.uint16),
    "UINT32": (TensorProto.UINT32, "TYPE_UINT32", np.uint32),
    "UINT64": (TensorProto.UINT64, "TYPE_UINT64", np.uint64),
    "INT8": (TensorProto.INT8, "TYPE_INT8", np.int8),
    "INT16": (TensorProto.INT16, "TYPE_INT16", np.int16),
    "INT32": (TensorProto.INT32, "TYPE_INT32", np.int32),
    "INT64": (TensorProto.INT64, "TYPE_INT64", np.int64),
    "FP16": (TensorProto.FLOAT16, "TYPE_FP16", np.float16),
    "FP32": (TensorProto.FLOAT, "TYPE_FP32", np.float32),
    "FP64": (TensorProto.DOUBLE, "TYPE_FP64", np.float64),
    "BYTES": (TensorProto.STRING, "TYPE_STRING", np.object_),
    "BF16": (TensorProto.BFLOAT16, "TYPE_BF16", ml_dtypes.bfloat16),
}

ODD_NAMES = ["stats", "with space", "100%real", "v1.2.3"]

BATCHING = "max_batch_size: 8\ndynamic_batching { }\n"
SLOW_CONFIG = """\
max_batch_size: 0
instance_group [ { count: 1 kind: KIND_CPU } ]
parameters { key: "needletail.execution" value { string_value: "threads" } }
"""
VERSIONS_CONFIG = """\
max_batch_size: 8
version_policy { all { } }
parameters { key: "needletail.alias.stable" value { string_value: "2" } }
"""


def tensor(name, kind, dims):
    return helper.make_tensor_value_info(name, kind, dims)


def model_bytes(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=8)
    return model.SerializeToString()


def write(repository, name, data, config=None, version=1):
    folder = pathlib.Path(repository) / name / str(version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(data)
    if config is not None:
        (folder.parent / "config.pbtxt").write_text(config)


def identity_bytes(kind=TensorProto.FLOAT):
    return model_bytes(
        "identity",
        [helper.make_node("Identity", ["x"], ["y"])],
        [tensor("x", kind, ["batch", "width"])],
        [tensor("y", kind, ["batch", "width"])],
    )


def add_bytes(number):
    """y = x + number, so an answer tells which version gave it."""
    return model_bytes(
        "add",
        [helper.make_node("Add", ["x", "number"], ["y"])],
        [tensor("x", TensorProto.FLOAT, ["batch", 1])],
        [tensor("y", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.array([number], np.float32), "number")],
    )


def pair_bytes():
    kinds = [tensor(name, TensorProto.FLOAT, ["batch", 4]) for name in "ab"]
    results = [tensor(name, TensorProto.FLOAT, ["batch", 4]) for name in ("sum", "difference")]
    return model_bytes(
        "pair",
        [
            helper.make_node("Add", ["a", "b"], ["sum"]),
            helper.make_node("Sub", ["a", "b"], ["difference"]),
        ],
        kinds,
        results,
    )


def picky_bytes():
    """Looks up one of four numbers; any other index fails in the run."""
    return model_bytes(
        "picky",
        [helper.make_node("Gather", ["table", "index"], ["value"])],
        [tensor("index", TensorProto.INT64, ["batch", 1])],
        [tensor("value", TensorProto.FLOAT, ["batch", 1])],
        [numpy_helper.from_array(np.arange(4, dtype=np.float32), "table")],
    )


def fixed_bytes():
    return model_bytes(
        "fixed",
        [helper.make_node("Neg", ["x"], ["y"])],
        [tensor("x", TensorProto.FLOAT, ["width"])],
        [tensor("y", TensorProto.FLOAT, ["width"])],
    )


def slow_bytes():
    """Multiplies a matrix `rounds` times: takes as long as asked. Answers the rounds done."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("MatMul", ["matrix_in", "turn"], ["matrix_out"]),
            helper.make_node("Add", ["count_in", "one"], ["count_out"]),
        ],
        "body",
        [
            tensor("round", TensorProto.INT64, []),
            tensor("go_in", TensorProto.BOOL, []),
            tensor("matrix_in", TensorProto.FLOAT, [64, 64]),
            tensor("count_in", TensorProto.INT64, [1]),
        ],
        [
            tensor("go_out", TensorProto.BOOL, []),
            tensor("matrix_out", TensorProto.FLOAT, [64, 64]),
            tensor("count_out", TensorProto.INT64, [1]),
        ],
    )
    eye = np.eye(64, dtype=np.float32)
    return model_bytes(
        "slow",
        [
            helper.make_node("Squeeze", ["rounds"], ["trips"]),
            helper.make_node(
                "Loop", ["trips", "", "start", "zero"], ["matrix", "done"], body=body
            ),
        ],
        [tensor("rounds", TensorProto.INT64, [1])],
        [tensor("done", TensorProto.INT64, [1]), tensor("matrix", TensorProto.FLOAT, [64, 64])],
        [
            numpy_helper.from_array(eye, "start"),
            numpy_helper.from_array(np.roll(eye, 1, axis=0), "turn"),
            numpy_helper.from_array(np.array([0], np.int64), "zero"),
            numpy_helper.from_array(np.array([1], np.int64), "one"),
        ],
    )


@functools.lru_cache(maxsize=None)
def rounds_per_second():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(slow_bytes(), options)
    session.run(None, {"rounds": np.array([100], np.int64)})
    started = time.perf_counter()
    session.run(None, {"rounds": np.array([5_000], np.int64)})
    return 5_000 / (time.perf_counter() - started)


def rounds_for(seconds):
    """Rounds that keep the model `slow` busy for about so long on this machine."""
    return max(1, int(rounds_per_second() * seconds))


def write_test_models(repository):
    for name, (kind, _, _) in DTYPES.items():
        write(repository, f"identity_{name.lower()}", identity_bytes(kind), BATCHING)
    for name in ODD_NAMES:
        write(repository, name, identity_bytes())
    for version in (1, 2, 3):
        write(repository, "versions", add_bytes(version), VERSIONS_CONFIG, version)
    write(repository, "pair", pair_bytes(), BATCHING)
    write(repository, "picky", picky_bytes(), BATCHING)
    write(repository, "fixed", fixed_bytes(), "max_batch_size: 0\n")
    write(repository, "slow", slow_bytes(), SLOW_CONFIG)


def write_broken_models(repository):
    write(repository, "garbage", b"this is not a model" * 100)
    write(repository, "truncated", pair_bytes()[:-200])
    write(repository, "bad_config", pair_bytes(), "max_batch_size: 8\ninput [ { nome: 'a' } ]\n")
    write(repository, "wrong_type", pair_bytes(), (
        'input [ { name: "a" data_type: TYPE_INT8 dims: [ 4 ] } ]\nmax_batch_size: 8\n'
    ))  # fmt: skip


def make_repository(target, *, examples=True, tests=True):
    target = pathlib.Path(target)
    target.mkdir(parents=True, exist_ok=True)
    if examples:
        shutil.copytree(EXAMPLES, target, dirs_exist_ok=True)
    if tests:
        write_test_models(target)
    return target


def random_array(dtype, shape, random):
    """Random values of a wire type, edges included."""
    kind = DTYPES[dtype][2]
    if dtype == "BYTES":
        words = [b"", b"\x00\xff\xfe", "snö".encode(), b"needletail" * 50]
        flat = [words[i] for i in random.integers(0, len(words), int(np.prod(shape)))]
        return np.array(flat, dtype=object).reshape(shape)
    if dtype == "BOOL":
        return random.integers(0, 2, shape).astype(np.bool_)
    if dtype == "BF16":
        return random.normal(0, 100, shape).astype(ml_dtypes.bfloat16)
    if np.issubdtype(kind, np.integer):
        limits = np.iinfo(kind)
        return random.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)
    return random.normal(0, 100, shape).astype(kind)
