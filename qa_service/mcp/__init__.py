"""Serves the Model Context Protocol: tools for language models, over a running service."""
