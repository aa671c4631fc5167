"""Choosing the sentence, or two adjacent ones, that answer a question."""
