"""How long a test waits for what must come: a wait ends with that, so patience costs only where something is wrong."""

PATIENCE = 240
"""Seconds; a busy machine can be several times as slow as a quiet one, and stand still for a while."""
