"""The catalogue and the vector segments: everything that must survive, and the only place with SQL."""
