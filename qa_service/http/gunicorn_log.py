"""gunicorn's own words and its line for every request, in the service's log like everything else's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from qa_service import logs
from qa_service.http.exposure import client_behind

_LONGEST_PATH = 200
_SEEN = "werkzeug.proxy_fix.orig"
"""What the application's look at the proxies' headers leaves in the environment of a request."""
_access = logging.getLogger("qa_service.access")


class ServerLog(Logger):  # type: ignore[misc]
    """Hands records on to the handlers of the service instead of its own.

    Attributes:
        proxies: how many are believed about whom they pass requests on for.
    """

    proxies = 0

    def setup(self, cfg: Any) -> None:
        """Take the levels from gunicorn's configuration, and nothing of where and how it would write."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
        self.error_log.propagate = True
        if cfg.accesslog is not None:
            _access.setLevel(logging.INFO)

    def access(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta) -> None:
        """Log a request that was answered: its path without the query, and no header but the address of who calls."""
        if self.cfg.accesslog is None:
            return
        path = str(environ.get("RAW_URI", "-")).split("?", 1)[0][:_LONGEST_PATH]
        ms = round(request_time.total_seconds() * 1e3, 1)
        fields = {
            "client": self._client(req, environ),
            "method": environ.get("REQUEST_METHOD", "-"),
            "path": path,
            "status": int(str(resp.status).split(None, 1)[0]),
            "bytes": resp.sent,
            "ms": ms,
        }
        line = "{client} {method} {path} {status} {bytes} bytes {ms} ms".format_map(fields)
        _access.info("%s", line, extra={logs.FIELDS: fields})

    def _client(self, req: Any, environ: Mapping[str, Any]) -> str:
        address = str(environ.get("REMOTE_ADDR", "-"))
        # The application has seen to it, if it has seen the request; and what could not be read has no headers.
        if not self.proxies or req is None or _SEEN in environ:
            return address
        forwarded = ",".join(value for name, value in req.headers if name == "X-FORWARDED-FOR")
        return client_behind(self.proxies, address, forwarded)


def server_log(proxies: int) -> type[ServerLog]:
    """Make the log of a server that believes so many proxies; gunicorn makes the instance."""
    return type("ServerLog", (ServerLog,), {"proxies": proxies})
