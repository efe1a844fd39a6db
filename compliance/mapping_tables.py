"""The mapping page's tables, from the code that reads mappings and gives warnings."""

from model_code.etl.doubts import KINDS
from model_code.etl.mapping_keys import KEYS


def keys() -> str:
    """Each key of the mapping file: what it means, what it may be, and an example that is read by a test."""
    return "\n".join(
        f"### `{name}`\n\n{key.meaning} Expected: {key.expected}.\n\n```toml\n{key.example}\n```\n"
        for name, key in KEYS.items()
    )


def warnings() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Each warning, and when it is given."""
    return ("warning", "when"), [(f"`{name}`", meaning) for name, meaning in KINDS.items()]
