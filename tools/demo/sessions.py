"""The saved models, asked without a server; what training needs is not needed here."""

import numpy as np
import onnxruntime

TREES, DEEP = "card_fraud_gbdt", "card_fraud_mlp"


class Session:
    """A saved model, run by ONNX Runtime on one thread."""

    def __init__(self, folder, name):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(folder / name / "1" / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def scores(self, features):
        """The probability of fraud of each row."""
        parts = [self.session.run(None, {"transaction": features[start:start + 8192]})[-1][:, -1]
                 for start in range(0, len(features), 8192)]
        return np.concatenate(parts)
