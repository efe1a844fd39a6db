"""`make limits`: every environment, the settings at their own bounds, and drawn ones, against compliance/limits."""
