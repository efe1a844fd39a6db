"""Each server's own environment below build/peers, from hashed lists; ours holds what the serving image holds."""

import hashlib
import sys
from pathlib import Path

from provision import InstallError
from provision.installer import make_environment

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "peers"
LISTS = {name: Path(__file__).parent / "peers" / f"{name}.txt" for name in ("mlflow", "mlserver", "bentoml", "fastapi")}
LISTS["atoll"] = ROOT / "model_code" / "requirements-serving.txt"


def python(name: str) -> Path:
    """Return the interpreter of an environment."""
    return FOLDER / name / "bin" / "python"


def install() -> None:
    """Make every environment that isn't there or is of another list. One leaves out xgboost's CUDA libraries.

    Raises:
        SystemExit: one can't be made.
    """
    for name, requirements in LISTS.items():
        ready = FOLDER / name / ".ready"
        wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
        if ready.exists() and ready.read_text() == wanted:
            continue
        try:
            make_environment(FOLDER / name, requirements)
        except InstallError as error:
            sys.exit(f"{name} can't be installed: {error}")
        ready.write_text(wanted)


def site_packages_mb(name: str) -> float:
    """Return the size of an environment's packages without compiled caches, in MB."""
    folder = next((FOLDER / name / "lib").glob("python3*/site-packages"))
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return round(sum(path.stat().st_size for path in files) / 1e6, 1)
