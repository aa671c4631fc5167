"""Indexes over passages: generations on disk, snapshots in memory. They know keys, vectors and term ids; no text."""
