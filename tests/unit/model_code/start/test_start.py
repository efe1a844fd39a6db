"""Code comes from the image only: whatever the environment says, the first program starts ours."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from model_code.container.__main__ import HELP
from model_code.python import own_program
from model_code.start.build import SOURCE, compile_start
from tests.unit.model_code.native.compiled import needs_a_compiler

TELLING = """#!{python} -I
import json, os, sys
print(json.dumps([sys.argv[1:], dict(os.environ)]))
"""
EVIL = '#include <unistd.h>\n__attribute__((constructor)) static void run(void) { write(1, "evil", 4); }\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first program twice: it becomes a program that tells what it got, and this venv's Python."""
    needs_a_compiler()
    folder = tmp_path_factory.mktemp("start")
    (folder / "tell").write_text(TELLING.format(python=sys.executable))
    (folder / "tell").chmod(0o755)
    compile_start(folder / "start", str(folder / "tell"))
    compile_start(folder / "start-python", sys.executable)
    (folder / "evil.c").write_text(EVIL)
    subprocess.run(["cc", "-shared", "-fPIC", folder / "evil.c", "-o", folder / "evil.so"], check=True)
    return folder


def told(folder: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    done = subprocess.run([folder / "start", *arguments], env=environment, check=True, capture_output=True, text=True)
    return tuple(json.loads(done.stdout))


def test_python_is_isolated_and_gets_the_arguments(folder: Path) -> None:
    arguments, environment = told(folder, "serve", "--a b", "")
    assert arguments == ["-IuB", "-m", "model_code.container", "serve", "--a b", ""]
    assert set(environment) - {"LC_CTYPE"} == {"PATH", "LANG"}


def test_only_listed_variables_come_in(folder: Path) -> None:
    listed = re.findall(r'^    "([A-Z0-9_]+)",$', SOURCE.read_text(), re.MULTILINE)
    given = {name: f"value of {name}" for name in listed}
    strange = {
        "LD_PRELOAD": "", "LD_LIBRARY_PATH": "/opt/ml", "LD_AUDIT": "x", "GLIBC_TUNABLES": "x", "PYTHONPATH": "/opt/ml",
        "PYTHONWARNINGS": "all:0:antigravity.x:0:0", "BROWSER": "sh -c id", "PYTHONSTARTUP": "/x", "PYTHONHOME": "/x",
        "PATH": "/opt/ml", "ATOLL_CLUSTER_MEMBER": "1", "ATOLL_METRICSX": "1", "ATOLL_METRIC": "1", "OMP_TOOL": "x",
        "JAVA_TOOL_OPTIONS": "x", "AWS_SECRET_ACCESS_KEY": "x", "OPENSSL_CONF": "/x", "PYSPARK_PYTHON": "/x",
    }  # fmt: skip
    _, environment = told(folder, **given, **strange)
    assert {name: value for name, value in environment.items() if name not in {"LC_CTYPE", "PATH", "LANG"}} == given
    assert environment["PATH"] == "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"


def test_what_the_help_documents_is_what_comes_in() -> None:
    listed = set(re.findall(r'^    "([A-Z0-9_]+)",$', SOURCE.read_text(), re.MULTILINE))
    documented = set(re.findall(r"^  ((?:ATOLL|SAGEMAKER|OMP)_\w+) ", HELP, re.MULTILINE))
    assert {name for name in listed if not name.startswith("SPARK_")} == documented


def test_no_library_of_the_environment_is_loaded(folder: Path) -> None:
    """A dynamically linked program, here Python itself, would load it before its own first line."""
    loaded = {"LD_PRELOAD": str(folder / "evil.so")}
    python = subprocess.run([sys.executable, "-I", "-c", ""], env=loaded, check=True, capture_output=True, text=True)
    assert python.stdout == "evil"
    done = subprocess.run([folder / "start"], env=loaded, check=True, capture_output=True, text=True)
    assert "evil" not in done.stdout


def test_no_module_of_the_environment_or_the_folder_is_imported(folder: Path, tmp_path: Path) -> None:
    for name in ("sitecustomize.py", "usercustomize.py", "model_code.py", "json.py"):
        (tmp_path / name).write_text("print('evil')")
    given = {"PYTHONPATH": str(tmp_path), "PYTHONUSERBASE": str(tmp_path), "PYTHONWARNINGS": "all:0:json.x:0:0"}
    plain = subprocess.run(
        [sys.executable, "-c", ""], env=given, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "evil" in plain.stdout
    done = subprocess.run(
        [folder / "start-python", "--help"], env=given, cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert "evil" not in done.stdout + done.stderr
    assert "model_code" in done.stdout + done.stderr  # this venv has no .pth for it: "No module named model_code"


def test_what_we_start_is_isolated_as_we_are() -> None:
    code = "from model_code.python import own_program; print(own_program('a.b', 'c')[1:])"
    path = f"import sys; sys.path.insert(0, {os.fspath(SOURCE.parents[2])!r}); "
    for flags, expected in (([], ["-m", "a.b", "c"]), (["-I"], ["-I", "-m", "a.b", "c"])):
        argv = [sys.executable, *flags, "-c", path + code]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        assert done.stdout.strip() == str(expected)
    assert own_program("a.b")[0] == sys.executable


@pytest.mark.parametrize("page", ["data.md", "contracts.md"])
def test_the_pages_name_no_variable_of_sparks_that_is_not_kept(page: str) -> None:
    """Where Spark's programs and files lie, the image says: `spark-env.sh` is code."""
    text = (SOURCE.parents[2] / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:SPARK_[A-Z_]+|TMPDIR)\b", text))
    assert named
    assert named <= set(re.findall(r'^    "([A-Z0-9_]+)",$', SOURCE.read_text(), re.MULTILINE))
