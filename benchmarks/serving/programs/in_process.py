"""The limit of a batch: our predictor on the decoded rows, without a server. `in_process.py MODEL ROWS.npy SECONDS`."""

import sys
import time
from pathlib import Path

import numpy as np

from model_code.serving.model import load_model

model = load_model(Path(sys.argv[1]), version=None, expected_manifest_sha256=None, max_model_bytes=2**30)
rows = np.load(sys.argv[2])
model.scores(rows)
done, begin = 0, time.perf_counter()
while time.perf_counter() - begin < float(sys.argv[3]):
    model.scores(rows)
    done += len(rows)
sys.stdout.write(f"{done / (time.perf_counter() - begin)}\n")
