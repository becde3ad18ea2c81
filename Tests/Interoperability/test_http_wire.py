"""HTTP as bytes: what curl sends, what careless clients send, and what attackers send."""

import json
import re
import socket
import struct
import time
import zlib

import numpy as np
import pytest

BODY = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.5, 2.5]}]}
RAW_VALUES = np.array([1.5, -2.5, 3.5], np.float32)


def exchange(server, data, timeout=10, limit=1 << 20):
    """Sends bytes on a new connection; everything until the server closes or goes quiet."""
    received = b""
    with server.raw_socket(timeout) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(2)
            while len(received) < limit:
                piece = connection.recv(65536)
                if not piece:
                    break
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    return received


def statuses(received):
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def post(path, body, *headers):
    lines = [f"POST {path} HTTP/1.1", "Host: test", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


INFER = "/v2/models/identity_fp32/infer"


def test_health_bodies_satisfy_both_readings(server):
    status, _, data = server.get("/v2/health/ready")
    assert status == 200
    if data:
        answer = json.loads(data)
        assert answer.get("ready") is True and answer.get("live") is True
    status, _, data = server.get("/v2/health/live")
    assert status == 200
    assert server.get("/v2/models/digits/ready")[0] == 200
    assert server.get("/v2/models/versions/versions/2/ready")[0] == 200


def test_key_order_of_an_answer(server):
    status, _, data = server.post(INFER, BODY | {"id": "7"})
    assert status == 200
    answer = json.loads(data)
    assert list(answer)[:3] == ["id", "model_name", "model_version"]
    output = answer["outputs"][0]
    assert (output["name"], output["datatype"], output["shape"]) == ("y", "FP32", [1, 2])
    assert output["data"] == [1.5, 2.5]
    assert "parameters" not in output
    assert "id" not in json.loads(server.post(INFER, BODY)[2])


def test_the_aliases_are_paths_too(server):
    body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [10]}]}
    for version, answer in (("1", 11), ("latest", 13), ("stable", 12)):
        status, _, data = server.post(f"/v2/models/versions/versions/{version}/infer", body)
        assert status == 200, data
        assert json.loads(data)["outputs"][0]["data"] == [answer]


def test_nested_data_is_accepted(server):
    body = json.loads(json.dumps(BODY))
    body["inputs"][0] |= {"shape": [2, 2], "data": [[1, 2], [3, 4]]}
    assert server.infer("identity_fp32", body)[1]["outputs"][0]["data"] == [1, 2, 3, 4]


def test_empty_outputs_mean_all_outputs(server):
    status, answer = server.infer("identity_fp32", BODY | {"outputs": []})
    assert status == 200 and len(answer["outputs"]) == 1


def test_binary_data_output_for_the_whole_request(server):
    status, headers, data = server.post(INFER, BODY | {"parameters": {"binary_data_output": True}})
    assert status == 200
    length = int(headers["Inference-Header-Content-Length"])
    answer = json.loads(data[:length])
    assert answer["outputs"][0]["parameters"]["binary_data_size"] == 8
    assert np.frombuffer(data[length:], np.float32).tolist() == [1.5, 2.5]


def test_a_raw_request_has_no_json(server):
    raw = RAW_VALUES.tobytes()
    status, headers, data = server.post(
        "/v2/models/fixed/infer", raw, {"Inference-Header-Content-Length": "0"}
    )
    assert status == 200, data
    length = int(headers["Inference-Header-Content-Length"])
    assert json.loads(data[:length])["outputs"][0]["shape"] == [3]
    assert np.frombuffer(data[length:], np.float32).tolist() == (-RAW_VALUES).tolist()


def test_chunked_bodies(server):
    body = json.dumps(BODY).encode()
    connection = server.connection()
    connection.request("POST", INFER, body=iter([body[:7], body[7:20], body[20:]]),
                       encode_chunked=True, headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    response = connection.getresponse()
    assert response.status == 200
    assert json.loads(response.read())["outputs"][0]["data"] == [1.5, 2.5]
    # The same connection goes on.
    connection.request("POST", INFER, body=body)
    assert connection.getresponse().status == 200
    connection.close()


def test_chunked_bytes_one_by_one(server):
    body = json.dumps(BODY).encode()
    head = f"POST {INFER} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[i : i + 1]) for i in range(len(body)))
    data = head + chunks + b"0\r\nTrailer: x\r\n\r\n"
    with server.raw_socket() as connection:
        for start in range(0, len(data), 61):
            connection.sendall(data[start : start + 61])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order(server):
    requests = b""
    for number in range(50):
        body = json.dumps(BODY | {"id": str(number)}).encode()
        requests += post(INFER, body)
    received = exchange(server, requests)
    assert statuses(received) == [200] * 50
    ids = [int(part.split(b'"')[1]) for part in received.split(b'"id"')[1:]]
    assert ids == list(range(50))


def test_expect_continue(server):
    body = json.dumps(BODY).encode()
    with server.raw_socket() as connection:
        connection.sendall(
            f"POST {INFER} HTTP/1.1\r\nHost: t\r\nContent-Length: {len(body)}\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_http_1_0_and_connection_close(server):
    body = json.dumps(BODY).encode()
    head = f"POST {INFER} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert statuses(exchange(server, head + body)) == [200]
    started = time.monotonic()
    received = exchange(server, post(INFER, body, "Connection: close"))
    assert statuses(received) == [200]
    assert time.monotonic() - started < 1.5, "the connection stayed open"


def test_gzip_body_by_hand_and_its_answer(server):
    body = zlib.compress(json.dumps(BODY).encode())
    status, headers, data = server.post(
        INFER, body, {"Content-Encoding": "deflate", "Accept-Encoding": "gzip"}
    )
    assert status == 200
    if headers.get("Content-Encoding") == "gzip":
        data = zlib.decompress(data, 31)
    assert json.loads(data)["outputs"][0]["data"] == [1.5, 2.5]


@pytest.mark.parametrize("encoding, body", [
    ("br", b"x"), ("gzip", b"not gzip at all"), ("deflate", b"\x78\x9c\xff\xff\xff"),
    ("gzip", b""),
])  # fmt: skip
def test_bad_encodings_are_refused(server, encoding, body):
    status, headers, data = server.post(INFER, body, {"Content-Encoding": encoding})
    assert status in (400, 415, 501)
    assert next(iter(json.loads(data))) == "error"
    if encoding == "br":
        assert "gzip" in headers.get("Accept-Encoding", "")


def test_a_compressed_bomb_is_refused(server):
    bomb = zlib.compress(b" " * (256 << 20), 9)
    status, _, data = server.post(INFER, bomb, {"Content-Encoding": "deflate"})
    assert status in (400, 413), data


@pytest.mark.parametrize("length", ["-1", "99999999999999999999", "abc", "1 1", "+5", "0x10", ""])
def test_lengths_that_lie(server, length):
    data = f"POST {INFER} HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\n{{}}".encode()
    received = exchange(server, data)
    assert statuses(received)[:1] in ([400], [413]), received


@pytest.mark.parametrize("header_length", ["-1", "abc", "999999", "99999999999999999999", "3"])
def test_header_lengths_that_lie(server, header_length):
    status, _, data = server.post(
        INFER, json.dumps(BODY), {"Inference-Header-Content-Length": header_length}
    )
    assert status == 400
    assert "error" in json.loads(data)


def binary_request(sizes, tail):
    inputs = [{"name": "x", "shape": [1, 2], "datatype": "FP32",
               "parameters": {"binary_data_size": size}} for size in sizes]  # fmt: skip
    head = json.dumps({"inputs": inputs}).encode()
    return head + tail, {"Inference-Header-Content-Length": str(len(head))}


@pytest.mark.parametrize("sizes, tail", [
    ([8], b"\0" * 7), ([8], b"\0" * 9), ([8], b""), ([-8], b"\0" * 8), ([2**62], b"\0" * 8),
    ([7], b"\0" * 7), ([0], b""), (["8"], b"\0" * 8), ([8.5], b"\0" * 8),
])  # fmt: skip
def test_binary_sizes_that_lie(server, sizes, tail):
    body, headers = binary_request(sizes, tail)
    status, _, data = server.post(INFER, body, headers)
    assert status == 400, data
    assert "error" in json.loads(data)


@pytest.mark.parametrize("data", [
    b"\r\n\r\n\r\nGARBAGE\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /v2 HTTP/9.9\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nBroken Header\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nHost: t\r\nA: b\rc\r\n\r\n",
    b"GET /v2\0 HTTP/1.1\r\nHost: t\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nHost: t\r\nX : y\r\n\r\n",
    b"POST /v2/x HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST /v2/x HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    b"POST /v2/x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"POST /v2/x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v2/x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
    bytes(range(256)) * 40,
])  # fmt: skip
def test_malformed_requests_get_a_refusal_or_a_closed_connection(server, data):
    received = exchange(server, data)
    assert all(400 <= status < 600 for status in statuses(received)), received
    assert server.post(INFER, BODY)[0] == 200


@pytest.mark.parametrize("data", [
    b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: t\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nHost: t\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nHost: t\r\n" + b"X-Y: z\r\n" * 100_000 + b"\r\n",
])  # fmt: skip
def test_huge_heads_are_refused(server, data):
    received = exchange(server, data)
    assert statuses(received)[:1] in ([], [400], [414], [431]), received[:200]
    assert server.post(INFER, BODY)[0] == 200


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server):
    data = f"POST {INFER} HTTP/1.1\r\nHost: t\r\nContent-Length: {1 << 33}\r\n\r\n".encode()
    received = exchange(server, data)
    assert statuses(received) == [413], received
    assert b'"error"' in received


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"inputs":[', b'{"parameters":{"a":['])
def test_json_a_million_deep_is_refused(server, opening):
    body = opening * 1_000_000
    status, _, data = server.post(INFER, body)
    assert status == 400
    assert "error" in json.loads(data)


def test_json_with_very_many_members_is_bounded(server):
    body = b'{"inputs":[' + b",".join([b"{}"] * 100_000) + b"]}"
    assert server.post(INFER, body)[0] == 400
    body = b'{"parameters":{' + b",".join(b'"p%d":1' % i for i in range(50_000)) + b"},"
    body += json.dumps(BODY).encode()[1:]
    assert server.post(INFER, body)[0] in (200, 400)


def test_clients_that_leave_in_the_middle_harm_nobody(server):
    body = json.dumps(BODY).encode()
    request = post(INFER, body)
    for cut in range(1, len(request), 37):
        with server.raw_socket() as connection:
            connection.sendall(request[:cut])
            if cut % 2:
                connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
    assert server.post(INFER, BODY)[0] == 200


def test_slow_clients_do_not_hold_up_others(server):
    slow = [server.raw_socket() for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(f"POST {INFER} HTTP/1.1\r\nHost: t\r\nContent-Le".encode())
        started = time.monotonic()
        for _ in range(50):
            assert server.post(INFER, BODY)[0] == 200
        assert time.monotonic() - started < 5
        body = json.dumps(BODY).encode()
        rest = f"ngth: {len(body)}\r\n\r\n".encode() + body
        for index in range(0, len(rest), 29):
            slow[0].sendall(rest[index : index + 29])
        assert slow[0].recv(65536).startswith(b"HTTP/1.1 200")
    finally:
        for connection in slow:
            connection.close()


def test_random_bytes_and_mutations_never_bring_the_server_down(server, random):
    good = post(INFER, json.dumps(BODY).encode())
    body, headers = binary_request([8], b"\0" * 8)
    binary = post(INFER, body, *(f"{k}: {v}" for k, v in headers.items()))
    for round_number in range(400):
        data = bytearray(good if round_number % 2 else binary)
        for _ in range(int(random.integers(1, 6))):
            place = int(random.integers(0, len(data)))
            choice = random.integers(0, 3)
            if choice == 0:
                data[place] = int(random.integers(0, 256))
            elif choice == 1:
                del data[place : place + int(random.integers(1, 12))]
            else:
                data[place:place] = random.bytes(int(random.integers(1, 12)))
        with server.raw_socket() as connection:
            connection.settimeout(0.05)
            try:
                connection.sendall(bytes(data))
                connection.recv(4096)
            except (TimeoutError, ConnectionError):
                pass
    assert server.post(INFER, BODY)[0] == 200
