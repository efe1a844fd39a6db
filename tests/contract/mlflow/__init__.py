"""The tracking server as its task definition starts it, on a real PostgreSQL."""
