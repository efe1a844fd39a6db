"""Spend per agency, office or merchant category and week: what to expect, and which weeks were out of bounds.

A batch product beside the classifier: `python -m model_code.forecasting --ledger ledger.csv --out forecasts.json`.
A weekly sum can't say which purchase is odd; it says where to look.
"""
