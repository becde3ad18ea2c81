"""What one run of a model costs: ONNX Runtime, one thread, one row, median."""

import time

import numpy as np


def microseconds(session, rows=2_000, rounds=5):
    """The lowest median of some rounds: what the model needs where nothing disturbs it."""
    binding = session.session.io_binding()
    features = np.random.default_rng(1).normal(50, 30, size=(1, 30)).astype(np.float32)
    binding.bind_cpu_input("transaction", features)
    for output in session.session.get_outputs():
        binding.bind_output(output.name)
    medians = []
    for _ in range(rounds):
        taken = []
        for _ in range(rows // rounds):
            start = time.perf_counter_ns()
            session.session.run_with_iobinding(binding)
            taken.append(time.perf_counter_ns() - start)
        medians.append(float(np.median(taken)) / 1000)
    return min(medians)
