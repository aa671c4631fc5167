"""Characters swapped for look-alikes and sound-alikes: what they may stand for, and which of it the context wants."""
