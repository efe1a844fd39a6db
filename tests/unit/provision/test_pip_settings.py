"""uv gets what pip is set to; what a person set for uv stands."""

import ast
import ssl
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from provision import InstallError
from provision.pip_settings import ask_pip, for_npm, for_uv, parse

ROOM = Path(__file__).parents[3] / "provision"
MIRROR = "https://mirror.example/simple"


def environment(settings: dict[str, str], **environ: str) -> dict[str, str]:
    return for_uv(settings, environ)[1]


def test_the_installs_own_section_stands_above_the_general_one_and_the_environment_above_both() -> None:
    lines = ["install.index-url='b'", "global.index-url='a'", "download.index-url='x'", "global.timeout='3'"]
    assert parse("\n".join(lines)) == {"index-url": "b", "timeout": "3"}
    assert parse("\n".join([":env:.index-url='c'", *lines]))["index-url"] == "c"


def test_a_list_over_several_lines_is_read_whole() -> None:
    assert parse(r"global.find-links='\n/a\nhttps://b.example/c'")["find-links"] == "/a https://b.example/c"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("index-url", MIRROR, {"UV_DEFAULT_INDEX": MIRROR}),
        ("extra-index-url", f"{MIRROR} {MIRROR}2", {"UV_INDEX": f"{MIRROR} {MIRROR}2"}),
        ("cert", "/pki/agency.pem", {"SSL_CERT_FILE": "/pki/agency.pem"}),
        ("client-cert", "/pki/me.pem", {"SSL_CLIENT_CERT": "/pki/me.pem"}),
        ("trusted-host", "mirror.example", {"UV_INSECURE_HOST": "mirror.example"}),
        ("proxy", "http://proxy.example:3128", {"HTTPS_PROXY": "http://proxy.example:3128"}),
        ("timeout", "20", {"UV_HTTP_TIMEOUT": "20"}),
        ("default-timeout", "12.5", {"UV_HTTP_TIMEOUT": "12"}),
        ("retries", "7", {"UV_HTTP_RETRIES": "7"}),
        ("keyring-provider", "subprocess", {"UV_KEYRING_PROVIDER": "subprocess"}),
        ("find-links", "https://files.example /no/such/folder", {"UV_FIND_LINKS": "https://files.example"}),
    ],
)
def test_each_setting_of_pip_reaches_uv(key: str, value: str, expected: dict[str, str]) -> None:
    assert environment({key: value}).items() >= expected.items()


def test_a_folder_of_wheels_that_is_there_is_handed_over(tmp_path: Path) -> None:
    assert environment({"find-links": f"{tmp_path} {tmp_path}/gone"})["UV_FIND_LINKS"] == str(tmp_path)
    assert "UV_FIND_LINKS" not in environment({"find-links": f"{tmp_path}/gone"})


def test_a_home_is_written_out_as_pip_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "wheels").mkdir()
    assert environment({"find-links": "~/wheels"})["UV_FIND_LINKS"] == f"{tmp_path}/wheels"
    assert environment({"cert": "~/ca.pem"})["SSL_CERT_FILE"] == f"{tmp_path}/ca.pem"


def test_a_time_that_is_no_number_is_left_to_pip_which_names_it() -> None:
    assert "UV_HTTP_TIMEOUT" not in environment({"timeout": "30s"})


def test_npm_gets_pips_certificate_and_proxy_and_keeps_its_own_registry() -> None:
    handed = for_npm({"cert": "/pki/agency.pem", "proxy": "http://proxy.example:3128", "index-url": MIRROR})
    assert handed["NODE_EXTRA_CA_CERTS"] == "/pki/agency.pem"
    assert handed["https_proxy"] == "http://proxy.example:3128"
    assert MIRROR not in handed.values()


def test_who_forbids_pip_an_index_forbids_it_uv() -> None:
    assert for_uv({"no-index": "true"}, {})[0] == ["--no-index"]
    assert for_uv({"no-index": "0"}, {})[0] == []


def test_what_was_set_for_uv_itself_stands_above_pips() -> None:
    assert environment({"index-url": MIRROR}, UV_DEFAULT_INDEX="own")["UV_DEFAULT_INDEX"] == "own"
    assert environment({"cert": "pips"}, SSL_CERT_FILE="everybodys")["SSL_CERT_FILE"] == "pips"


def test_all_indexes_are_asked_as_pip_does() -> None:
    assert environment({})["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_certificates_are_found_where_pips_http_library_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"REQUESTS_CA_BUNDLE": "requests", "CURL_CA_BUNDLE": "curl"}
    assert environment({}, **both)["SSL_CERT_FILE"] == "requests"
    assert environment({"cert": "pips"}, **both)["SSL_CERT_FILE"] == "pips"
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile="/etc/ssl/cert.pem"))
    assert environment({})["UV_SYSTEM_CERTS"] == "1"
    assert "UV_SYSTEM_CERTS" not in environment({}, CURL_CA_BUNDLE="curl")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(cafile=None))
    assert "UV_SYSTEM_CERTS" not in environment({})


def test_settings_that_pip_cannot_read_end_in_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "pip.conf"
    broken.write_text("no section = 1\n")
    with pytest.raises(InstallError, match=r"(?s)`pip config list` failed.*pip\.conf"):
        ask_pip(Path(sys.executable), {"PIP_CONFIG_FILE": str(broken), "HOME": str(tmp_path)})


def test_a_password_in_a_line_that_pip_cannot_read_is_not_repeated(tmp_path: Path) -> None:
    broken = tmp_path / "pip.conf"
    broken.write_text("index-url = https://ann:secret@mirror.example/simple\n")
    with pytest.raises(InstallError) as refused:
        ask_pip(Path(sys.executable), {"PIP_CONFIG_FILE": str(broken), "HOME": str(tmp_path)})
    assert "secret" not in str(refused.value)


def test_a_quiet_pip_tells_its_settings_all_the_same(tmp_path: Path) -> None:
    quiet = tmp_path / "pip.conf"
    quiet.write_text(f"[global]\nquiet = 1\nindex-url = {MIRROR}\n")
    found = ask_pip(Path(sys.executable), {"PIP_CONFIG_FILE": str(quiet), "HOME": str(tmp_path)})
    assert found["index-url"] == MIRROR


def test_the_room_needs_nothing_but_python() -> None:
    trees = [ast.parse(path.read_text()) for path in ROOM.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "provision"}
