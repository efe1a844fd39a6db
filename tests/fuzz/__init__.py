"""Coverage-guided fuzzing (atheris, libFuzzer) of what strangers send: `make fuzz` writes build/fuzz.json."""
