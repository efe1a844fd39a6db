"""What is known about a purchase at the moment of authorisation, as numbers."""
