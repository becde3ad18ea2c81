"""Simulated payments: events that make the state, and bodies of requests that no one has seen."""

import time

import numpy as np

TERMINALS = 50_000
COUNTRIES = ("DE", "FR", "NL", "PT", "US")
WEEK_NS = 7 * 24 * 3600 * 10**9


class Payments:
    """Cards drawn evenly: the least kind way, since no card is in the processor's cache."""

    def __init__(self, cards, seed=11):
        self.cards = cards
        self.random = np.random.default_rng(seed)

    def columns(self, count, cards=None):
        """`count` payments: card, terminal, country and amount."""
        random = self.random
        if cards is None:
            cards = random.integers(self.cards, size=count)
        terminals = random.integers(TERMINALS, size=count)
        countries = random.choice(len(COUNTRIES), size=count, p=(0.6, 0.15, 0.1, 0.1, 0.05))
        amounts = np.clip(np.round(random.lognormal(3.6, 1.0, size=count), 2), 2, 9_000)
        return zip(cards.tolist(), terminals.tolist(), countries.tolist(), amounts.tolist())

    def write_events(self, path, count, ends_at_ns=None):
        """A CSV of `count` events in the order of time over the last week, every card in them."""
        ends_at_ns = ends_at_ns or time.time_ns() - 2 * 10**9
        rounds = -(-count // self.cards)
        cards = np.concatenate([self.random.permutation(self.cards) for _ in range(rounds)])
        times = np.sort(self.random.integers(ends_at_ns - WEEK_NS, ends_at_ns, size=count))
        rows = zip(times.tolist(), self.columns(count, cards[:count]))
        with open(path, "w") as file:
            file.write("transaction_id,time,card,terminal,country,amount\n")
            file.writelines(
                f"past-{index},{at},card-{card:07},terminal-{terminal:05},{COUNTRIES[country]},"
                f"{amount}\n"
                for index, (at, (card, terminal, country, amount)) in enumerate(rows)
            )

    def write_bodies(self, path, count, name):
        """Bodies for `needletail bench`, which puts a number of its own into each id it sends.

        They have no time: the server takes its own.
        """
        with open(path, "w") as file:
            file.writelines(
                f'{{"transaction_id":"{name}-{{{{request}}}}","card":"card-{card:07}",'
                f'"terminal":"terminal-{terminal:05}","country":"{COUNTRIES[country]}",'
                f'"amount":{amount}}}\n'
                for card, terminal, country, amount in self.columns(count)
            )

    def write_requests(self, path, count, starts_at_ns=1_767_225_600 * 10**9, step_ns=200_000):
        """NDJSON for `needletail decide`: card, country and amount, five thousand a second."""
        with open(path, "w") as file:
            file.writelines(
                f'{{"transaction_id":"tx-{index}",'
                f'"time":"{instant(starts_at_ns + index * step_ns)}",'
                f'"card":"card-{card:07}","country":"{COUNTRIES[country]}","amount":{amount}}}\n'
                for index, (card, _, country, amount) in enumerate(self.columns(count))
            )


def instant(ns):
    """RFC 3339, to the microsecond."""
    whole, rest = divmod(ns, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{rest // 1000:06}Z"
