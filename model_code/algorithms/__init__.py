"""The model families. Each writes every parameter out, for a library's changed default is a silently changed model."""
