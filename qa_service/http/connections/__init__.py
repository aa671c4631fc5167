"""Connections of clients: requests are read whole, and answers sent, without a thread that waits for the client."""
