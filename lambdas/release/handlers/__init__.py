"""One file an event, named for what has happened; each tells its story in one screen."""
