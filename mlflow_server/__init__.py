"""The tracking server's image: what it serves and how it migrates. Imports MLflow only."""
