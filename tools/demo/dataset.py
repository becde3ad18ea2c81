"""The training set that `needletail features backfill` wrote, in periods that time has apart.

At the instant of a decision nothing is known yet about the payments of the last week. So there is a
week between training and validation, and a week between validation and test: each period is seen
as it would have been at the end of the one before.
"""

import dataclasses

import numpy as np

# Days since the first. The windows of 30 days and the week until a report need the days before.
TRAINING = (30, 62)
VALIDATION = (69, 76)
TEST = (83, 90)
FIRST_DAY = np.datetime64("2026-01-01")
CHUNK = 50_000


@dataclasses.dataclass
class Rows:
    """Payments in the order of time: their numbers, days, features and scenarios (0: no fraud)."""

    names: list
    numbers: np.ndarray
    days: np.ndarray
    features: np.ndarray
    scenarios: np.ndarray

    @property
    def labels(self):
        return (self.scenarios > 0).astype(np.int64)

    def within(self, period):
        chosen = (self.days >= period[0]) & (self.days < period[1])
        return Rows(self.names, self.numbers[chosen], self.days[chosen], self.features[chosen],
                    self.scenarios[chosen])

    def column(self, name):
        return self.features[:, self.names.index(name)]


def read(training, truth, first=0):
    """Rows of backfill's output: transaction_id, time, then the vector; an empty cell is NaN.

    Rows of days before `first` are left out.
    """
    numbers, dates, parts, lines = [], [], [], []
    start = str(FIRST_DAY + first)
    with open(training, encoding="utf-8") as file:
        names = next(file).rstrip("\n").split(",")[2:]
        for line in file:
            number, time, vector = line.rstrip("\n").split(",", 2)
            if time < start:
                continue
            numbers.append(int(number.removeprefix("tx-")))
            dates.append(time[:10])
            lines.append(with_nan(vector))
            if len(lines) == CHUNK:
                parts.append(matrix(lines, len(names)))
                lines = []
    if lines:
        parts.append(matrix(lines, len(names)))
    numbers = np.array(numbers)
    days = (np.array(dates, dtype="datetime64[D]") - FIRST_DAY).astype(int)
    return Rows(names, numbers, days, np.concatenate(parts), scenarios(truth)[numbers])


def with_nan(vector):
    if ",," in vector or vector[0] == "," or vector[-1] == ",":
        return ",".join(cell or "nan" for cell in vector.split(","))
    return vector


def matrix(lines, width):
    values = np.fromstring(",".join(lines), sep=",", dtype=np.float64)
    return values.astype(np.float32).reshape(-1, width)


def scenarios(truth):
    """The scenario of each payment, by its number."""
    return np.loadtxt(truth, delimiter=",", skiprows=1, usecols=1, dtype=np.int8)
