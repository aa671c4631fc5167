"""Verifying what is stored: each problem is named with its place and with what to run."""
