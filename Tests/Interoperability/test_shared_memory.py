"""System shared memory in and out over every client, and CUDA memory as a CPU build answers it."""

import uuid

import numpy as np
import pytest
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import serialize_byte_tensor

import model_zoo


@pytest.fixture
def region(client):
    """A region of 4,096 bytes, registered under its name, gone afterwards."""
    name = f"needletail-test-{uuid.uuid4().hex[:12]}"
    handle = shm.create_shared_memory_region(name, f"/{name}", 4096)
    client.register_system_shared_memory(name, f"/{name}", 4096)
    yield name, handle
    client.unregister_system_shared_memory(name)
    shm.destroy_shared_memory_region(handle)


def regions(client, name=""):
    answer = client.read("get_system_shared_memory_status", name)
    if client.is_http:
        return {entry["name"]: entry for entry in answer}
    return answer.get("regions", {})


def test_input_and_output_in_shared_memory(client, region, random):
    name, handle = region
    values = random.normal(size=(2, 16)).astype(np.float32)
    shm.set_shared_memory_region(handle, [values])
    source = client.module.InferInput("x", [2, 16], "FP32")
    source.set_shared_memory(name, values.nbytes)
    result_place = client.output("y")
    result_place.set_shared_memory(name, values.nbytes, offset=1024)
    result = client.infer("identity_fp32", [source], outputs=[result_place])
    output = result.get_output("y")
    assert output is not None
    got = shm.get_contents_as_numpy(handle, np.float32, [2, 16], offset=1024)
    np.testing.assert_array_equal(got, values)


def test_input_in_shared_memory_and_output_in_the_answer(client, region, random):
    name, handle = region
    values = random.normal(size=(2, 16)).astype(np.float32)
    shm.set_shared_memory_region(handle, [values], offset=512)
    source = client.module.InferInput("x", [2, 16], "FP32")
    source.set_shared_memory(name, values.nbytes, offset=512)
    result = client.infer("identity_fp32", [source])
    np.testing.assert_array_equal(result.as_numpy("y"), values)


def test_one_input_in_shared_memory_the_other_in_the_request(client, region, random):
    name, handle = region
    a = random.normal(size=(1, 4)).astype(np.float32)
    b = random.normal(size=(1, 4)).astype(np.float32)
    shm.set_shared_memory_region(handle, [a])
    first = client.module.InferInput("a", [1, 4], "FP32")
    first.set_shared_memory(name, a.nbytes)
    result = client.infer("pair", [first, client.input("b", b, "FP32")])
    np.testing.assert_array_equal(result.as_numpy("sum"), a + b)


def test_bytes_elements_in_shared_memory(client, region):
    name, handle = region
    words = np.array([[b"one", b""], [b"three", "snö".encode()]], dtype=object)
    serialized = serialize_byte_tensor(words)
    shm.set_shared_memory_region(handle, [serialized])
    size = len(serialized.item())
    source = client.module.InferInput("x", [2, 2], "BYTES")
    source.set_shared_memory(name, size)
    result = client.infer("identity_bytes", [source])
    assert result.as_numpy("y").tolist() == words.tolist()


def test_status_and_unregister(client, region):
    name, _ = region
    entry = regions(client)[name]
    assert (entry["key"], int(entry["byte_size"])) == (f"/{name}", 4096)
    assert list(regions(client, name)) == [name]
    with pytest.raises(Exception, match=name):
        client.register_system_shared_memory(name, f"/{name}", 4096)
    client.unregister_system_shared_memory(name)
    assert name not in regions(client)
    client.unregister_system_shared_memory()
    assert regions(client) == {}


@pytest.mark.parametrize("size, offset", [(4096, 1), (8192, 0), (128, 2**62), (2**63, 2**63)])
def test_places_outside_a_region_are_refused(client, region, size, offset):
    name, _ = region
    if not client.is_http and max(size, offset) >= 2**63:
        pytest.skip("the client cannot send such a number")
    source = client.module.InferInput("x", [1, 32], "FP32")
    source.set_shared_memory(name, size, offset=offset)
    with pytest.raises(Exception):
        client.infer("identity_fp32", [source])


def test_unknown_regions_and_keys_are_refused(client):
    source = client.module.InferInput("x", [1, 32], "FP32")
    source.set_shared_memory("nowhere", 128)
    with pytest.raises(Exception, match="nowhere"):
        client.infer("identity_fp32", [source])
    with pytest.raises(Exception, match="no-such-key|missing"):
        client.register_system_shared_memory("missing", "/no-such-key", 4096)
    with pytest.raises(Exception):
        client.register_system_shared_memory("escape", "/../etc/passwd", 16)
    with pytest.raises(Exception):
        client.read("get_system_shared_memory_status", "nowhere")


def test_an_output_that_does_not_fit_is_refused(client, region):
    name, _ = region
    values = np.zeros((1, 64), np.float32)
    place = client.output("y")
    place.set_shared_memory(name, 16)
    with pytest.raises(Exception):
        client.infer("identity_fp32", [client.input("x", values, "FP32")], outputs=[place])


def test_cuda_shared_memory_answers_as_a_cpu_build(client):
    answer = client.read("get_cuda_shared_memory_status")
    assert answer in ([], {})
    client.unregister_cuda_shared_memory()
    with pytest.raises(Exception):
        client.register_cuda_shared_memory("region", b"bm90aGluZw==", 0, 64)


def test_the_zoo_has_every_type():
    assert len(model_zoo.DTYPES) == 14
