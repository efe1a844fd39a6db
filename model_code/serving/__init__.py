"""Answering: an artifact is verified, its model loaded, and each row scored or refused with a sentence."""
