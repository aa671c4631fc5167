"""The OpenAI-compatible face but for chat: models, embeddings, rerank, vector stores, and their shape of errors."""
