import re
from pathlib import Path

import pytest

from images.build import RECIPES, Recipe
from images.contents import direct, pinned

ROOT = Path(__file__).resolve().parents[3]


def test_a_locked_list_is_read_with_every_version_of_every_python() -> None:
    text = "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:aa\nnumpy==2.5.5 ; x \\\na-b[c]==1\n"
    assert pinned(text) == {("numpy", "2.4.6"), ("numpy", "2.5.5"), ("a-b", "1")}


def test_what_a_list_asks_for_itself_is_read_without_options_and_comments() -> None:
    assert direct("# why\n-r other.in\nxgboost-cpu==3.2.0 # model\nibis-framework[duckdb]\n") == {
        "xgboost-cpu",
        "ibis-framework",
    }


def test_the_serving_image_holds_a_part_of_what_training_holds_in_the_same_versions() -> None:
    serving, training = (
        pinned((ROOT / "model_code" / name).read_text()) for name in ("requirements-serving.txt", "requirements.txt")
    )
    assert serving < training
    assert not {"pandas", "duckdb", "pyarrow", "scikit-learn", "optuna"} & {name for name, _ in serving}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_base_is_an_argument_and_every_install_is_hashed_and_offline(recipe: Recipe) -> None:
    text = (ROOT / recipe.room / "Dockerfile").read_text()
    stages = set(re.findall(r"AS ([a-z-]+)$", text, re.MULTILINE))
    froms = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert set(froms) - stages <= {"${BASE_IMAGE}", "${COMPILER_IMAGE}"}
    assert froms.count("${COMPILER_IMAGE}") == ("native" in stages)
    installs = re.findall(r"pip .*install .*", text)
    assert installs
    assert all("--no-index" in line and "--require-hashes" in line for line in installs)
    assert recipe.target is None or recipe.target in stages
