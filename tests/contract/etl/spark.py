"""Small Sparks on this machine, and what to do where there is no Java for it."""

import os
import shutil
from pathlib import Path

import pytest

SMALL_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = f"""\
spark.sql.shuffle.partitions 2
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.driver.extraJavaOptions {SMALL_JAVA}
"""
"""A thousand rows need no 200 partitions; and compiling a plan would take longer than running it once."""
SPREAD = f"""\
spark.executor.memory 512m
spark.executor.extraJavaOptions {SMALL_JAVA}
spark.locality.wait 0s
spark.task.maxFailures 1
spark.sql.files.maxPartitionBytes 16k
"""
"""So little data would else be read by one host and stay there, and what fails on one host be done by the other."""


def needs_java() -> None:
    """Skip where there is none; in CI there is one (`.ci/run` installs it), or the test fails."""
    if not (shutil.which("java") or os.environ.get("CI")):
        pytest.skip(
            "There is no Java here, which Spark needs; with one (apt install openjdk-17-jre-headless) this runs."
        )


def small_spark(folder: Path) -> dict[str, str]:
    """Give the environment of a process whose Spark has two threads and at most 1 GB for Java."""
    needs_java()
    folder.mkdir()
    (folder / "spark-defaults.conf").write_text(SMALL)
    return {"SPARK_CONF_DIR": str(folder), "SPARK_DRIVER_MEMORY": "1g", "SPARK_MASTER": "local[2]"}


def small_cluster(folder: Path) -> dict[str, str]:
    """The same for each host of a cluster: a Worker of one thread, its executor with half a GB."""
    environment = small_spark(folder)
    with (folder / "spark-defaults.conf").open("a") as conf:
        conf.write(SPREAD)
    daemons = {"SPARK_DAEMON_MEMORY": "128m", "SPARK_DAEMON_JAVA_OPTS": SMALL_JAVA, "SPARK_WORKER_CORES": "1"}
    return environment | daemons
