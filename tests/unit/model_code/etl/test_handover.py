import http.client
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from model_code.errors import InputError
from model_code.etl import handover
from model_code.etl.handover import DIGEST, LEDGER, PORT, fetch, hand_over, news, scratch_folder, shared_folder
from model_code.etl.writing import sha256_of
from model_code.hosts import ALONE, Hosts

CONTENT = bytes(range(256)) * 9000


@pytest.fixture
def hosts() -> tuple[Hosts, Hosts]:
    """Two hosts, on loopback addresses that no other test has."""
    net = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}"  # `random` begins anew for each test
    names = [f"{net}.1", f"{net}.2"]
    return Hosts(names, 0, join_seconds=1), Hosts(names, 1, join_seconds=1)


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the test be one host, then another: each with a folder for temporary files of its own."""

    def be(host: int) -> None:
        (tmp_path / str(host)).mkdir(exist_ok=True)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / str(host)))

    be(0)
    return be


@contextmanager
def answering(name: str, answers: dict[str, bytes]) -> Generator[None]:
    """Another first host than ours."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(answers[self.path])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
            pass

    with HTTPServer((name, PORT), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def get(name: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(name, PORT, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    status, body = answer.status, answer.read()
    connection.close()
    return status, body


def test_alone_the_scratch_is_a_folder_that_goes_and_nothing_is_shared(own_files: object) -> None:
    assert own_files
    with scratch_folder(ALONE) as folder:
        (folder / "x").write_text("x")
        assert not shared_folder().exists()
    assert not folder.exists()


def test_the_ledger_travels_to_the_same_path_of_another_host(
    hosts: tuple[Hosts, Hosts], own_files: Callable[[int], None], tmp_path: Path
) -> None:
    first, other = hosts
    with scratch_folder(first) as folder:
        (folder / LEDGER).write_bytes(CONTENT)
        heard = news(other)
        assert next(heard) == ""  # not complete yet
        hand_over(folder)
        assert next(heard) == sha256_of(folder / LEDGER)
        own_files(1)
        arrived = fetch(other, sha256_of(folder / LEDGER))
        assert arrived.relative_to(tmp_path / "1") == (folder / LEDGER).relative_to(tmp_path / "0")
        assert arrived.read_bytes() == CONTENT
        assert list(shared_folder().iterdir()) == [arrived]
    assert not folder.exists()
    assert list(heard) == []  # a first host that is gone ends the news


def test_hosts_of_one_machine_may_share_the_folder(hosts: tuple[Hosts, Hosts], own_files: object) -> None:
    assert own_files
    first, other = hosts
    with scratch_folder(first) as folder:
        (folder / LEDGER).write_bytes(CONTENT)
        assert fetch(other, sha256_of(folder / LEDGER)) == folder / LEDGER
        assert (folder / LEDGER).read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["/", "/secret", f"/./{LEDGER}", "/../secret", "/%2e%2e/secret"])
def test_nothing_but_the_ledger_is_served(hosts: tuple[Hosts, Hosts], own_files: object, path: str) -> None:
    assert own_files
    with scratch_folder(hosts[0]) as folder:
        for name in ("secret", LEDGER, DIGEST):
            (folder / name).write_text(name)
        (folder.parent / "secret").write_text("secret")
        assert get(hosts[0].first, path)[0] == 404
        assert get(hosts[0].first, f"/{LEDGER}") == (200, LEDGER.encode())


def test_what_a_killed_job_left_is_no_ledger_of_the_next(hosts: tuple[Hosts, Hosts], own_files: object) -> None:
    assert own_files
    shared_folder().mkdir()
    (shared_folder() / DIGEST).write_text("0" * 64)
    with scratch_folder(hosts[0]):
        assert next(news(hosts[1])) == ""


@pytest.mark.parametrize("sent", [CONTENT[:-1] + b"\0", CONTENT[:-1], b""], ids=["damaged", "cut off", "empty"])
def test_a_ledger_that_was_damaged_on_the_way_is_refused(
    hosts: tuple[Hosts, Hosts], own_files: Callable[[int], None], tmp_path: Path, sent: bytes
) -> None:
    own_files(1)
    (tmp_path / "sent").write_bytes(CONTENT)
    _, other = hosts
    with (
        answering(other.first, {f"/{LEDGER}": sent}),
        pytest.raises(InputError, match=f"The ledger from {other.first} has sha256 .* damaged or cut off"),
    ):
        fetch(other, sha256_of(tmp_path / "sent"))
    assert list(shared_folder().iterdir()) == []


def test_a_first_host_that_never_comes_is_waited_for_within_a_bound(hosts: tuple[Hosts, Hosts]) -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match=rf"{hosts[1].first}, didn't answer on port {PORT} for 1 seconds"):
        next(news(hosts[1]))
    assert 1 < time.monotonic() - began < 5


def test_a_first_host_that_falls_silent_ends_the_news(
    hosts: tuple[Hosts, Hosts], own_files: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_files
    monkeypatch.setattr(handover, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(handover, "_ANSWER_SECONDS", 0.2)
    with scratch_folder(hosts[0]):
        heard = news(hosts[1])
        assert next(heard) == ""
    with socket.create_server((hosts[0].first, PORT)):  # takes calls and never answers
        began = time.monotonic()
        assert list(heard) == []
        assert 1 < time.monotonic() - began < 8


def test_a_port_that_is_taken_is_told(hosts: tuple[Hosts, Hosts], own_files: object) -> None:
    assert own_files
    with (
        socket.create_server((hosts[0].first, PORT)),
        pytest.raises(InputError, match=f"can't serve its ledger to the other hosts on port {PORT}"),
        scratch_folder(hosts[0]),
    ):
        pass
