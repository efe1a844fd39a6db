"""What runs in the servers' own environments, and imports nothing of ours but `model_code`."""
