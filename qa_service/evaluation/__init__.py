"""Measures retrieval on public sets: loads them, asks every question, and reports the standard IR measures."""
