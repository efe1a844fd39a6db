"""Puts the locked packages in place, here and for Lambda, and decides nothing: a lock is complete, or it isn't one.

It runs before anything is installed, so it needs Python's standard library only.
"""


class InstallError(Exception):
    """What is locked can't be put in place; the sentence says what and what to do."""
