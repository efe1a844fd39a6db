"""Properties are judged by their outcome: on a busy machine the time of one example says nothing."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
