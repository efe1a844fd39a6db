import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model_code.container.__main__ import COMMANDS, main
from model_code.container.environment import whole_number
from model_code.container.logs import JsonLine
from model_code.errors import InputError
from tests.unit.model_code.training.features_folder import write_features


@pytest.fixture(autouse=True)
def leave_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """The entry point owns its process: it sets the log's handlers and what SIGTERM does."""
    monkeypatch.setenv("ATOLL_ML_ROOT", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    actions = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, action in actions.items():
        signal.signal(number, action)


def hyperparameters(root: Path, content: str) -> None:
    (root / "input/config").mkdir(parents=True)
    (root / "input/config/hyperparameters.json").write_text(content)


def test_training_leaves_an_artifact_and_prints_its_metrics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_features(tmp_path / "input/data/features", rows=300)
    hyperparameters(tmp_path, '{"n_estimators": "20", "max_depth": "3"}')
    assert main(["train"]) == 0
    manifest = json.loads((tmp_path / "model/manifest.json").read_bytes())
    assert manifest["hyperparameters"]["max_depth"] == 3
    measured = json.loads((tmp_path / "model/metrics.json").read_bytes())
    printed = capsys.readouterr().out.splitlines()
    assert f"average_precision={measured['average_precision']:.6f};" in printed
    assert {line.partition("=")[0] for line in printed} == {
        "ap_on_validation",
        "average_precision",
        "precision_at_100",
        "recall_at_1pct_fpr",
        "roc_auc",
        "brier",
    }
    assert not (tmp_path / "output").exists()


def test_bad_input_is_one_sentence_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hyperparameters(tmp_path, '{"max_depth": "99"}')
    assert main(["train"]) == 1
    sentence = (tmp_path / "output/failure").read_text()
    assert sentence.startswith("Hyperparameter max_depth is '99'; expected a whole number from 1 to 16")
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert logged[-1]["message"] == sentence
    assert not any("traceback" in line for line in logged)


def test_an_unexpected_error_is_named_and_its_traceback_goes_to_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_features(tmp_path / "input/data/features", rows=100)
    (tmp_path / "model").write_text("a file where a folder should be")
    assert main(["train"]) == 1
    assert (tmp_path / "output/failure").read_text().startswith("unexpected: FileExistsError: ")
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert any("Traceback" in line.get("traceback", "") for line in logged)


@pytest.mark.parametrize(
    ("content", "expected"),
    [("{", "hyperparameters.json is no JSON"), ("[]", "hyperparameters.json holds no object")],
)
def test_a_broken_hyperparameter_file_is_said(tmp_path: Path, content: str, expected: str) -> None:
    hyperparameters(tmp_path, content)
    assert main(["train"]) == 1
    assert expected in (tmp_path / "output/failure").read_text()


@pytest.mark.parametrize("command", ["train", "serve"])
def test_arguments_that_no_one_reads_are_refused(tmp_path: Path, command: str) -> None:
    assert main([command, "--fast"]) == 1
    assert "no arguments" in (tmp_path / "output/failure").read_text()


def test_a_server_without_a_model_ends_with_a_sentence(tmp_path: Path) -> None:
    assert main(["serve"]) == 1
    assert "has no manifest.json" in (tmp_path / "output/failure").read_text()


def test_a_processing_job_leaves_its_sentence_in_message(tmp_path: Path) -> None:
    assert main(["etl"]) == 1
    assert (tmp_path / "output/message").read_text()
    assert not (tmp_path / "output/failure").exists()


def test_the_exit_code_survives_an_output_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file where a folder should be")
    assert main(["serve"]) == 1


def test_help_names_every_command_and_where_failures_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {command} " in shown for command in COMMANDS)
    assert "ATOLL_ML_ROOT" in shown
    assert "<root>/output/failure" in shown


def test_a_relative_root_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ATOLL_ML_ROOT", "ml")
    with pytest.raises(SystemExit):
        main(["train"])
    assert "expected an absolute folder" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "expected"), [("", 7), ("12", 12)])
def test_a_whole_number_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, text: str, expected: int) -> None:
    monkeypatch.setenv("ATOLL_MAX_MODEL_BYTES", text)
    assert whole_number("ATOLL_MAX_MODEL_BYTES", 7) == expected


@pytest.mark.parametrize("text", ["0", "-1", "1e6", "64 MB", "²"])
def test_an_environment_value_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ATOLL_MAX_MODEL_BYTES", text)
    with pytest.raises(InputError, match="expected a whole number from 1"):
        whole_number("ATOLL_MAX_MODEL_BYTES", 7)


def test_a_log_record_is_one_line_of_json() -> None:
    record = logging.LogRecord("atoll", logging.INFO, "x.py", 1, "two\nlines %s", ("here",), None)
    record.facts = {"rows": 3}
    line = JsonLine().format(record)
    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "atoll",
        "message": "two\nlines here",
        "rows": 3,
    }


DROP = """
import os, sys
from pathlib import Path
from model_code.container.privileges import drop_root
drop_root(sys.argv[1], Path(sys.argv[2]))
print(os.getresuid(), os.getresgid(), os.getgroups())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave root")
def test_root_hands_over_the_outputs_opens_the_inputs_and_is_gone(tmp_path: Path) -> None:
    (tmp_path / "input/data").mkdir(parents=True, mode=0o700)
    (tmp_path / "input/data/train.parquet").touch(mode=0o600)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    (tmp_path / "input/data/link").symlink_to(secret)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/link").symlink_to(secret)
    program = subprocess.run(
        [sys.executable, "-c", DROP, "train", str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert program.stdout.strip() == "(1000, 1000, 1000) (1000, 1000, 1000) []"
    assert {(tmp_path / name).stat().st_uid for name in ("model", "output")} == {1000}
    assert (tmp_path / "input/data").stat().st_mode & 0o055 == 0o055
    assert (tmp_path / "input/data/train.parquet").stat().st_mode & 0o044 == 0o044
    assert (secret.stat().st_uid, secret.stat().st_mode & 0o777) == (0, 0o600)
