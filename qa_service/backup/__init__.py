"""Backups: one archive of a data directory, made while it is in use, and put back whole or not at all."""
