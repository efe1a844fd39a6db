"""The served model beside others' servers, in one run: `make bench-serving`.

Every server has the same trees, an environment of its own with xgboost 3.2.0, one worker and one thread on core 0; wrk
has core 1. All are up at once and measured in turns, forwards and backwards (ABBA). What counts is the median of the
ratios within a round; a round in which other programs took the cores is dropped. Before anything is timed, every server
must give the same scores. AWS's own XGBoost container is not here: its server is in no package registry.
"""
