"""Honest figures: models against baselines, by kind, with intervals, on the generator's ledger and on a real one.

`python -m model_code.evaluation` (make evaluate). For the laptop only: it needs scikit-learn and matplotlib, which the
model image doesn't hold; nothing that trains, serves or transforms data imports this package (a test keeps it so).
"""
