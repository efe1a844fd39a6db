"""A gradient-boosted model as flat arrays: what the kernel walks, and the file forest.bin that holds it.

The file is little-endian and has no gaps: the magic, the sha256 of the model.ubj that it was made of, eight counts
(uint32: format version, transform, trees, features,
margins, nodes, words of sets, probes), then base margins (float32), roots, depths, outputs (uint32, one each a tree),
nodes (16 bytes, `struct atoll_node` of atoll.h), sets (uint32), and the probes: rows and what XGBoost says of them
(float32). Nothing of it is believed: every index is checked before the kernel follows it.
"""

import dataclasses
import itertools
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_code.native.library import CATEGORY, MOST_FEATURES, NODE

IDENTITY, SIGMOID, SOFTMAX, LABEL = TRANSFORMS = ("identity", "sigmoid", "softmax", "label")  # atoll.h numbers them so
"""What becomes of the sums of leaves: themselves, a probability, one for each class, the likeliest class."""
MAGIC, VERSION = b"ATOLLFST", 1
HEADER = struct.Struct("<8s32s8I")


class UnsupportedModelError(ValueError):
    """The kernel can't score this model; XGBoost can."""


@dataclasses.dataclass(frozen=True)
class Forest:
    """The trees, each contiguous and level by level.

    `outputs` says to which margin a tree adds, `depths` how many steps lead to its last level. `probes` and
    `probe_scores` are rows at and beside the splits with XGBoost's own scores. `model_sha256` is the
    model.ubj's, in hex.
    """

    nodes: NDArray[np.void]
    roots: NDArray[np.uint32]
    depths: NDArray[np.uint32]
    outputs: NDArray[np.uint32]
    base_margins: NDArray[np.float32]
    sets: NDArray[np.uint32]
    feature_count: int
    transform: str
    probes: NDArray[np.float32]
    probe_scores: NDArray[np.float32]
    model_sha256: str

    def to_bytes(self) -> bytes:
        """Return forest.bin."""
        counts = (len(self.roots), self.feature_count, len(self.base_margins), len(self.nodes), len(self.sets))
        kind = TRANSFORMS.index(self.transform)
        header = HEADER.pack(MAGIC, bytes.fromhex(self.model_sha256), VERSION, kind, *counts, len(self.probes))
        arrays = (self.base_margins, self.roots, self.depths, self.outputs, self.nodes, self.sets)
        return b"".join([header, *(array.tobytes() for array in (*arrays, self.probes, self.probe_scores))])

    @classmethod
    def from_bytes(cls, content: bytes) -> "Forest":
        """Return the forest of these bytes, safe to walk; its arrays are views of them.

        Raises:
            UnsupportedModelError: they aren't a forest.bin, or its trees lead out of themselves.
        """
        model_sha256, transform, (trees, features, margins, nodes, words, probes) = _header(content)
        shapes = [(margins, "<f4"), (trees, "<u4"), (trees, "<u4"), (trees, "<u4"), (nodes, NODE), (words, "<u4")]
        scores = probes * (margins if transform == SOFTMAX else 1)
        parts = _split(content, [*shapes, (probes * features, "<f4"), (scores, "<f4")])
        base, roots, depths, outputs, flat, sets, rows, expected = parts
        forest = cls(
            nodes=flat, roots=roots, depths=depths, outputs=outputs, base_margins=base, sets=sets,
            feature_count=features, transform=transform,
            probes=rows.reshape(probes, features),
            probe_scores=expected.reshape(probes, margins) if transform == SOFTMAX else expected,
            model_sha256=model_sha256,
        )  # fmt: skip
        check(forest)
        return forest


def _header(content: bytes) -> tuple[str, str, list[int]]:
    if len(content) < HEADER.size:
        raise UnsupportedModelError(f"forest.bin has {len(content)} bytes; its header has {HEADER.size}.")
    magic, model_sha256, version, transform, *counts = HEADER.unpack_from(content)
    if (magic, version) != (MAGIC, VERSION) or transform >= len(TRANSFORMS):
        raise UnsupportedModelError(f"forest.bin isn't version {VERSION} of ours.")
    return model_sha256.hex(), TRANSFORMS[transform], counts


def _split(content: bytes, shapes: Sequence[tuple[int, str | np.dtype]]) -> list[NDArray]:
    sizes = [count * np.dtype(kind).itemsize for count, kind in shapes]
    starts = list(itertools.accumulate(sizes, initial=HEADER.size))
    if starts[-1] != len(content):
        raise UnsupportedModelError(f"forest.bin has {len(content)} bytes; its header promises {starts[-1]}.")
    return [np.frombuffer(content, kind, count, at) for (count, kind), at in zip(shapes, starts, strict=False)]


def check(forest: Forest) -> None:
    """Check what the kernel relies on: whatever the row, a walk stays in its tree, and every number is finite.

    Raises:
        UnsupportedModelError: says which promise is broken.
    """
    nodes, ends = forest.nodes, np.append(forest.roots[1:], len(forest.nodes)).astype(np.int64)
    sizes = ends - forest.roots
    margins = len(forest.base_margins)
    promises = {
        "trees, each with nodes, from the first node on": len(sizes) and forest.roots[0] == 0 and (sizes > 0).all(),
        "as many features as the kernel takes": 0 < forest.feature_count <= MOST_FEATURES,
        "no tree deeper than its nodes are many": (forest.depths < np.maximum(sizes, 1)).all(),
        "margins to add to": margins and (forest.outputs < margins).all(),
        "one margin, or one a class": (margins == 1) == (forest.transform in {IDENTITY, SIGMOID}),
        "finite numbers": np.isfinite(forest.base_margins).all() and np.isfinite(nodes["leaf"]).all(),
    }
    _demand(promises)
    leaves = np.isnan(nodes["split"])
    inner, at = nodes[~leaves], np.arange(len(nodes))
    last = np.repeat(ends, sizes)[~leaves]
    category = (inner["slot"] & CATEGORY) > 0
    _demand(
        {
            "leaves that stay": (nodes["left"][leaves] == at[leaves]).all() and not nodes["slot"][leaves].any(),
            "children below their parents": (inner["left"] > at[~leaves]).all(),
            "children in the same tree": (inner["left"].astype(np.int64) + 1 < last).all(),
            "splits by the model's features": (
                (inner["slot"] & ~np.uint32(CATEGORY)) // 2 < forest.feature_count
            ).all(),
            "finite splits": np.isfinite(inner["split"][~category]).all(),
            "sets of categories in their place": _sets_fit(forest.sets, inner["split"][category].view(np.uint32)),
        }
    )


def _sets_fit(sets: NDArray[np.uint32], starts: NDArray[np.uint32]) -> bool:
    begin = starts.astype(np.int64)
    return bool((begin < len(sets)).all() and (begin + sets[begin] < len(sets)).all())


def _demand(promises: dict[str, object]) -> None:
    for promise, holds in promises.items():
        if not holds:
            raise UnsupportedModelError(f"The kernel can't score trees without this promise: {promise}.")
