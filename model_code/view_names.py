"""The names of the views (`model_code.features.views`), for who must not import what computes them."""

REALTIME, BATCH = "realtime", "batch"
"""What is known at authorisation, which alone an endpoint can serve; and what a review of whole months can know."""
NAMES = (REALTIME, BATCH)
