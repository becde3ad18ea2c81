"""Clients that send decisions, events and repetitions, all at once, until the server is gone."""

import http.client
import json
import random
import threading
import time

from decision_checker import SECOND

LINES = {"Content-Type": "application/x-ndjson"}
LOST = (OSError, http.client.HTTPException)


class Driver:
    """Clients on threads of their own, which note in a ledger what they send and hear."""

    def __init__(self, ledger, seed, *, pipelines=("pay",), cards=8, clients=4):
        self.ledger = ledger
        self.pipelines = pipelines
        self.cards = cards
        self.clients = clients
        self.random = random.Random(seed)
        self.started = time.time_ns() - 3_000 * SECOND
        self.count = 0
        self.contested = None
        self.refusals = []
        self.failure = None
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    def make_event(self, choose):
        """The next event: its time is near those of its neighbours, in no order."""
        with self.lock:
            self.count += 1
            number = self.count
        time_ns = self.started + number * 20_000_000 + choose.randrange(-20, 21) * SECOND
        return {"id": f"p{number}", "time": time_ns, "card": f"c{choose.randrange(self.cards)}",
                "amount": choose.randrange(8_000) / 8}  # fmt: skip

    def pipeline_of(self, event):
        """Always the same for an id: that is what it must be repeated to."""
        return self.pipelines[int(event["id"][1:]) % len(self.pipelines)]

    def start(self, server):
        self.is_over.clear()
        seeds = [self.random.randrange(1 << 32) for _ in range(self.clients)]
        self.threads = [
            threading.Thread(target=self._run, args=(server, seed), daemon=True) for seed in seeds]
        for thread in self.threads:
            thread.start()

    def finish(self):
        """Ends the clients; fails if one of them heard something wrong."""
        self.is_over.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "a client hangs"
        if self.failure is not None:
            raise self.failure

    def _run(self, server, seed):
        choose = random.Random(seed)
        connection = server.connection(timeout=20)
        try:
            while not self.is_over.is_set():
                kind = choose.random()
                if kind < 0.55:
                    self.decide(connection, choose, 1)
                elif kind < 0.7:
                    self.decide(connection, choose, choose.randrange(2, 12))
                elif kind < 0.85:
                    self.append(connection, choose)
                else:
                    self.repeat(connection, choose)
        except LOST:
            pass
        except BaseException as failure:
            self.failure = failure
        finally:
            connection.close()

    def decide(self, connection, choose, count):
        """Asks for decisions: one, or lines; sometimes what another client asks for just now."""
        events = [self.make_event(choose) for _ in range(count)]
        if count == 1 and choose.random() < 0.2 and self.contested is not None:
            events = [self.contested]
        elif count == 1:
            self.contested = events[0]
        pipeline = self.pipeline_of(events[0])
        events = [one for one in events if self.pipeline_of(one) == pipeline]
        self.ask(connection, pipeline, events)

    def ask(self, connection, pipeline, events):
        for event in events:
            self.ledger.send(event, asks=True)
        path = f"/v1/decisions/{pipeline}"
        if len(events) == 1:
            status, body = self.post(connection, path, stamped(events[0]))
            answers = [(status, body)]
        else:
            status, body = self.post(connection, path, lines(map(stamped, events)), LINES)
            assert status == 200, body
            answers = [(503 if b'"error"' in line[:9] else 200, line) for line in body.splitlines()]
        assert len(answers) == len(events), answers
        for event, (status, body) in zip(events, answers):
            self.hear(event, status, body)

    def hear(self, event, status, body):
        value = json.loads(body)
        if status == 200:
            self.ledger.answer(event["id"], value)
            return
        # A refusal promises nothing; it must be one of the two that are allowed.
        assert status == 503 and value["code"] in ("OVERLOADED", "DURABILITY"), (status, value)
        with self.lock:
            self.refusals.append(value)

    def append(self, connection, choose):
        """Sends events as lines, some of them twice."""
        events = [self.make_event(choose) for _ in range(choose.randrange(1, 30))]
        for event in events:
            self.ledger.send(event, asks=False)
        self.take_in(connection, events + choose.choices(events, k=choose.randrange(3)))

    def take_in(self, connection, events):
        status, body = self.post(connection, "/v1/events/payments", lines(events), LINES)
        answer = json.loads(body)
        if status == 200:
            assert answer["accepted"] + answer["duplicate"] == len(events), answer
            self.ledger.store(event["id"] for event in events)
        else:
            assert status == 503 and answer["code"] in ("OVERLOADED", "DURABILITY"), answer
            with self.lock:
                self.refusals.append(answer)

    def repeat(self, connection, choose):
        """Asks again for what was answered: the answer is the same, or a refusal."""
        with self.ledger.lock:
            known = list(self.ledger.answers)[-200:]
        if known:
            event = self.ledger.events[choose.choice(known)]
            self.ask(connection, self.pipeline_of(event), [event])

    @staticmethod
    def post(connection, path, body, headers=None):
        if isinstance(body, dict):
            body = json.dumps(body)
        connection.request("POST", path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()

    def send_again(self, server):
        """What a careful client does after a crash: sends all again that it heard nothing of."""
        connection = server.connection()
        asked, plain = self.ledger.open
        for event in asked:
            self.ask(connection, self.pipeline_of(event), [event])
        for start in range(0, len(plain), 500):
            self.take_in(connection, plain[start : start + 500])
        connection.close()
        assert self.ledger.open == ([], []), self.refusals[-3:]


def stamped(event):
    """The event as the input of a pipeline: its time as text."""
    seconds, rest = divmod(event["time"], SECOND)
    day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return {**event, "time": f"{day}.{rest:09}Z"}


def lines(values):
    return "".join(json.dumps(value) + "\n" for value in values).encode()
