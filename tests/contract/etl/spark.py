"""A small Spark of several executors on this machine, and what to do where there is no Java for it."""

import os
import shutil
from pathlib import Path

import pytest

EXECUTORS = 2
_SMALL_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_SMALL = f"""\
spark.sql.shuffle.partitions 2
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.driver.extraJavaOptions {_SMALL_JAVA}
spark.executor.extraJavaOptions {_SMALL_JAVA}
spark.executor.memory 512m
spark.locality.wait 0s
"""
"""A thousand rows need no 200 partitions; and compiling a plan would take longer than running it once."""


def needs_java() -> None:
    """Skip where there is none; in CI there is one (`.ci/run` installs it), or the test fails."""
    if not (shutil.which("java") or os.environ.get("CI")):
        pytest.skip(
            "There is no Java here, which Spark needs; with one (apt install openjdk-17-jre-headless) this runs."
        )


def small_spark(folder: Path) -> dict[str, str]:
    """Give the environment of a process whose Spark has executors in processes of their own, a thread each.

    What threads of one process forgive in serialisation and shared files, they don't.
    """
    needs_java()
    folder.mkdir()
    (folder / "spark-defaults.conf").write_text(_SMALL)
    return {
        "SPARK_CONF_DIR": str(folder),
        "SPARK_DRIVER_MEMORY": "1g",
        "SPARK_MASTER": f"local-cluster[{EXECUTORS},1,2048]",
    }
