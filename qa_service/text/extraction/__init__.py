"""The original text of an article out of its file's bytes: one module per format, and what they share."""
