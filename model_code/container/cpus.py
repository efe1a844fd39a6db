"""How many CPUs are ours: `os.cpu_count()` tells the machine's, which a container shares."""

import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cpus(cgroups: Path = CGROUPS) -> int:
    """Return the CPUs that the affinity and the cgroup's quota leave, at least 1; half a CPU counts as none."""
    quotas = [len(os.sched_getaffinity(0)), *_version_2(cgroups / "cpu.max"), *_version_1(cgroups / "cpu")]
    return max(1, int(min(quotas)))


def _version_2(file: Path) -> list[float]:
    """Read `<quota> <period>` in microseconds; `max` is no quota."""
    numbers = file.read_text().split() if file.is_file() else ["max", "1"]
    return [] if numbers[0] == "max" else [int(numbers[0]) / int(numbers[1])]


def _version_1(folder: Path) -> list[float]:
    """Read quota and period in microseconds; -1 is no quota."""
    quota = folder / "cpu.cfs_quota_us"
    if not quota.is_file() or int(quota.read_text()) < 0:
        return []
    return [int(quota.read_text()) / int((folder / "cpu.cfs_period_us").read_text())]
