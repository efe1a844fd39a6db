"""The monitor's ports over AWS."""
