"""Sends requests at a rate, whatever the server does, and says what became of each.

Arrivals are Poisson from a seed. Latency counts from the intended send time, so a slow server
cannot hide behind a client that waits for it. Runs in a process of its own; prints one JSON object.

    python3 open_loop.py PORT PATH FOLDER BODIES HEADER_LENGTH RATE SECONDS DEADLINE_US SEED
"""

import collections
import json
import pathlib
import random
import select
import socket
import sys
import time

CONNECTIONS_AT_START = 256
CONNECTIONS_MAX = 4096
PAUSE = 20e-6


class Connection:
    __slots__ = ("socket", "received", "unsent", "intended", "sent")

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.received = b""
        self.unsent = b""


def read_bodies(path, folder, count, header_length, deadline):
    requests = []
    for index in range(count):
        body = (pathlib.Path(folder) / str(index)).read_bytes()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
            f"Needletail-Timeout-Us: {deadline}\r\n"
        )
        if header_length:
            head += f"Inference-Header-Content-Length: {header_length}\r\n"
        requests.append(head.encode() + b"\r\n" + body)
    return requests


def take_answer(connection):
    """The status of a complete answer, or None while it is not complete."""
    head_end = connection.received.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = connection.received[:head_end].lower()
    place = head.find(b"content-length:")
    length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
    end = head_end + 4 + length
    if len(connection.received) < end:
        return None
    status = int(connection.received[9:12])
    connection.received = connection.received[end:]
    return status


class OpenLoop:
    def __init__(self, port, requests):
        self.port, self.requests = port, requests
        self.poll = select.epoll()
        self.by_descriptor = {}
        self.idle = collections.deque()
        self.done = []  # (status, intended, sent, answered)
        self.lost = 0
        for _ in range(CONNECTIONS_AT_START):
            self.idle.append(self.open())

    def open(self):
        connection = Connection(self.port)
        self.by_descriptor[connection.socket.fileno()] = connection
        self.poll.register(connection.socket.fileno(), select.EPOLLIN)
        return connection

    def send(self, number, intended):
        if self.idle:
            connection = self.idle.pop()
        elif len(self.by_descriptor) < CONNECTIONS_MAX:
            connection = self.open()
        else:
            self.lost += 1
            return
        request = self.requests[number % len(self.requests)]
        connection.intended, connection.sent = intended, time.perf_counter()
        try:
            written = connection.socket.send(request)
        except BlockingIOError:
            written = 0
        except OSError:
            self.drop(connection)
            return
        if written < len(request):
            connection.unsent = request[written:]
            self.poll.modify(connection.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def drop(self, connection):
        self.lost += 1
        self.poll.unregister(connection.socket.fileno())
        del self.by_descriptor[connection.socket.fileno()]
        connection.socket.close()

    def handle(self, descriptor, event):
        connection = self.by_descriptor.get(descriptor)
        if connection is None:
            return
        try:
            if event & select.EPOLLOUT and connection.unsent:
                written = connection.socket.send(connection.unsent)
                connection.unsent = connection.unsent[written:]
                if not connection.unsent:
                    self.poll.modify(descriptor, select.EPOLLIN)
            if event & ~select.EPOLLOUT:
                piece = connection.socket.recv(65536)
                if not piece:
                    self.drop(connection)
                    return
                connection.received += piece
        except BlockingIOError:
            return
        except OSError:
            self.drop(connection)
            return
        status = take_answer(connection)
        if status is not None:
            now = time.perf_counter()
            self.done.append((status, connection.intended, connection.sent, now))
            self.idle.append(connection)

    def run(self, rate, seconds, seed):
        generator = random.Random(seed)
        start = time.perf_counter() + 0.05
        arrivals, at = [], 0.0
        while at < seconds:
            at += generator.expovariate(rate)
            arrivals.append(start + at)
        number, total, late = 0, len(arrivals), 0
        give_up = start + seconds + 5
        while number < total or len(self.done) + self.lost < total:
            now = time.perf_counter()
            if now > give_up:
                break
            while number < total and arrivals[number] <= now:
                late += now - arrivals[number] > 1e-3
                self.send(number, arrivals[number])
                number += 1
                now = time.perf_counter()
            events = self.poll.poll(0, 256)
            for descriptor, event in events:
                self.handle(descriptor, event)
            if not events:
                time.sleep(PAUSE)
        self.lost += total - len(self.done) - self.lost
        return total, late


def percentile(values, share):
    if not values:
        return None
    values.sort()
    return values[min(len(values) - 1, int(len(values) * share))]


def main():
    port, path, folder, count, header_length, rate, seconds, deadline, seed = sys.argv[1:]
    requests = read_bodies(path, folder, int(count), int(header_length), int(deadline))
    loop = OpenLoop(int(port), requests)
    total, late = loop.run(float(rate), float(seconds), int(seed))
    limit = int(deadline) / 1e6
    good = [d for d in loop.done if d[0] == 200]
    # The deadline starts at the request's first byte: what the client itself was late is not the
    # server's. `latency` still counts from the intended time.
    inside = [d for d in good if d[3] - d[2] <= limit]
    refused = [d for d in loop.done if d[0] == 503]
    expired = [d for d in loop.done if d[0] == 504]
    print(
        json.dumps(
            {
                "offered": total,
                "seconds": float(seconds),
                "client_late": late,
                "answered": len(good),
                "inside": len(inside),
                "late_most": max([d[3] - d[2] - limit for d in good] or [0]),
                "refused": len(refused),
                "expired": len(expired),
                "other": len(loop.done) - len(good) - len(refused) - len(expired),
                "lost": loop.lost,
                "latency_p50": percentile([d[3] - d[1] for d in good], 0.5),
                "latency_p99": percentile([d[3] - d[1] for d in good], 0.99),
                "refusal_p50": percentile([d[3] - d[2] for d in refused], 0.5),
                "refusal_p99": percentile([d[3] - d[2] for d in refused], 0.99),
            }
        )
    )


if __name__ == "__main__":
    main()
