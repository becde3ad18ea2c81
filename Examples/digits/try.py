#!/usr/bin/env python3
"""Posts the ten digit images to a running server and compares the answers with expected.json.

    python3 Examples/digits/try.py [http://127.0.0.1:8000]
"""

import json
import pathlib
import sys
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4


def main():
    server = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000").rstrip("/")
    wrong = 0
    for entry in json.loads((FOLDER / "expected.json").read_text()):
        body = (FOLDER / entry["request"]).read_bytes()
        request = urllib.request.Request(f"{server}/v2/models/digits/infer", data=body)
        with urllib.request.urlopen(request, timeout=10) as response:
            answer = json.loads(response.read())["outputs"][0]["data"]
        far = max(abs(a - b) for a, b in zip(answer, entry["probabilities"], strict=True))
        digit = max(range(10), key=lambda index: answer[index])
        fits = far <= TOLERANCE and digit == entry["answered_digit"]
        wrong += not fits
        print(
            f"{entry['request']}: answered {digit} with probability {answer[digit]:.3f}"
            f"{'' if fits else f', which differs from expected.json by {far}'}"
        )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
