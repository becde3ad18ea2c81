"""What ONNX Runtime alone does with a model on one core, in a process of its own.

    taskset -c 1 python3 onnx_bound.py MODEL SECONDS BATCH...

Prints {"batch": rows a second} as JSON. Rows differ from run to run.
"""

import json
import sys
import time

import numpy as np
import onnxruntime


def rows_per_second(session, batch, seconds):
    source = session.get_inputs()[0]
    random = np.random.default_rng(5)
    shape = [batch, *source.shape[1:]]
    inputs = [random.normal(size=shape).astype(np.float32) for _ in range(16)]
    binding = []
    for values in inputs:
        one = session.io_binding()
        one.bind_cpu_input(source.name, values)
        for output in session.get_outputs():
            one.bind_output(output.name)
        binding.append(one)
    for one in binding:
        session.run_with_iobinding(one)
    runs, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for one in binding:
            session.run_with_iobinding(one)
        runs += len(binding)
    return runs * batch / (time.perf_counter() - started)


def main():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(sys.argv[1], options)
    seconds = float(sys.argv[2])
    print(json.dumps({batch: rows_per_second(session, int(batch), seconds)
                      for batch in sys.argv[3:]}))  # fmt: skip


if __name__ == "__main__":
    main()
