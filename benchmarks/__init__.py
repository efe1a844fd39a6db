"""Measurements of ours beside what others do: the same work, the same accuracy, in turns; ratios, not seconds."""
