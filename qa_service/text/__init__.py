"""From bytes to text, sentences, passages and words; every step keeps its place in the original text."""
