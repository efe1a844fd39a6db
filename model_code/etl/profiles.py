"""What the invented federal ledger is made of. Names are invented; merchant category codes are the card industry's."""

from typing import NamedTuple


class Trade(NamedTuple):
    """A line of business: its category code, what its merchants are called, and what they charge (a log-normal)."""

    mcc: str
    nouns: tuple[str, ...]
    goods: str
    median: float
    spread: float
    share: float
    at_weekends: float


# Medians in USD; `share` and `at_weekends` are relative weights. Order is part of the seed's meaning: append only.
TRADES: tuple[Trade, ...] = (
    Trade("5943", ("OFFICE SUPPLY", "STATIONERS", "PAPER CO"), "OFFICE SUPPLIES", 95, 0.9, 14, 0.10),
    Trade("5045", ("COMPUTERS", "DATA SYSTEMS", "NETWORKS"), "IT HARDWARE", 640, 1.2, 9, 0.08),
    Trade("5734", ("SOFTWARE", "CLOUD SERVICES", "APPS"), "SOFTWARE SUBSCRIPTION", 150, 1.3, 8, 0.30),
    Trade("5047", ("MEDICAL SUPPLY", "DIAGNOSTICS", "SURGICAL"), "MEDICAL SUPPLIES", 780, 1.2, 8, 0.08),
    Trade("5085", ("INDUSTRIAL", "FASTENERS", "TOOL SUPPLY"), "INDUSTRIAL SUPPLIES", 330, 1.2, 9, 0.06),
    Trade("5251", ("HARDWARE", "BUILDING CENTER", "LUMBER"), "REPAIR MATERIALS", 110, 1.0, 8, 0.35),
    Trade("5541", ("FUEL STOP", "GAS MART", "SERVICE STATION"), "FUEL", 52, 0.5, 8, 0.80),
    Trade("5812", ("CATERING", "KITCHEN", "GRILL"), "MEETING MEALS", 75, 0.9, 5, 0.70),
    Trade("7011", ("INN", "SUITES", "HOTEL"), "LODGING", 310, 0.8, 5, 0.90),
    Trade("4215", ("COURIER", "EXPRESS FREIGHT", "PARCEL"), "SHIPPING", 48, 0.9, 6, 0.12),
    Trade("8299", ("TRAINING", "INSTITUTE", "ACADEMY"), "TRAINING COURSE", 890, 0.9, 4, 0.10),
    Trade("2741", ("PRESS", "PUBLISHING", "JOURNALS"), "PUBLICATIONS", 140, 1.1, 3, 0.15),
    Trade("7349", ("JANITORIAL", "CLEANING SERVICE", "FACILITIES"), "CLEANING", 460, 0.9, 3, 0.10),
    Trade("7538", ("AUTO REPAIR", "FLEET SERVICE", "TIRE"), "VEHICLE REPAIR", 290, 0.9, 4, 0.25),
    Trade("5046", ("EQUIPMENT", "COMMERCIAL SUPPLY", "FIXTURES"), "EQUIPMENT", 720, 1.2, 3, 0.06),
    Trade("8071", ("LABORATORY", "ASSAY", "TESTING"), "LABORATORY TESTS", 410, 1.2, 3, 0.12),
    Trade("4814", ("TELECOM", "WIRELESS", "BROADBAND"), "TELECOMMUNICATION", 88, 0.7, 4, 0.25),
    Trade("5111", ("PRINTING", "COPY CENTER", "GRAPHICS"), "PRINTING", 180, 1.1, 3, 0.10),
    Trade("5411", ("MARKET", "GROCERS", "PROVISIONS"), "GROCERIES", 64, 0.8, 3, 0.85),
    Trade("7394", ("RENTALS", "LEASING", "EQUIPMENT HIRE"), "EQUIPMENT RENTAL", 520, 1.0, 2, 0.20),
)

AGENCIES: tuple[str, ...] = (
    "Agriculture", "Commerce", "Energy", "Health", "Interior", "Labor", "Transportation", "Veterans",
)  # fmt: skip

FIRST_NAMES: tuple[str, ...] = (
    "ALDER", "APEX", "BAYSIDE", "BEACON", "BLUE RIDGE", "CANYON", "CAPITOL", "CASCADE", "CEDAR", "CHESAPEAKE",
    "CLEARWATER", "COASTAL", "COPPER", "CRESCENT", "DELTA", "EVERGREEN", "FALCON", "FRONTIER", "GRANITE", "HARBOR",
    "HERITAGE", "HIGHLAND", "IRONWOOD", "JUNIPER", "KEYSTONE", "LAKESIDE", "LIBERTY", "MAPLE", "MERIDIAN", "MESA",
    "NORTHSTAR", "OAKMONT", "PATRIOT", "PIEDMONT", "PINNACLE", "PRAIRIE", "QUARRY", "REDWOOD", "SIERRA", "SUMMIT",
    "TIDEWATER", "TRIDENT", "UNION", "VALLEY", "VANGUARD", "WESTFIELD", "WILLOW", "YELLOWSTONE",
)  # fmt: skip
