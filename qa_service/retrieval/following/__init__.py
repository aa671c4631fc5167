"""Follow-up questions: what a question means after those that were asked before it."""
