#!/usr/bin/env python3
"""Writes simulated card transactions: Examples/features/events.csv and profiles.csv.

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

    tools/make_card_events.py [--customers 40] [--terminals 120] [--days 45] [--seed 20]
                              [--compromised 0] [--into Examples/features]
"""

import argparse
import csv
import datetime
import math
import pathlib
import random

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
COUNTRIES = ["DE", "FR", "NL", "PT"]


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


def poisson(draw, mean):
    """Knuth's method; means here are small."""
    limit, product, count = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        count += 1
    return count


def transactions(customers, terminals, radius, days, draw):
    rows = []
    for customer in customers:
        near = [t for t in terminals if math.dist(t["place"], customer["place"]) < radius]
        if not near:
            continue
        for day in range(days):
            for _ in range(poisson(draw, customer["rate"])):
                second = draw.gauss(43_200, 20_000)
                if not 0 < second < 86_400:
                    continue
                amount = draw.gauss(customer["mean"], customer["deviation"])
                if amount < 0:
                    amount = draw.uniform(0, customer["mean"] * 2)
                terminal = draw.choice(near)
                rows.append({
                    "day": day, "millisecond": day * 86_400_000 + int(second * 1000),
                    "card": customer["card"], "terminal": terminal["terminal"],
                    "country": country(terminal["place"]), "amount": round(amount, 2),
                    "is_fraud": 0})
    rows.sort(key=lambda row: (row["millisecond"], row["card"]))
    return rows


def add_fraud(rows, customers, terminals, days, compromised, draw):
    for row in rows:
        if row["amount"] > 220:
            row["is_fraud"] = 1
    for day in range(days):
        bad = {t["terminal"] for t in draw.sample(terminals, min(2 * compromised, len(terminals)))}
        for row in rows:
            if row["terminal"] in bad and day <= row["day"] < day + 28:
                row["is_fraud"] = 1
    for day in range(days):
        bad = {c["card"] for c in draw.sample(customers, min(3 * compromised, len(customers)))}
        theirs = [r for r in rows if r["card"] in bad and day <= r["day"] < day + 14]
        for row in draw.sample(theirs, len(theirs) // 3):
            row["amount"] = round(row["amount"] * 5, 2)
            row["is_fraud"] = 1


def write(path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def instant(millisecond):
    moment = START + datetime.timedelta(milliseconds=millisecond)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--customers", type=int, default=40)
    options.add_argument("--terminals", type=int, default=120)
    options.add_argument("--radius", type=float, default=12)
    options.add_argument("--days", type=int, default=45)
    options.add_argument("--compromised", type=int, default=0,
                         help="how many times the published daily number; 0 for one terminal and "
                         "one customer every tenth day, which suits the small default")
    options.add_argument("--seed", type=int, default=20)
    options.add_argument("--into", type=pathlib.Path,
                         default=pathlib.Path(__file__).resolve().parent.parent
                         / "Examples" / "features")
    given = options.parse_args()
    draw = random.Random(given.seed)
    customers = make_customers(given.customers, draw)
    terminals = [{"terminal": f"terminal-{n:05}",
                  "place": (draw.uniform(0, 100), draw.uniform(0, 100))}
                 for n in range(given.terminals)]
    rows = transactions(customers, terminals, given.radius, given.days, draw)
    if given.compromised:
        add_fraud(rows, customers, terminals, given.days, given.compromised, draw)
    else:
        add_rare_fraud(rows, customers, terminals, given.days, draw)
    for number, row in enumerate(rows):
        row["transaction_id"] = f"tx-{number:07}"
        row["time"] = instant(row["millisecond"])
    given.into.mkdir(parents=True, exist_ok=True)
    write(given.into / "events.csv",
          ["transaction_id", "time", "card", "terminal", "country", "amount", "is_fraud"], rows)
    write(given.into / "profiles.csv", ["card", "updated", "limit", "home_country"],
          profiles(customers, given.days, draw))
    frauds = sum(row["is_fraud"] for row in rows)
    print(f"{len(rows)} simulated transactions, {frauds} of them fraud, in {given.into}")


def add_rare_fraud(rows, customers, terminals, days, draw):
    """The three scenarios at a tenth of the daily rate and one each, for a small population."""
    for row in rows:
        if row["amount"] > 220:
            row["is_fraud"] = 1
    for day in range(0, days, 10):
        terminal = draw.choice(terminals)["terminal"]
        for row in rows:
            if row["terminal"] == terminal and day <= row["day"] < day + 28:
                row["is_fraud"] = 1
        card = draw.choice(customers)["card"]
        theirs = [r for r in rows if r["card"] == card and day <= r["day"] < day + 14]
        for row in draw.sample(theirs, len(theirs) // 3):
            row["amount"] = round(row["amount"] * 5, 2)
            row["is_fraud"] = 1


def profiles(customers, days, draw):
    """Each card's limit before the first day, and for some a new one later."""
    rows = []
    for customer in customers:
        limit = 100 * draw.randint(5, 30)
        rows.append({"card": customer["card"], "updated": instant(-86_400_000), "limit": limit,
                     "home_country": customer["home"]})
        if draw.random() < 0.3:
            rows.append({"card": customer["card"],
                         "updated": instant(draw.randrange(days) * 86_400_000),
                         "limit": limit * 2, "home_country": customer["home"]})
    return rows


if __name__ == "__main__":
    main()
