"""Connections of clients: requests are read whole before a thread is given them, and a loop sends the answers."""
