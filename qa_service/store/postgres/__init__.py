"""The catalogue and the vectors in a PostgreSQL database, which many services can share; extra `postgres`."""
