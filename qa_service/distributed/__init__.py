"""Loading on many processors and machines with Ray; nothing here is imported unless it is asked for."""
