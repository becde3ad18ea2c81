#!/usr/bin/env python3
"""Writes simulated card transactions: events.csv, profiles.csv and, if asked for, their reports.

After the published description of the transaction simulator in the Fraud Detection Handbook
(Le Borgne, Siblini, Lebichot and Bontempi, 2022, chapter 3): customers and terminals lie on a
square of 100 by 100; a customer pays at terminals within a radius, amounts and rates are the
customer's own, and fraud comes in three scenarios. The code is written from that description. All
of it is simulated: nothing says anything about a real card.

  1. an amount above 220 is fraud;
  2. each day two terminals are compromised: for 28 days all payments there are fraud;
  3. each day three customers are compromised: for 14 days a third of their payments is five times
     as large, and fraud.

The default is small, so it draws one terminal and one customer every tenth day instead of each day;
--compromised 1 takes the published numbers.

Fields beyond the description, to have something to filter and encode by: the country of the
terminal (by its place on the square) and the customer's home country and limit.

With --report-after DAYS nobody knows at once what was fraud: events.csv has no label, reports.csv
says for each payment so many days later whether it was one, and truth.csv names the scenario.

    tools/make_card_events.py [--customers 40] [--terminals 120] [--days 45] [--seed 20]
                              [--compromised 0] [--report-after 0] [--into Examples/features]
"""

import argparse
import collections
import csv
import datetime
import math
import operator
import pathlib
import random

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
COUNTRIES = ["DE", "FR", "NL", "PT"]
DAY = 86_400_000
LARGE, TERMINAL, CARD = 1, 2, 3


class Payment:
    __slots__ = ("amount", "customer", "millisecond", "order", "scenario", "terminal")

    def __init__(self, millisecond, customer, terminal, amount):
        self.millisecond, self.customer, self.terminal = millisecond, customer, terminal
        self.amount, self.scenario = amount, 0
        self.order = (millisecond, customer)


def country(place):
    return COUNTRIES[int(place[0] >= 50) + 2 * int(place[1] >= 50)]


def make_customers(count, draw):
    customers = []
    for number in range(count):
        mean = draw.uniform(5, 100)
        place = (draw.uniform(0, 100), draw.uniform(0, 100))
        customers.append({
            "card": f"card-{number:05}", "place": place, "mean": mean, "deviation": mean / 2,
            "rate": draw.uniform(0, 4), "home": country(place)})
    return customers


def make_terminals(count, draw):
    return [{"terminal": f"terminal-{n:05}", "place": (draw.uniform(0, 100), draw.uniform(0, 100))}
            for n in range(count)]


class Neighbourhood:
    """The terminals within a radius of a place, found by squares of that size."""

    def __init__(self, terminals, radius):
        self.radius, self.places = radius, [t["place"] for t in terminals]
        self.squares = collections.defaultdict(list)
        for number, (x, y) in enumerate(self.places):
            self.squares[int(x / radius), int(y / radius)].append(number)

    def around(self, place):
        column, row = int(place[0] / self.radius), int(place[1] / self.radius)
        near = [
            number for x in (-1, 0, 1) for y in (-1, 0, 1)
            for number in self.squares.get((column + x, row + y), ())
            if math.dist(self.places[number], place) < self.radius]
        return sorted(near)


def poisson(draw, mean):
    """Knuth's method; means here are small."""
    limit, product, count = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        count += 1
    return count


def payments(customers, terminals, radius, days, draw):
    made, neighbourhood = [], Neighbourhood(terminals, radius)
    for number, customer in enumerate(customers):
        near = neighbourhood.around(customer["place"])
        if not near:
            continue
        rate, mean, deviation = customer["rate"], customer["mean"], customer["deviation"]
        for day in range(days):
            for _ in range(poisson(draw, rate)):
                second = draw.gauss(43_200, 20_000)
                if not 0 < second < 86_400:
                    continue
                amount = draw.gauss(mean, deviation)
                if amount < 0:
                    amount = draw.uniform(0, mean * 2)
                terminal = draw.choice(near)
                made.append(Payment(
                    day * DAY + int(second * 1000), number, terminal, round(amount, 2)))
    made.sort(key=operator.attrgetter("order"))
    return made


class Fraud:
    """Marks payments by the three scenarios; each of a later scenario's own if several apply."""

    def __init__(self, made):
        self.by_terminal = collections.defaultdict(list)
        self.by_customer = collections.defaultdict(list)
        for payment in made:
            self.by_terminal[payment.terminal].append(payment)
            self.by_customer[payment.customer].append(payment)
            if payment.amount > 220:
                payment.scenario = LARGE

    def compromise_terminal(self, terminal, day):
        for payment in self.by_terminal[terminal]:
            if day <= payment.millisecond // DAY < day + 28:
                payment.scenario = TERMINAL

    def compromise_customer(self, customer, day, draw):
        theirs = [p for p in self.by_customer[customer]
                  if day <= p.millisecond // DAY < day + 14]
        for payment in draw.sample(theirs, len(theirs) // 3):
            payment.amount = round(payment.amount * 5, 2)
            payment.scenario = CARD


def add_fraud(made, customers, terminals, days, compromised, draw):
    """The three scenarios, at so many times the published number a day."""
    fraud = Fraud(made)
    places, cards = range(len(terminals)), range(len(customers))
    for day in range(days):
        for terminal in draw.sample(places, min(2 * compromised, len(terminals))):
            fraud.compromise_terminal(terminal, day)
    for day in range(days):
        for customer in draw.sample(cards, min(3 * compromised, len(customers))):
            fraud.compromise_customer(customer, day, draw)


def add_rare_fraud(made, customers, terminals, days, draw):
    """The three scenarios at a tenth of the daily rate and one each, for a small population."""
    fraud = Fraud(made)
    for day in range(0, days, 10):
        fraud.compromise_terminal(draw.choice(range(len(terminals))), day)
        fraud.compromise_customer(draw.choice(range(len(customers))), day, draw)


def profiles(customers, days, draw):
    """Each card's limit before the first day, and for some a new one later."""
    rows = []
    for customer in customers:
        limit = 100 * draw.randint(5, 30)
        rows.append((customer["card"], instant(-DAY), limit, customer["home"]))
        if draw.random() < 0.3:
            rows.append((customer["card"], instant(draw.randrange(days) * DAY), limit * 2,
                         customer["home"]))
    return rows


def instant(millisecond):
    day, rest = divmod(millisecond, DAY)
    second, thousandth = divmod(rest, 1000)
    minute, second = divmod(second, 60)
    return f"{date(day)}T{minute // 60:02}:{minute % 60:02}:{second:02}.{thousandth:03}Z"


def date(day, known={}):
    if day not in known:
        known[day] = (START + datetime.timedelta(days=day)).strftime("%Y-%m-%d")
    return known[day]


def write(path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def write_events(folder, made, customers, terminals, with_labels):
    names = ["transaction_id", "time", "card", "terminal", "country", "amount"]
    cards = [customer["card"] for customer in customers]
    places = [(terminal["terminal"], country(terminal["place"])) for terminal in terminals]
    rows = ((f"tx-{number:07}", instant(p.millisecond), cards[p.customer], *places[p.terminal],
             p.amount) for number, p in enumerate(made))
    if with_labels:
        rows = ((*row, int(p.scenario > 0)) for row, p in zip(rows, made))
    write(folder / "events.csv", names + ["is_fraud"] * with_labels, rows)


def write_reports(folder, made, terminals, after):
    names = [terminal["terminal"] for terminal in terminals]
    write(folder / "reports.csv", ["transaction_id", "reported", "terminal", "is_fraud"],
          ((f"tx-{number:07}", instant(p.millisecond + after * DAY), names[p.terminal],
            int(p.scenario > 0)) for number, p in enumerate(made)))
    write(folder / "truth.csv", ["transaction_id", "scenario"],
          ((f"tx-{number:07}", p.scenario) for number, p in enumerate(made)))


def options():
    given = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    given.add_argument("--customers", type=int, default=40)
    given.add_argument("--terminals", type=int, default=120)
    given.add_argument("--radius", type=float, default=12)
    given.add_argument("--days", type=int, default=45)
    given.add_argument("--compromised", type=int, default=0,
                       help="how many times the published daily number; 0 for one terminal and "
                       "one customer every tenth day, which suits the small default")
    given.add_argument("--report-after", type=int, default=0, metavar="DAYS",
                       help="labels apart from the events, known so many days later")
    given.add_argument("--seed", type=int, default=20)
    given.add_argument("--into", type=pathlib.Path,
                       default=pathlib.Path(__file__).resolve().parent.parent
                       / "Examples" / "features")
    return given.parse_args()


def main():
    given = options()
    draw = random.Random(given.seed)
    customers = make_customers(given.customers, draw)
    terminals = make_terminals(given.terminals, draw)
    made = payments(customers, terminals, given.radius, given.days, draw)
    if given.compromised:
        add_fraud(made, customers, terminals, given.days, given.compromised, draw)
    else:
        add_rare_fraud(made, customers, terminals, given.days, draw)
    given.into.mkdir(parents=True, exist_ok=True)
    write_events(given.into, made, customers, terminals, with_labels=not given.report_after)
    if given.report_after:
        write_reports(given.into, made, terminals, given.report_after)
    write(given.into / "profiles.csv", ["card", "updated", "limit", "home_country"],
          profiles(customers, given.days, draw))
    frauds = sum(payment.scenario > 0 for payment in made)
    print(f"{len(made)} simulated transactions, {frauds} of them fraud, in {given.into}")


if __name__ == "__main__":
    main()
