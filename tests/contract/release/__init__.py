"""The ports of the release path and of the monitor: the fakes promise what the adapters do."""
