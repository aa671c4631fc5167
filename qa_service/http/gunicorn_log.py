"""gunicorn's own words, in the service's log like everything else's."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class ServerLog(Logger):  # type: ignore[misc]
    """Hands records on to the handlers of the service instead of its own."""

    def setup(self, cfg: Any) -> None:
        """Take the levels from gunicorn's configuration, and nothing of where and how it would write."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
