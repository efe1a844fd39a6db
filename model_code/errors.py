"""The one error of this room that is meant for a person."""


class InputError(ValueError):
    """What was handed in can't be used. The message is a sentence for a person: what, the value, what to do."""
