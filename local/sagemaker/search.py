"""Which combinations of hyperparameters a tuning job tries.

Ranges: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from local.sagemaker.errors import InvalidRequestError

Draw = Callable[[random.Random], str]


def combinations(config: dict[str, Any], name: str) -> Iterator[dict[str, str]]:
    """The hyperparameters of each training job: all of a grid, else draws that the seed, or the job's name, repeats.

    Raises:
        InvalidRequestError: A range is none, or a grid has ranges of numbers.
    """
    ranges, count = config["ParameterRanges"], config["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    if config["Strategy"] == "Grid":
        yield from _grid(ranges, count)
        return
    draws = dict(_draws(ranges))
    chance = random.Random(config.get("RandomSeed", name))  # noqa: S311 - a search, no secret
    for _ in range(count):
        yield {parameter: draw(chance) for parameter, draw in draws.items()}


def _grid(ranges: dict[str, Any], count: int) -> Iterator[dict[str, str]]:
    if ranges.get("IntegerParameterRanges") or ranges.get("ContinuousParameterRanges"):
        raise InvalidRequestError("A Grid search takes CategoricalParameterRanges alone.")
    given = ranges.get("CategoricalParameterRanges", [])
    for values in itertools.islice(itertools.product(*(each["Values"] for each in given)), count):
        yield {each["Name"]: value for each, value in zip(given, values, strict=True)}


def _draws(ranges: dict[str, Any]) -> Iterator[tuple[str, Draw]]:
    for each in ranges.get("CategoricalParameterRanges", []):
        yield each["Name"], partial(_choice, each["Values"])
    for each in ranges.get("IntegerParameterRanges", []):
        yield each["Name"], partial(_whole, _number(each))
    for each in ranges.get("ContinuousParameterRanges", []):
        yield each["Name"], partial(_broken, _number(each))


def _choice(values: list[str], chance: random.Random) -> str:
    return chance.choice(values)


def _whole(draw: Callable[[random.Random], float], chance: random.Random) -> str:
    return str(round(draw(chance)))


def _broken(draw: Callable[[random.Random], float], chance: random.Random) -> str:
    return repr(draw(chance))


def _number(given: dict[str, str]) -> Callable[[random.Random], float]:
    low, high, scale = float(given["MinValue"]), float(given["MaxValue"]), given.get("ScalingType", "Auto")
    if low > high or (scale == "Logarithmic" and low <= 0):
        raise InvalidRequestError(f"The range {given} is none: MinValue <= MaxValue, above 0 where it is Logarithmic.")
    if scale == "ReverseLogarithmic":
        raise InvalidRequestError("The local AWS doesn't know ReverseLogarithmic ranges.")
    if scale == "Logarithmic":
        return lambda chance: min(max(math.exp(chance.uniform(math.log(low), math.log(high))), low), high)
    return lambda chance: chance.uniform(low, high)
