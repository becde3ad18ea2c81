"""Sends payments to the server when they are due, whether or not it has answered the ones before.

One thread, keep-alive connections, an open loop: due times are Poisson, drawn before the run from a
seed, and a latency counts from the due time, so the driver's own lag and a wait for a free
connection are in it. Both are also measured apart, to tell how far the driver can be trusted.
Reports of fraud go to the server on a connection of their own, as they become known.
"""

import collections
import dataclasses
import gc
import random
import select
import socket
import time

CONNECTIONS = 64
REPEATS, PAUSE = 5, 0.02
TIMEOUT = 10.0
DECISIONS_PATH = "/v1/decisions/card-fraud"
REPORTS_PATH = "/v1/events/fraud_reports"


@dataclasses.dataclass
class Answer:
    """Times in seconds from the start of the run; status 0: the connection broke."""

    due: float
    sent: float
    done: float
    status: int
    body: bytes


def request(path, body, kind="application/json"):
    head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def due_times(count, rate, seed):
    draw, now, times = random.Random(seed), 0.0, []
    for _ in range(count):
        now += draw.expovariate(rate)
        times.append(now)
    return times


class Connection:
    """One HTTP/1.1 connection with at most one request under way."""

    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number, self.received = None, b""

    def send(self, number, data):
        self.number, self.received = number, b""
        self.socket.sendall(data)

    def receive(self):
        """(status, body) once the answer is whole, else None; status 0 at the end of the stream."""
        try:
            data = self.socket.recv(65_536)
        except OSError:
            data = b""
        if not data:
            return 0, self.received
        self.received = self.received + data if self.received else data
        return answer_in(self.received)


def answer_in(data):
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        raise SystemExit(f"an answer without a length: {head[:80]!r}")
    line = head[at + 15:head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None]
    length = int(line)
    if len(data) < end + 4 + length:
        return None
    return int(head[9:12]), data[end + 4:end + 4 + length]


class Reports:
    """Batches of reports, each due when the decision of a number is, one under way at a time."""

    def __init__(self, address, batches):
        self.connection, self.batches, self.next = Connection(address), batches, 0
        self.is_waiting, self.answers = False, []

    def send_due(self, decision):
        if self.is_waiting or self.next == len(self.batches):
            return
        lines, last = [], self.next
        while last < len(self.batches) and self.batches[last][0] <= decision:
            lines.append(self.batches[last][1])
            last += 1
            if len(lines) == 8:
                break
        if lines:
            self.next, self.is_waiting = last, True
            self.connection.send(0, request(REPORTS_PATH, b"".join(lines), "application/x-ndjson"))

    def receive(self):
        found = self.connection.receive()
        if found is not None:
            if found[0] == 0:
                raise SystemExit("the server closed the connection of the reports")
            self.answers.append(found)
            self.is_waiting = False

    @property
    def is_finished(self):
        return self.next == len(self.batches) and not self.is_waiting


class Run:
    def __init__(self, port, requests, due, batches, progress=None):
        self.address, self.requests, self.due = ("127.0.0.1", port), requests, due
        self.reports, self.progress = Reports(self.address, batches), progress
        self.answers = [None] * len(requests)
        self.sent = [0.0] * len(requests)
        self.poll = select.epoll()
        self.busy, self.free = {}, []
        self.next, self.broken = 0, 0
        # What was answered 503 is sent again with its id, as docs/decisions-api.md says.
        self.tries, self.again = bytearray(len(requests)), collections.deque()
        self.poll.register(self.reports.connection.socket, select.EPOLLIN)
        for _ in range(CONNECTIONS):
            self.open()

    def open(self):
        connection = Connection(self.address)
        self.poll.register(connection.socket, select.EPOLLIN)
        self.busy[connection.socket.fileno()] = connection
        self.free.append(connection)

    def run(self):
        gc.collect()
        gc.disable()
        self.start = time.perf_counter()
        last, shown = self.due[-1] + TIMEOUT, 0.0
        while self.next < len(self.due) or len(self.free) < CONNECTIONS \
                or self.again or not self.reports.is_finished:
            now = time.perf_counter() - self.start
            if now > last:
                break
            self.send_due(now)
            if self.progress and now - shown >= 1:
                self.progress(now, self.next)
                shown = now
            self.wait(time.perf_counter() - self.start)
        gc.enable()
        return self.answers

    def send_due(self, now):
        due, count = self.due, len(self.due)
        while self.again and self.again[0][0] <= now and self.free:
            self.send(self.again.popleft()[1])
        while self.next < count and due[self.next] <= now and self.free:
            self.sent[self.next] = time.perf_counter() - self.start
            self.next += 1
            self.send(self.next - 1)
        self.reports.send_due(self.next)

    def send(self, number):
        connection = self.free.pop()
        try:
            connection.send(number, self.requests[number])
        except OSError:
            self.finish(connection, 0, b"")

    def wait(self, now):
        """Until the next is due or an answer comes; epoll alone waits for whole milliseconds."""
        until = 0.05
        if self.next < len(self.due) and self.free:
            until = max(0.0, min(until, self.due[self.next] - now))
        if self.again and self.free:
            until = max(0.0, min(until, self.again[0][0] - now))
        if not select.select([self.poll], [], [], until)[0]:
            return
        for number, _ in self.poll.poll(0):
            if number == self.reports.connection.socket.fileno():
                self.reports.receive()
                continue
            connection = self.busy[number]
            found = connection.receive()
            if found is not None:
                self.finish(connection, *found)

    def finish(self, connection, status, body):
        number = connection.number
        if status == 503 and self.tries[number] < REPEATS:
            self.tries[number] += 1
            now = time.perf_counter() - self.start
            self.again.append((now + PAUSE * self.tries[number], number))
        elif number is not None:
            self.answers[number] = Answer(self.due[number], self.sent[number],
                                          time.perf_counter() - self.start, status, body)
        connection.number = None
        if status:
            self.free.append(connection)
            return
        self.broken += 1
        if connection in self.free:
            self.free.remove(connection)
        self.poll.unregister(connection.socket)
        del self.busy[connection.socket.fileno()]
        connection.socket.close()
        if self.broken > CONNECTIONS:
            raise SystemExit("the server keeps closing connections")
        self.open()
