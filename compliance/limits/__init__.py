"""AWS's quotas and limits as one table with sources, and templates measured against it, all references resolved.

`make limits` walks every environment's templates, and those of settings at their own bounds (tests/limits).
"""
