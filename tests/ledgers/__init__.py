"""Ledgers as agencies publish them, real faults and made ones: `python -m tests.ledgers`, or `make ledgers`."""
