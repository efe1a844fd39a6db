"""What Lambda gets of the assembly's folders, synthesized under a hardened machine's umask."""

from collections.abc import Callable
from pathlib import Path


def test_functions_can_read_their_code_whatever_umask_it_was_made_under(assembly: Callable[[str], Path]) -> None:
    assets = list(assembly("govcloud-west").glob("asset.*"))
    inside = [path for asset in assets for path in asset.rglob("*")]

    assert len(assets) > 2
    assert {path.stat().st_mode & 0o777 for path in inside if path.is_file()} == {0o644}
    assert {path.stat().st_mode & 0o777 for path in (*assets, *inside) if path.is_dir()} == {0o755}
