"""Constructs that several stacks use: one noun per file, objects in, security defaults stated once."""
