"""Moving everything that is stored to another index or another catalogue, without encoding anything again."""
