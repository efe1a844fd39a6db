"""A clock that runs fast: what takes minutes on AWS takes parts of a second here.

Every wait that AWS documents in seconds (baking, the old fleet's last minutes, scaling's periods) goes through here, so
that all of them keep their proportions. `ATOLL_LOCAL_MINUTE` says how many seconds a minute takes, by default 0.05.
"""

import os

MINUTE = float(os.environ.get("ATOLL_LOCAL_MINUTE", "0.05"))


def real(seconds: float) -> float:
    """How long `seconds` of AWS last here."""
    return seconds / 60 * MINUTE
