"""Ledgers in the forms that agencies publish, from a seed: what is true, its texts, and the mapping that is right."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from model_code.features.fields import FIELDS as KNOWN

FIELDS = tuple(
    name for name in KNOWN if name in {"transaction_id", "office", "merchant", "mcc", "amount", "transaction_date"}
)
HEADERS = {
    "transaction_id": ("Transaction ID", "id", "Reference No"),
    "office": ("Directorate", "office", "DEPARTMENT"),
    "merchant": ("Supplier", "merchant", "Vendor Name"),
    "mcc": ("MCC", "mcc"),
    "amount": ("Amount", "NET AMOUNT", "Payment amount"),
    "transaction_date": ("Payment Date", "date", "Transaction Date"),
}
SERIAL = "serial"
DATES = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%Y%m%d", "%d/%m/%y", "%d %B %Y", "%b %d, %Y", SERIAL,
)  # fmt: skip
TIMES = ("", "", " 00:00:00", " 14:22", "T09:15:00", " 2:05 PM")
MINUS = ("-{}", "({})", "{}-", "{} CR", "\u2212{}", "\u2013{}", "- {}", "<{}>")
SIGNED = {
    "USD": ("{}", "${}", "USD {}", "US${}", "$ {}"),
    "EUR": ("{}", "\u20ac{}", "{} \u20ac", "{} EUR"),
    "GBP": ("{}", "\u00a3{}", "GBP {}", "{} GBP"),
}
GROUPS = {".": (",", " ", "", "\u00a0", "'", "lakh"), ",": (".", " ", "", "\u00a0", "\u202f")}
PROGRAMS = ("openpyxl", "pandas-xlsx", "pandas-csv", "parquet", "libreoffice-ods", "libreoffice-csv")
CONTAINERS = ("csv", "gz", "zip", "months", *PROGRAMS)
"""Four that this package writes by itself, and six that other programs write."""
SHOPS = (
    "ACME TOOLS", 'MONITOR 27" WIDE', "SMITH, JONES & CO", "CAFE; BAR", "O'NEIL", "TAB\tSHOP", "BOOKS\nAND MORE",
    "CAF\u00c9 \u00dcBER", "100 % JUICE",
)  # fmt: skip
NOTES = ("", "", "", "", 'said "urgent"', "two\nlines", "a, b; c")
FIRST = date(2025, 1, 1)
Row = dict[str, str]


class Truth(NamedTuple):
    """What a row means, however it is written."""

    id: str
    payee: str
    amount: float
    day: date
    office: str


@dataclass
class Ledger:
    """A ledger as it is to be written: its truth by row, its texts, and how."""

    random: Random
    currency: str
    decimal: str
    container: str
    dates: str
    names: dict[str, str]
    truth: list[Truth] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    notes: str = ""
    """The name of a last column that no field needs and that is empty in most rows; none if empty."""

    def mapping(self) -> str:
        """The mapping that is right, or what a fault made of it."""
        columns = [
            f'{name} = "{self.names[name]}"' for name in self.names if not (name == FIELDS[0] and "ids" in self.keys)
        ]
        return "\n".join([*(f"{name} = {value}" for name, value in self.keys.items()), "[columns]", *columns, ""])

    def day(self, day: date) -> str:
        """A day as this ledger writes it."""
        return str((day - date(1899, 12, 30)).days) if self.dates == SERIAL else day.strftime(self.dates)


def made(seed: int) -> Ledger:
    """The ledger of a seed, its rows as texts; nothing is written yet."""
    random = Random(seed)  # noqa: S311 (a seed, no secret)
    currency = random.choice(list(SIGNED))
    container = random.choice(CONTAINERS)
    ledger = Ledger(
        random,
        currency,
        # LibreOffice writes text in its own language's way, here English.
        "," if currency == "EUR" and random.random() < 0.7 and container != "libreoffice-csv" else ".",
        container,
        random.choice(DATES),
        {name: random.choice(choices) for name, choices in HEADERS.items()},
        notes=random.choice(["", "Notes"]),
    )
    ledger.keys |= {"currency": f'"{currency}"', "decimal": f'"{ledger.decimal}"'}
    if ledger.dates != "%Y-%m-%d":
        ledger.keys["date_formats"] = f'["{ledger.dates}"]'
    if random.random() < 0.2:
        ledger.keys["spending"] = '"negative"'
    if random.random() < 0.2:
        ledger.keys["ids"] = '"digest"'
        del ledger.names["transaction_id"]
    for name in ("mcc", "office"):
        if random.random() < 0.2:
            del ledger.names[name]
    _fill(ledger)
    return ledger


def _fill(ledger: Ledger) -> None:
    random = ledger.random
    sign, minus = random.choice(SIGNED[ledger.currency]), random.choice(MINUS)
    inside = random.random() < 0.3
    group, short = random.choice(GROUPS[ledger.decimal]), random.random() < 0.15
    time = random.choice(TIMES) if ledger.dates not in {"%Y%m%d", SERIAL} else ""
    ids = random.choice(["R{:05d}", "{:06d}", "48213{:011d}7"])
    turned = -1 if "spending" in ledger.keys else 1
    for number in range(random.randint(90, 180)):
        day = FIRST + timedelta(days=(number * 7 + random.randint(0, 6)) % 89)
        cents = random.randint(100, random.choice([400_000, 400_000, 40_000_000]))
        cents *= -1 if random.random() < 0.1 else 1
        shop = f"{random.choice(SHOPS)} {random.randint(1, 30)}"
        size = written(abs(cents), ledger.decimal, group, short=short)
        negative = cents * turned < 0
        text = sign.format(minus.format(size) if negative and inside else size)
        office = f"Office {number % 4}"
        true = Truth(ids.format(number), " ".join(shop.upper().split()), cents / 100, day, office)
        ledger.truth.append(true if "office" in ledger.names else true._replace(office=""))
        ledger.rows.append(
            {
                "transaction_id": true.id,
                "office": office,
                "merchant": shop,
                "mcc": random.choice(["5812", "5085", "0742"]),
                "amount": minus.format(text) if negative and not inside else text,
                "transaction_date": ledger.day(day) + time,
                "notes": random.choice(NOTES),
            }
        )


def written(cents: int, decimal: str, group: str, *, short: bool) -> str:
    """An amount with its thousands grouped; `short`: without zeros at the end of its cents."""
    whole = _lakh(str(cents // 100)) if group == "lakh" else f"{cents // 100:,}".replace(",", group)
    rest = f"{cents % 100:02d}"
    rest = rest.rstrip("0") if short else rest
    return f"{whole}{decimal}{rest}" if rest else whole


def _lakh(digits: str) -> str:
    """Grouped as in India: 12,34,567."""
    last, rest = digits[-3:], digits[:-3]
    pairs = [rest[max(0, end - 2) : end] for end in range(len(rest), 0, -2)][::-1]
    return ",".join([*pairs, last])
