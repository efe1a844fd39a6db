"""Good inputs for each target, from which the fuzzer starts."""

import io
from pathlib import Path

import numpy as np

from model_code.training.packaging import pack_forest
from tests.fuzz.targets import CHANGE
from tests.unit.model_code.serving.boosters import booster
from tests.unit.model_code.serving.crafted import CRAFTED, crafted, genuine


def write_seeds(folder: Path) -> None:
    """Write a corpus for each target below `folder`."""
    file = io.BytesIO()
    np.save(file, np.ones((2, 3)))
    seeds = {
        "csv": [b"1,2,3\n-0.5,,1e-7\r\n", b" 1 ,2.25,3"],
        "json": [b"[[1,2,3],[null,-0.5,1e-7]]", b'{"instances": [[1, 2, 3]]}'],
        "json_lines": [b"[1,2,3]\n[null,-0.5,1e-7]\n"],
        "npy": [file.getvalue()],
        "headers": [b"text/csv\napplication/json, */*;q=0.1\nreasons=3;version=1\nout_of_distribution=1"],
        "forest": [
            pack_forest(booster(9, kind, 3, max_depth=2, trees=2)) for kind in ("reg:squarederror", "multi:softprob")
        ],
        "model": [
            genuine(1),
            *(crafted(genuine(1), harm) for name, harm in CRAFTED.items() if name != "a chain of nodes"),
        ],
        "model_numbers": [CHANGE.pack(1, 3, 2, 4), CHANGE.pack(0, 9, 0, 3) + CHANGE.pack(2, 2, 1, 70)],
    }
    for target, contents in seeds.items():
        (folder / target).mkdir(parents=True)
        for number, content in enumerate(contents):
            (folder / target / f"seed-{number}").write_bytes(content)
