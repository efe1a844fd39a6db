"""Takes a development deployment down, with the caller's own credentials: stacks go, and what they would delete."""
