"""The cases of the rule language, run by Google's implementation of CEL (cel-cpp).

The same file is run by the Swift tests, so both agree on every case that is not marked as a
divergence; a divergence names what CEL does instead, and that is checked too.
"""

import datetime
import json
import math
import pathlib

import pytest

cel = pytest.importorskip("cel_expr_python.cel")
ext_math = pytest.importorskip("cel_expr_python.ext.ext_math")
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: E402
from google.protobuf import duration_pb2, timestamp_pb2, wrappers_pb2  # noqa: E402

FILE = pathlib.Path(__file__).resolve().parents[1] / "RulesTests" / "cases.json"
SUITE = json.loads(FILE.read_text(encoding="utf-8"))
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
WRAPPERS = {
    "bool": ".google.protobuf.BoolValue",
    "int": ".google.protobuf.Int64Value",
    "double": ".google.protobuf.DoubleValue",
    "string": ".google.protobuf.StringValue",
    "duration": ".google.protobuf.Duration",
    "timestamp": ".google.protobuf.Timestamp",
}


def number(text):
    return float(text)


def nanoseconds(text):
    """'1.5s' or an RFC 3339 timestamp, as nanoseconds."""
    if text.endswith("s"):
        return round(float(text[:-1]) * 1e9)
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000


class Rows:
    """Rows as protobuf messages, one a first word of the field names.

    A nullable field is a wrapper message: null when it is not set, as in the rule language.
    """

    def __init__(self, fields):
        self.types = {name: kind.rstrip("?") for name, kind in fields.items()}
        self.roots = sorted({name.split(".")[0] for name in fields})
        self.pool = descriptor_pool.DescriptorPool()
        for module in (wrappers_pb2, duration_pb2, timestamp_pb2):
            self.pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        file = descriptor_pb2.FileDescriptorProto(
            name="rows.proto", package="rows", syntax="proto3",
            dependency=[f"google/protobuf/{name}.proto"
                        for name in ("wrappers", "duration", "timestamp")])
        for root in self.roots:
            message = file.message_type.add(name=root)
            for name, kind in self.types.items():
                if name.split(".")[0] == root:
                    message.field.add(
                        name=name.split(".")[1], number=len(message.field) + 1, label=1,
                        type=11, type_name=WRAPPERS[kind])
        self.pool.AddSerializedFile(file.SerializeToString())
        self.environment = cel.NewEnv(
            self.pool, variables={root: cel.Type(f"rows.{root}") for root in self.roots},
            extensions=[ext_math.ExtMath()])
        # A row without a required field is a map: a message cannot say that a key is missing.
        self.loose = cel.NewEnv(
            variables={root: cel.Type.DYN for root in self.roots},
            extensions=[ext_math.ExtMath()])

    def message(self, row):
        data = {}
        for root in self.roots:
            kind = message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"rows.{root}"))
            message = kind()
            for name, value in row.items():
                if name.split(".")[0] != root:
                    continue
                field = getattr(message, name.split(".")[1])
                if self.types[name] in ("duration", "timestamp"):
                    total = nanoseconds(value)
                    field.seconds, field.nanos = divmod(total, 1_000_000_000)
                else:
                    field.value = self.plain(name, value)
                    field.SetInParent()
            data[root] = message
        return data

    def plain(self, name, value):
        kind = self.types[name]
        return int(value) if kind == "int" else number(value) if kind == "double" else value

    def maps(self, row):
        data = {root: {} for root in self.roots}
        for name, value in row.items():
            root, leaf = name.split(".")
            data[root][leaf] = self.plain(name, value)
        return data


ROWS = Rows(SUITE["fields"])
REQUIRED = {name for name, kind in SUITE["fields"].items() if not kind.endswith("?")}


def evaluate(case):
    """What CEL gives: a value as the file writes it, or 'error'."""
    row = SUITE["rows"][case.get("row", "none")]
    is_whole = REQUIRED <= row.keys()
    environment = ROWS.environment if is_whole else ROWS.loose
    data = ROWS.message(row) if is_whole else ROWS.maps(row)
    try:
        # Without its checker, which refuses the comparison of ints with doubles.
        result = environment.compile(case["expression"], disable_check=True).eval(data=data)
    except Exception:  # the binding raises plain exceptions
        return "error"
    kind = result.type().name().lower()
    value = result.value()
    if kind == "error":
        return "error"
    if kind in ("null", "null_type"):
        return {"null": True}
    if kind == "int":
        return {"int": str(value)}
    if kind == "double":
        return {"double": spelled(value)}
    if isinstance(value, datetime.timedelta):
        return {"duration": str(round(value / datetime.timedelta(microseconds=1)) * 1000)}
    if isinstance(value, datetime.datetime):
        since = (value - EPOCH) / datetime.timedelta(microseconds=1)
        return {"timestamp": str(round(since) * 1000)}
    return {kind: value} if kind in ("bool", "string") else {"other": True}


def spelled(value):
    if math.isnan(value):
        return "nan"
    return repr(value).replace("+", "")


def same(left, right):
    if isinstance(left, dict) and isinstance(right, dict) and "double" in left and "double" in right:
        return spelled(number(left["double"])) == spelled(number(right["double"]))
    return left == right


@pytest.mark.parametrize(
    "case", SUITE["cases"],
    ids=[f"{index}: {case['expression'][:60]}" for index, case in enumerate(SUITE["cases"])])
def test_cel_agrees(case):
    expected = "error" if "error" in case else case["value"]
    if "cel" in case:
        assert case["why"], "a divergence says why"
        expected = case["cel"]
        assert not same(expected, case.get("value", "error")), "this is no divergence any more"
    assert same(evaluate(case), expected)
