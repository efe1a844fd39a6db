"""Properties are judged by their outcome: on a busy machine the time of one example says nothing.

Examples are new ones in each run; a failure prints the blob that repeats it (`@reproduce_failure`).
"""

from hypothesis import settings

settings.register_profile("atoll", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("atoll")
