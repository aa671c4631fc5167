"""Semantic retrieval question answering over a body of articles."""
