"""`POST /v1/chat/completions`: a conversation answered from the passages found, in the shape of the OpenAI API."""
