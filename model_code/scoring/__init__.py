"""From a model and an agency's new purchases to what people review: scores, ranks, reasons in words.

Needs neither pandas nor DuckDB, but PyArrow: the training image runs it on what `etl --score` left.
"""
