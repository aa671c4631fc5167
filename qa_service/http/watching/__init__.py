"""What operators see of a running service: metrics, the log of requests, and traces."""
