"""A set-up that could keep nothing at home says so before it begins."""

import os
from pathlib import Path

import pytest

from provision import InstallError, __main__
from provision.bootstrap import require_home


def test_a_home_where_nothing_can_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "none" / "yet"))
    require_home()  # it can be made

    monkeypatch.setattr(os, "access", lambda place, _: place != tmp_path)  # root may write everywhere
    with pytest.raises(InstallError, match=f"HOME is {tmp_path}/none/yet, where this user can't write; .*make HOME="):
        require_home()


def test_an_interrupted_set_up_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(__main__, "require_home", interrupted)
    with pytest.raises(SystemExit, match="the set-up was interrupted; the next one goes on"):
        __main__.main(["story"])
