"""What an assessor can check: each statement of the baseline in one state, with what shows it and what would break it.

Nothing is claimed here that a function over the templates, a command, or somebody's name doesn't carry.
"""
