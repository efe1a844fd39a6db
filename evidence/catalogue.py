"""The foreign book of questions: FedRAMP Moderate's determination statements and the parts of its CIS workbook.

NIST SP 800-53 and 53A, resolved by FedRAMP (OSCAL in XML), out of a pinned package (decision 49). A *statement* is an
assessment objective without objectives below it. A *part* is what the CIS workbook asks about: a response point of the
control's own text. NIST says of each control whether the organization or the system implements it; FedRAMP says of each
objective how it is assessed.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INSTALLED = Path(__file__).resolve().parent.parent / "build" / "catalogue"
_FILE = "FedRAMP_rev5_MODERATE-baseline-resolved-profile_catalog.xml"
_BELOW = f"lib/*/site-packages/trestle_fedramp/resources/fedramp-source/content/baselines/rev5/xml/{_FILE}"
_OSCAL = "{http://csrc.nist.gov/ns/oscal/1.0}"
_INSERT = f"{_OSCAL}insert"
_OBJECTIVE, _OWN_TEXT = "assessment-objective", ("statement", "item")


class CatalogueError(Exception):
    """The catalogue isn't there, or isn't the one that was meant; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One determination statement: what an assessor decides on, in the words of NIST SP 800-53A.

    `part` is empty where it assesses words above the first response point: the workbook has no row for those.
    `parameters` tells by id what each parameter in the words is, and the value that FedRAMP sets; `guidance` is what
    FedRAMP asks of the control beyond its words.
    """

    id: str
    control: str
    title: str
    words: str
    by_system: bool
    methods: tuple[str, ...]
    part: str
    parameters: Mapping[str, str]
    guidance: str

    @property
    def family(self) -> str:
        """The two letters of the control's family."""
        return self.control[:2]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The baseline: statements by id, in its own order, and for each CIS part the ids of those that assess it."""

    statements: Mapping[str, Statement]
    parts: Mapping[str, tuple[str, ...]]


def read(installed: Path = INSTALLED) -> Catalogue:
    """Read the catalogue of the installed package.

    Raises:
        CatalogueError: it isn't installed.
    """
    found = sorted(installed.glob(_BELOW))
    if not found:
        raise CatalogueError(f"The catalogue of FedRAMP Moderate isn't below {installed}. Run `make catalogue` first.")
    return _parsed(found[0])


@cache
def _parsed(path: Path) -> Catalogue:
    root = ET.fromstring(path.read_bytes())  # noqa: S314 (a file of a package whose hash is pinned)
    statements: dict[str, Statement] = {}
    parts: dict[str, list[str]] = {}
    told = {each.get("id", ""): _parameter(each) for each in root.iter(f"{_OSCAL}param")}
    for control in root.iter(f"{_OSCAL}control"):
        owner = dict(_parts_of(control))
        parts |= {part: [] for part in owner.values() if part}
        for statement in _statements(control, owner, told):
            statements[statement.id] = statement
            if statement.part:
                parts[statement.part].append(statement.id)
    return Catalogue(statements=statements, parts={name: tuple(ids) for name, ids in parts.items()})


def _parts_of(control: ET.Element) -> Iterator[tuple[str, str]]:
    """Give for each item of a control's text the CIS part to which it belongs: the nearest response point above it."""

    def walk(element: ET.Element, part: str) -> Iterator[tuple[str, str]]:
        for item in element.findall(f"{_OSCAL}part"):
            if item.get("name") in _OWN_TEXT:
                own = item.get("id", "") if _values(item, "response-point") else part
                yield item.get("id", ""), own
                yield from walk(item, own)

    return walk(control, "")


def _statements(control: ET.Element, owner: Mapping[str, str], told: Mapping[str, str]) -> Iterator[Statement]:
    levels, guidance = _values(control, "implementation-level"), _guidance(control)
    title = " ".join((control.findtext(f"{_OSCAL}title") or "").split())

    def walk(element: ET.Element, methods: tuple[str, ...], about: str) -> Iterator[Statement]:
        for part in (each for each in element.findall(f"{_OSCAL}part") if each.get("name") == _OBJECTIVE):
            asked = tuple(_values(part, "method")) or methods
            text = next((_target(link) for link in part.findall(f"{_OSCAL}link")), about)
            if any(inner.get("name") == _OBJECTIVE for inner in part.findall(f"{_OSCAL}part")):
                yield from walk(part, asked, text)
            else:
                yield Statement(
                    id=part.get("id", ""),
                    control=control.get("id", ""),
                    title=title,
                    words=_words(part),
                    by_system="system" in levels,
                    methods=asked,
                    part=owner[text],
                    parameters={name: told[name] for name in _inserted(part)},
                    guidance=guidance,
                )

    return walk(control, (), "")


def _target(link: ET.Element) -> str:
    return link.get("href", "").removeprefix("#")


def _values(element: ET.Element, name: str) -> list[str]:
    return [each.get("value", "") for each in element.findall(f"{_OSCAL}prop") if each.get("name") == name]


def _inserted(part: ET.Element) -> list[str]:
    return [each.get("id-ref", "") for paragraph in part.findall(f"{_OSCAL}p") for each in paragraph.iter(_INSERT)]


def _words(part: ET.Element) -> str:
    """Give a statement's words; a parameter that somebody sets stands as its id in brackets."""
    return _text(*part.findall(f"{_OSCAL}p")).rstrip(";")


def _text(*elements: ET.Element) -> str:
    for insert in (each for element in elements for each in element.iter(_INSERT)):
        insert.text = f"[{insert.get('id-ref')}]"
    return " ".join(" ".join("".join(element.itertext()) for element in elements).split())


def _parameter(param: ET.Element) -> str:
    """Tell what a parameter is: its label or choices, and what FedRAMP sets."""
    label, choices = param.findall(f"{_OSCAL}label"), [_text(each) for each in param.iter(f"{_OSCAL}choice")]
    what = _text(*label) or "; or ".join(choices)
    set_by = _text(*param.findall(f"{_OSCAL}constraint"))
    return f"{what} (FedRAMP: {set_by})" if set_by else what


def _guidance(control: ET.Element) -> str:
    """Give FedRAMP's own requirements and guidance of a control; those of its enhancements are theirs."""
    own = [each for part in control.findall(f"{_OSCAL}part") for each in part.iter(f"{_OSCAL}part")]
    said = [each for each in own if re.search(r"_fr_(smt|gdn)", each.get("id", ""))]
    told = [" ".join([*_values(each, "label"), _text(*each.findall(f"{_OSCAL}p"))]) for each in said]
    return " ".join(told)


def name_of(control: str) -> str:
    """Write a control's id as people do: `sc-28.1` is SC-28(1)."""
    head, _, enhancement = control.partition(".")
    return f"{head.upper()}({enhancement})" if enhancement else head.upper()
