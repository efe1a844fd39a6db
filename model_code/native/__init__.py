"""The two loops of a request that are too slow in Python, in C: walking trees and reading CSV.

Nothing needs them: where they aren't compiled, or don't agree with XGBoost, Python and XGBoost do the same work.
"""
