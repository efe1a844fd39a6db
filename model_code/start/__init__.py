"""The image's first program: `start.c`, linked statically. It decides what of the environment Python ever sees."""
