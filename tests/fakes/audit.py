"""The audit record in memory."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lambdas.release.chain import ChainedAudit
from lambdas.release.records import AuditEntry


@dataclass
class FakeAuditStore:
    objects: dict[str, bytes] = field(default_factory=dict)
    tampered: list[str] = field(default_factory=list)
    writing: str = ""  # the function that runs
    by: dict[str, str] = field(default_factory=dict)  # what it wrote

    def put(self, key: str, body: bytes) -> bool:
        if key in self.objects:
            return False
        self.objects[key] = body
        if self.writing:
            self.by[key] = self.writing
        return True

    def get(self, key: str) -> bytes:
        return self.objects[key]

    def keys(self, prefix: str, after: str = "") -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix) and key > after)

    def rewritten(self, prefix: str) -> list[str]:
        return [told for told in self.tampered if f" {prefix}" in told]


FEW = 10  # links between two checkpoints, so that short lives have some too


class FakeAudit(ChainedAudit):
    """The product's own chain over a store in memory, with a look at what was written."""

    def __init__(self, store: Any = None, *, every: int = FEW) -> None:  # noqa: ANN401 - a store with a look into it
        self.store = store or FakeAuditStore()
        super().__init__(self.store, every=every)

    @property
    def entries(self) -> dict[tuple[str, str, datetime, str], AuditEntry]:
        """What was recorded, in order of writing."""
        bodies = (json.loads(body) for key, body in self.store.objects.items() if key.startswith("audit/"))
        found = [AuditEntry(**(body | {"at": datetime.fromisoformat(body["at"])})) for body in bodies]
        return {(entry.model, entry.subject, entry.at, entry.what): entry for entry in found}

    @property
    def whats(self) -> list[str]:
        """The names of what was recorded, in order of writing."""
        return [entry.what for entry in self.entries.values()]
