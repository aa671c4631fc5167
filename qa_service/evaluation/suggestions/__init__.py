"""Proposes questions that articles answer, by rules and without a language model, for a person to keep."""
