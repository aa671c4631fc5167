"""Vectors and integer ids: encoders, the models they run, and the indexes that search their vectors."""
