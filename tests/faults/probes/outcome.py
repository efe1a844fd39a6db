"""How a probe ends: refused, or by the one error that says the attack got through, and with what."""


class GotThroughError(AssertionError):
    """The attack did what it was for. No other error of a probe counts as that."""


def refused(held: object, evidence: object) -> None:
    """Take an attack as refused where the promise held.

    Raises:
        GotThroughError: it did not; the message is the evidence.
    """
    if not held:
        raise GotThroughError(str(evidence)[:600])
