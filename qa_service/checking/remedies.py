"""What is said to be run when something is found wrong."""

RESTORE = "restore the data directory from a backup, or ingest the article again"
REBUILD = "run `qa-service rebuild`"
