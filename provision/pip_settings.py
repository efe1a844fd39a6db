"""Hands pip's settings to uv, which reads none of them: a machine behind a mirror is set up for pip, if for anything.

pip's: https://pip.pypa.io/en/stable/topics/configuration/ (of a key, the command's section stands above `global`, the
environment above both). uv's: https://docs.astral.sh/uv/reference/environment/.
"""

import ast
import os
import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from provision import InstallError

_LINE = re.compile(r"^(?P<section>[^.]+)\.(?P<key>[a-z-]+)=(?P<value>.*)$")
_PASSWORD = re.compile(r"//[^/@\s]+@")
_RANKS = {"global": 0, "install": 1, ":env:": 2}
_FILES = ("cert", "client-cert")
_TIMEOUTS = ("default-timeout", "timeout")  # two names of one option
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_SAME = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "proxy": _PROXIES,
    "retries": ("UV_HTTP_RETRIES",),
}
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What pip's HTTP library obeys where pip itself has no `cert`."""


def ask_pip(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the pip of an interpreter obeys when it installs, from its files and the environment.

    Raises:
        InstallError: pip can't read them.
    """
    command = [str(python), "-m", "pip", "config", "list"]
    loud = {**environ, "PIP_QUIET": "0"}  # a quiet pip lists nothing
    listing = subprocess.run(command, env=loud, capture_output=True, text=True, check=False)
    if listing.returncode:
        said = _PASSWORD.sub("//***@", " ".join(listing.stderr.split()))  # it quotes the line that it can't read
        raise InstallError(f"`pip config list` failed: {said}. Mend the file that it names.")
    return parse(listing.stdout)


def parse(listing: str) -> dict[str, str]:
    """Return the settings for an install from what `pip config list` prints."""
    found: dict[str, tuple[int, str]] = {}
    for match in filter(None, map(_LINE.match, listing.splitlines())):
        rank = _RANKS.get(match["section"], -1)
        if rank >= 0 and rank >= found.get(match["key"], (0, ""))[0]:
            found[match["key"]] = (rank, " ".join(str(ast.literal_eval(match["value"])).split()))
    return {key: value for key, (_, value) in found.items()}


def for_uv(settings: Mapping[str, str], environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return uv's options and its whole environment. What somebody set for uv itself stands above what pip has."""
    own = {name: value for name, value in environ.items() if name.startswith("UV_")}
    given = {**environ, **dict(_translated(settings)), **own}
    given.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # of all indexes, as pip: the hash says which file it is
    for name in _CERTIFICATES:
        if environ.get(name):
            given.setdefault("SSL_CERT_FILE", environ[name])
    if "SSL_CERT_FILE" not in given and ssl.get_default_verify_paths().cafile:
        given.setdefault("UV_SYSTEM_CERTS", "1")
    no_index = settings.get("no-index", "").lower() in {"1", "y", "yes", "t", "true", "on"}
    return ["--no-index"] * no_index, given


def _translated(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        given = str(Path(value).expanduser()) if key in _FILES else value
        yield from ((name, given) for name in _SAME.get(key, ()) if value)
        if key in _TIMEOUTS and re.fullmatch(r"[0-9]+(\.[0-9]*)?", value):  # with another pip ends itself
            yield "UV_HTTP_TIMEOUT", str(round(float(value)))
    # pip passes by a folder that isn't there; uv would end.
    links = [os.path.expanduser(each) for each in settings.get("find-links", "").split()]  # noqa: PTH111 - addresses, too
    places = [each for each in links if "://" in each or Path(each).exists()]
    if places:
        yield "UV_FIND_LINKS", ",".join(places)
    if settings.get("keyring-provider") == "subprocess":
        yield "UV_KEYRING_PROVIDER", "subprocess"


def for_npm(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what npm can have of pip's settings: certificate and proxy; its registry is another one."""
    found = {"NODE_EXTRA_CA_CERTS": str(Path(settings["cert"]).expanduser())} if settings.get("cert") else {}
    return found | (dict.fromkeys(_PROXIES, settings["proxy"]) if settings.get("proxy") else {})
