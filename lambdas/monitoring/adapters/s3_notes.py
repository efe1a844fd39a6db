"""Notes for auditors beside the record: no decision reads them, so whoever writes them can decide nothing."""

import json
from collections.abc import Mapping
from typing import Any

from lambdas.release.adapters.s3_audit import S3AuditStore


class S3Notes:
    """`ports.Notes` beside the record, which is written once as they are."""

    def __init__(self, store: S3AuditStore) -> None:
        self._store = store

    def keep(self, model: str, name: str, note: Mapping[str, Any]) -> None:
        """Keep a note under Object Lock; one of that name which is there already stays."""
        self._store.put(f"notes/{model}/{name}.json", json.dumps(dict(note), sort_keys=True, indent=2).encode())
