"""The files that git holds or would hold.

Not those of a walk over the folder: parts of `make test` run beside each other, and what one of them makes and deletes
below `build/` ends another's walk.
"""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tracked(*patterns: str) -> list[Path]:
    """Every file that git knows or would take, of these patterns if any are given (`*.in` in every folder), sorted."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [path for name in sorted(set(filter(None, names))) if (path := ROOT / name).is_file()]
