"""What a model sees now against what it was trained on."""
