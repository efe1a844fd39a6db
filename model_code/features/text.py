"""What a merchant's name says about the code it charges under: surprise, and vendors that are nearly the same.

Only words that exist at authorisation are read: the merchant's name. The description and the purpose are typed
afterwards, by people who may know already (`fields.FIELDS` says when each field exists).
Nothing here is in a view: on Toronto's validation it didn't help (docs/evaluation.md). It is evaluated, not deployed;
vendors that are nearly the same are a report for people (`model_code.etl.vendors`).
"""

import dataclasses
import math
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from model_code.features.fields import FIELDS, Moment

BUCKETS = 2**14
GRAMS = (3, 4)
FOLDS = 5
ROUNDING = 1e-9
_ORDER_CODE = re.compile(r"(?<=[*#])\s*(?=[A-Z0-9]*[0-9][A-Z])[A-Z0-9]{6,}\b")
PRIOR = 0.1
"""Added to each count of a gram under a code."""
REALTIME_TEXTS = tuple(
    name for name in ("merchant", "description") if FIELDS[name].available_at <= Moment.AUTHORISATION
)


def pieces(text: str) -> frozenset[str]:
    """Return the text's character n-grams; digits are all alike."""
    spelled = f" {re.sub('[0-9]+', '0', ' '.join(text.upper().split()))} "
    return frozenset(spelled[at : at + size] for size in GRAMS for at in range(len(spelled) - size + 1))


def grams(text: str) -> list[int]:
    """Return the buckets of the text's n-grams, the same on every machine."""
    return sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in pieces(text)})


def gram_table(texts: Sequence[str]) -> csr_array:
    """Return texts by buckets, 1 where a text has a gram of the bucket."""
    rows = [grams(text) for text in texts]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.array([bucket for row in rows for bucket in row], dtype=np.int64)
    return csr_array((np.ones(len(columns), np.float32), columns, ends), shape=(len(rows), BUCKETS))


@dataclasses.dataclass(frozen=True)
class CodeModel:
    """P(code | name) by naive Bayes over hashed character n-grams; arrays and strings only, so JSON can hold it."""

    codes: Sequence[str]
    log_prior: NDArray[np.float32]
    log_likelihood: NDArray[np.float32]
    """Codes by buckets."""

    @classmethod
    def fit(cls, names: pd.Series, codes: pd.Series) -> "CodeModel":
        """Learn from the training period's purchases."""
        counted = pd.DataFrame({"name": names.to_numpy(), "code": codes.to_numpy()}).value_counts().reset_index()
        known, place = np.unique(counted["code"].to_numpy(dtype=str), return_inverse=True)
        weight = np.log1p(counted["count"].to_numpy())
        chosen = csr_array((weight, (place, np.arange(len(counted)))), shape=(len(known), len(counted)))
        totals = (chosen @ gram_table(counted["name"].tolist())).toarray() + PRIOR
        prior = np.bincount(place, weights=weight)
        return cls(
            known.tolist(),
            np.log(prior / prior.sum()).astype(np.float32),
            np.log(totals / totals.sum(axis=1, keepdims=True)).astype(np.float32),
        )

    def surprise(self, names: pd.Series, codes: pd.Series) -> NDArray[np.float64]:
        """Return -ln P(code | name) of each purchase; a code that training never showed is as odd as the oddest."""
        pairs = pd.DataFrame({"name": names.to_numpy(), "code": codes.to_numpy()})
        distinct = pairs.drop_duplicates(ignore_index=True)
        scores = gram_table(distinct["name"].tolist()) @ self.log_likelihood.T + self.log_prior
        scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
        at = pd.Index(self.codes).get_indexer(distinct["code"])
        distinct["surprise"] = np.where(at < 0, -scores.min(axis=1), -scores[np.arange(len(distinct)), at])
        return pairs.merge(distinct, how="left", on=["name", "code"])["surprise"].to_numpy(dtype=float)


def surprises(parts: Mapping[str, pd.DataFrame]) -> dict[str, NDArray[np.float64]]:
    """Return the surprise of each part's purchases, learnt from `train` alone.

    A row of `train` is judged by what the other folds of `train` say: its own code isn't among what it is held against.
    """
    train = parts["train"]
    fold = np.arange(len(train)) % FOLDS
    own = np.zeros(len(train))
    for number in range(FOLDS):
        others, mine = train[fold != number], train[fold == number]
        own[fold == number] = CodeModel.fit(others["merchant"], others["mcc"]).surprise(mine["merchant"], mine["mcc"])
    model = CodeModel.fit(train["merchant"], train["mcc"])
    later = {name: model.surprise(part["merchant"], part["mcc"]) for name, part in parts.items() if name != "train"}
    return {"train": own, **later}


def without_order_code(name: str) -> str:
    """The name with 0 in place of an order's code: `AMZN MKTP US*2K4AB3RT0` is `AMZN MKTP US*0`, a number like others.

    A code follows a star or a number sign and has a letter after a digit; `PAYPAL *EBAY123` names a shop.
    """
    return _ORDER_CODE.sub("0", name.upper())


def near_duplicates(names: Sequence[str], *, alike: float = 0.75) -> dict[str, str]:
    """Return for each name the first name of the list that is nearly the same (its own where there is none).

    Names that begin alike are compared by the share of n-grams that they have in common (Jaccard); so "ACME SUPPLY
    #0012" and "ACME SUPLY 12" meet. The list's order decides which spelling stands for the others.

    Two sets that have so much in common share one of their rarest grams, and the rarest that they share stands so far
    ahead in both that enough grams are left behind it: only those are compared, so that ten thousand names that begin
    alike take seconds.
    """
    sets = {name: pieces(without_order_code(name)) for name in names}
    known = Counter(gram for mine in sets.values() for gram in mine)
    firsts: list[str] = []
    index: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    """Beginning and gram -> place among the firsts, how many grams that one has, and which of them this is."""
    least = alike / (1 + alike)
    chosen = {}
    for name, mine in sets.items():
        keys = [(_beginning(name), gram) for gram in _rarest(mine, known, alike)]
        size = len(mine)
        places = {
            place
            for at, key in enumerate(keys)
            for place, other, there in index.get(key, ())
            if min(size - at, other - there) >= least * (size + other) - ROUNDING
        }
        twin = next((firsts[at] for at in sorted(places) if _alike(mine, sets[firsts[at]], alike)), None)
        chosen[name] = twin or name
        if twin is None:
            for there, key in enumerate(keys):
                index.setdefault(key, []).append((len(firsts), size, there))
            firsts.append(name)
    return chosen


def _beginning(name: str) -> str:
    return re.sub("[^A-Z]", "", name.upper())[:4]


def _rarest(mine: frozenset[str], known: Mapping[str, int], alike: float) -> list[str]:
    """So many of the rarest grams that a set alike must have one of them; an empty one stands for none."""
    common = math.ceil(alike * len(mine) - ROUNDING)
    return sorted(mine, key=lambda gram: (known[gram], gram))[: len(mine) - common + 1] or [""]


def _alike(one: frozenset[str], other: frozenset[str], alike: float) -> bool:
    common = len(one & other)
    return common >= alike * (len(one) + len(other) - common)
