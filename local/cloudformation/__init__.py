"""CloudFormation types that the emulator lacks and Atoll's stacks need."""


def register() -> None:
    """Register the types."""
