"""Decisions, events, features and records over HTTP: the server binary, the example pipeline."""

import concurrent.futures
import datetime
import gzip
import json
import pathlib
import signal
import subprocess
import time
import urllib.request

import pytest
from server_process import BINARY, ServerProcess

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "Examples" / "card-fraud"
MODELS = ROOT / "Examples" / "models"
PATH = "/v1/decisions/card-fraud"
LINES = {"Content-Type": "application/x-ndjson"}


def payments(count):
    text = (EXAMPLE / "payments.ndjson").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()[:count]]


def lines(values):
    return "\n".join(json.dumps(value) for value in values).encode()


def patient(folder):
    """The example with times that a slow machine keeps too; its pipeline file."""
    for name in ("pipeline.yaml", "views.yaml"):
        text = (EXAMPLE / name).read_text(encoding="utf-8")
        for short, long in (("30ms", "30s"), ("4ms", "5s"), ("5ms", "5s"), ("15ms", "10s")):
            text = text.replace(f"total: {short}", f"total: {long}")
            text = text.replace(f"features: {short}", f"features: {long}")
            text = text.replace(f"timeout: {short}", f"timeout: {long}")
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "pipeline.yaml"


def flags(state, pipeline):
    return ["--pipeline", str(pipeline), "--state", str(state)]


def ask(server, method, path, body=None, headers=None):
    """Status, headers and JSON of one request."""
    connection = server.connection()
    try:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.headers.get("Content-Type") == "application/x-ndjson":
            return answer.status, answer.headers, [json.loads(one) for one in text.splitlines()]
        return answer.status, answer.headers, json.loads(text) if text else None
    finally:
        connection.close()


def wait_for(find, seconds=10):
    deadline = time.monotonic() + seconds
    while not find():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def deciding(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deciding")
    with ServerProcess(MODELS, *flags(folder / "state", patient(folder))) as process:
        yield process


def test_the_start_says_what_is_served(deciding):
    wait_for(lambda: "card-fraud  digest " in deciding.log())
    assert "tiers trees > deep" in deciding.log()


def test_a_payment_is_decided_recorded_and_found(deciding):
    payment = dict(payments(1)[0], transaction_id="one")
    status, headers, decision = ask(deciding, "POST", PATH + "?features=true", payment)
    assert status == 200
    assert decision["outcome"] in ("approve", "decline", "review")
    assert len(decision["features"]) == 30
    assert "total;dur=" in headers["Server-Timing"]
    status, _, record = ask(deciding, "GET", f"/v1/records/{decision['id']}")
    assert status == 200
    assert record["decision"]["inputs"]["card"] == "[redacted]"
    assert record["decision"]["outcome"] == decision["outcome"]
    status, _, page = ask(
        deciding, "GET", "/v1/records?pipeline=card-fraud&request_id=one")
    assert [one["id"] for one in page["records"]] == [decision["id"]]
    _, _, again = ask(deciding, "POST", PATH, payment)
    assert again["id"] == decision["id"]


def test_many_are_decided_as_one_by_one(deciding):
    asked = [dict(one, transaction_id=f"many-{i}") for i, one in enumerate(payments(500))]
    status, _, made = ask(deciding, "POST", PATH, lines(asked), LINES)
    assert status == 200
    assert [one["request_id"] for one in made] == [one["transaction_id"] for one in asked]
    status, _, array = ask(deciding, "POST", PATH, asked[:50] + [{"amount": -1}])
    assert [one["id"] for one in array["decisions"][:50]] == [one["id"] for one in made[:50]]
    assert array["decisions"][50]["code"] == "INVALID_INPUT"


def test_many_at_once_over_many_connections(deciding):
    asked = [dict(one, transaction_id=f"at-once-{i}") for i, one in enumerate(payments(400))]

    def part(number):
        connection = deciding.connection()
        ids = []
        for payment in asked[number::8]:
            connection.request("POST", PATH, json.dumps(payment))
            answer = connection.getresponse()
            body = json.loads(answer.read())
            assert answer.status == 200, body
            assert body["request_id"] == payment["transaction_id"]
            ids.append(body["id"])
        connection.close()
        return ids

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ids = [one for part_ids in pool.map(part, range(8)) for one in part_ids]
    assert len(set(ids)) == 400


def test_events_are_counted_once(deciding):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = dict(
        payments(1)[0], transaction_id="event-1", card="events-card", amount=20.0, time=now)
    second = dict(event, transaction_id="event-2", amount=30.0)
    status, _, answer = ask(
        deciding, "POST", "/v1/events/card_transactions", lines([event, second, event]), LINES)
    assert status == 200
    assert (answer["accepted"], answer["duplicate"]) == (2, 1), answer
    request = {"time": event["time"], "card": "events-card", "terminal": "m", "country": "DE",
               "amount": 1.0}  # fmt: skip
    status, _, answer = ask(deciding, "POST", "/v1/features/payment", request)
    assert status == 200, answer
    values = {one["name"]: one for one in answer["features"]}
    assert values["card_activity.count_24h"]["value"] == 2
    assert values["card_activity.spent_24h"]["value"] == 50
    assert values["card_activity.spent_24h"]["status"] == "fresh"


def test_compressed_bodies_are_read(deciding):
    payment = dict(payments(1)[0], transaction_id="compressed")
    status, _, decision = ask(
        deciding, "POST", PATH, gzip.compress(json.dumps(payment).encode()),
        {"Content-Encoding": "gzip"})  # fmt: skip
    assert status == 200
    assert decision["request_id"] == "compressed"


def test_a_plain_client_needs_no_special_headers(deciding):
    body = json.dumps(dict(payments(1)[0], transaction_id="plain")).encode()
    with urllib.request.urlopen(f"http://{deciding.http}{PATH}", body) as answer:
        assert json.load(answer)["request_id"] == "plain"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("POST", "/v1/decisions/nobody", {}, 404, "served: card-fraud"),
        ("POST", "/v1/events/nobody", {}, 404, "served: card_transactions"),
        ("POST", "/v1/features/nobody", {}, 404, "served: payment"),
        ("POST", PATH, "{", 400, "not a JSON object"),
        ("POST", PATH, {"amount": "x"}, 422, "amount"),
        ("GET", "/v1/records?limit=x", None, 400, "use 1 to 1000"),
        ("GET", "/v1/records/none", None, 404, "no record 'none'"),
        ("GET", PATH, None, 405, "Method Not Allowed"),
    ],
)
def test_mistakes_are_explained(deciding, method, path, body, status, text):
    found, _, answer = ask(deciding, method, path, body)
    assert found == status
    assert text in answer["error"]


def test_the_document_is_valid_openapi(deciding):
    _, _, document = ask(deciding, "GET", "/v1/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert PATH in document["paths"]
    jsonschema = pytest.importorskip("jsonschema")
    schema = {"$ref": "#/components/schemas/decision.card-fraud", **document}
    payment = dict(payments(1)[0], transaction_id="schema")
    _, _, decision = ask(deciding, "POST", PATH + "?features=true", payment)
    jsonschema.Draft202012Validator(schema).validate(decision)
    schema = {"$ref": "#/components/schemas/input.card-fraud", **document}
    jsonschema.Draft202012Validator(schema).validate(payment)


def test_figures_are_on_the_metrics_page(deciding):
    status, _, text = deciding.get_metrics()
    assert status == 200
    for name in (
        "needletail_decisions_total{", "needletail_decision_stage_duration_seconds_bucket{",
        "needletail_tier_breaker{", "needletail_escalation_share{", "needletail_records_queued ",
        "needletail_feature_keys{", "needletail_feature_bytes{", "needletail_events_total{",
    ):  # fmt: skip
        assert name in text, name


def test_a_large_body_does_not_hold_up_the_others(deciding):
    asked = [dict(one, transaction_id=f"large-{i}") for i, one in enumerate(payments(500) * 8)]
    body = lines(dict(one, transaction_id=f"l{i}") for i, one in enumerate(asked))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        large = pool.submit(ask, deciding, "POST", PATH, body, LINES)
        answered = 0
        while not large.done():
            payment = dict(payments(1)[0], transaction_id=f"small-{answered}")
            assert ask(deciding, "POST", PATH, payment)[0] == 200
            answered += 1
        status, _, made = large.result()
    assert status == 200
    assert len(made) == len(asked)
    assert answered > 3


def test_what_was_answered_survives_kill_9(tmp_path):
    state, pipeline = tmp_path / "state", patient(tmp_path)
    server = ServerProcess(MODELS, *flags(state, pipeline))
    with server:
        asked = [dict(one, transaction_id=f"kill-{i}") for i, one in enumerate(payments(200))]
        _, _, made = ask(server, "POST", PATH, lines(asked), LINES)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with ServerProcess(MODELS, *flags(state, pipeline)) as again:
        _, _, repeated = ask(again, "POST", PATH, lines(asked), LINES)
        assert [one["id"] for one in repeated] == [one["id"] for one in made]
        _, _, page = ask(again, "GET", "/v1/records?limit=1000")
        assert len(page["records"]) == 200
    verified = subprocess.run(
        [BINARY, "records", "verify", state / "records.sqlite"], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_pipelines_are_reloaded_all_or_nothing(tmp_path):
    pipeline = patient(tmp_path)
    text = pipeline.read_text(encoding="utf-8")
    with ServerProcess(MODELS, *flags(tmp_path / "state", pipeline)) as server:
        first = ask(server, "GET", "/v1/pipelines/card-fraud")[2]
        pipeline.write_text(text.replace("amount < 2.0", "amount < 3.0"))
        server.process.send_signal(signal.SIGHUP)
        wait_for(
            lambda: ask(server, "GET", "/v1/pipelines/card-fraud")[2]["digest"]
            != first["digest"])  # fmt: skip
        pipeline.write_text(text.replace("amount < 2.0", "amuont < 3.0"))
        status, _, refused = ask(server, "POST", "/v1/pipelines/reload")
        assert status == 422
        assert "pipeline.yaml:" in refused["problems"][0]
        assert "amount" in refused["problems"][0]
        assert ask(server, "POST", PATH, payments(1)[0])[0] == 200
        pipeline.write_text(text)
        status, _, answer = ask(server, "POST", "/v1/pipelines/reload")
        assert (status, answer["pipelines"][0]["change"]) == (200, "changed")


def test_a_server_without_pipelines_says_how_to_have_them(server):
    status, _, answer = ask(server, "POST", PATH, {})
    assert status == 404
    assert "--pipeline" in answer["error"]


def check(*arguments):
    return subprocess.run(
        [BINARY, "check", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)


def test_check_names_every_mistake(tmp_path):
    right = check("--model-repository", MODELS, "--pipeline", EXAMPLE / "pipeline.yaml")
    assert right.returncode == 0, right.stdout + right.stderr
    assert "1 pipeline, no problems" in right.stdout
    (tmp_path / "views.yaml").write_text((EXAMPLE / "views.yaml").read_text(encoding="utf-8"))
    broken = tmp_path / "pipeline.yaml"
    text = (EXAMPLE / "pipeline.yaml").read_text(encoding="utf-8")
    broken.write_text(text.replace("amount < 2.0", "amuont < 2.0"))
    wrong = check("--pipeline", broken)
    assert wrong.returncode == 1
    assert f"{broken}:" in wrong.stdout
    broken.write_text(text.replace("model: card_fraud_mlp", "model: nobody"))
    assert check("--pipeline", broken).returncode == 0
    unfit = check("--pipeline", broken, "--model-repository", MODELS)
    assert unfit.returncode == 1
    assert "nobody" in unfit.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--pipeline", "/no/such.yaml"], "cannot be read"),
        (["--state", "/tmp/x"], "acts only with a pipeline"),
        (["--pipeline", EXAMPLE / "pipeline.yaml", "--keep-records", "90d"], "needs 'state'"),
        (["--pipeline", EXAMPLE / "pipeline.yaml", "--state", "s", "--keep-records", "soon"],
         "such as 90d"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(arguments, text):
    done = check("--model-repository", MODELS, *arguments)
    assert done.returncode == 1
    assert text in done.stdout


def test_views_that_changed_are_refused_at_start(tmp_path):
    pipeline, state = patient(tmp_path), tmp_path / "state"
    with ServerProcess(MODELS, *flags(state, pipeline)) as server:
        assert ask(server, "POST", PATH, payments(1)[0])[0] == 200
    views = tmp_path / "views.yaml"
    views.write_text(views.read_text(encoding="utf-8").replace("ttl: 2d", "ttl: 3d"))
    refused = ServerProcess(MODELS, *flags(state, pipeline), waits=False)
    refused.__enter__()
    assert refused.process.wait(60) == 1
    assert "--rebuild-features" in refused.log()
    with ServerProcess(MODELS, *flags(state, pipeline), "--rebuild-features") as server:
        assert ask(server, "POST", PATH, payments(1)[0])[0] == 200


def test_connections_that_end_early_harm_nobody(deciding):
    body = lines(dict(one, transaction_id=f"gone-{i}") for i, one in enumerate(payments(500)))
    for _ in range(5):
        raw = deciding.raw_socket()
        raw.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)  # fmt: skip
        raw.close()
    payment = dict(payments(1)[0], transaction_id="after-they-left")
    assert ask(deciding, "POST", PATH, payment)[0] == 200
    assert deciding.is_alive
