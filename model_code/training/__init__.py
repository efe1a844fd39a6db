"""From a features folder to a model's artifact: plain functions on arrays, same input and seed, same result."""
