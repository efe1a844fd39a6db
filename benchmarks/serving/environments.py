"""Each server's own environment below build/peers, from hashed lists; ours holds what the serving image holds."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "peers"
LISTS = {name: Path(__file__).parent / "peers" / f"{name}.txt" for name in ("mlflow", "mlserver", "bentoml", "fastapi")}
LISTS["atoll"] = ROOT / "model_code" / "requirements-serving.txt"
MINUTES = 10


def python(name: str) -> Path:
    """Return the interpreter of an environment."""
    return FOLDER / name / "bin" / "python"


def install() -> None:
    """Make every environment that isn't there or is of another list; each may take ten minutes.

    Raises:
        SystemExit: one can't be made.
    """
    for name, requirements in LISTS.items():
        ready = FOLDER / name / ".ready"
        wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
        if ready.exists() and ready.read_text() == wanted:
            continue
        sys.stdout.write(f"Installing {name} ... ")
        sys.stdout.flush()
        begin = time.monotonic()
        # No dependencies: the lists are complete, and one leaves out xgboost's CUDA libraries on purpose.
        pip = [python(name), "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", requirements]
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER / name], check=True, timeout=120)
            subprocess.run(pip, check=True, timeout=MINUTES * 60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            sys.exit(f"{name} can't be installed: {error}")
        ready.write_text(wanted)
        sys.stdout.write(f"{time.monotonic() - begin:.0f} s\n")


def site_packages_mb(name: str) -> float:
    """Return the size of an environment's packages without pip, setuptools and compiled caches, in MB."""
    folder = next((FOLDER / name / "lib").glob("python3*/site-packages"))
    left_out = {"pip", "setuptools", "_distutils_hack", "pkg_resources"}
    files = (
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.relative_to(folder).parts[0].split("-")[0] not in left_out
    )
    return round(sum(path.stat().st_size for path in files) / 1e6, 1)
