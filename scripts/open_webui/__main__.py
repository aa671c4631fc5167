"""Try the service in Open WebUI, with nothing but a base URL and a key between them."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from api import check_api
from articles import add_articles
from browser import check_browser
from checks import Checks, Trouble
from installation import INSTALLED, install
from processes import KEY, start_open_webui, start_service
from relay import Relay

_TEXT = """Try the service in Open WebUI: start both on 127.0.0.1 with scratch data, the service with its samples and a
key, Open WebUI offline and with its defaults; hold one conversation through Open WebUI's own API and one in headless
Chromium; check the answers, the sources under their titles and links, the marks, the background prompts, and that the
browser asks no foreign host. Prints a line for each check; the exit code is 1 when one fails, 2 when nothing could be
tried. Only processes that it started are ended."""


def main() -> int:
    """Run every check and return the exit code."""
    options = _options()
    # As Ctrl-C does: the processes that were started end first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = options.scratch or Path(tempfile.mkdtemp(prefix="open-webui-"))
    scratch.mkdir(parents=True, exist_ok=True)
    checks = Checks()
    try:
        program = options.open_webui or install(scratch / "environment")
        with ExitStack() as stack:
            service = stack.enter_context(start_service(scratch))
            add_articles(service, KEY)
            relay = stack.enter_context(Relay(service))
            web = stack.enter_context(start_open_webui(program, scratch, relay.url))
            check_api(checks, web, relay)
            if options.browser:
                check_browser(checks, web, relay, scratch, options.chromium)
    except Trouble as trouble:
        print(f"try-open-webui: {trouble}", file=sys.stderr)
        return 2
    print(f"screenshots and logs: {scratch}")
    return checks.exit_code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="try-open-webui", description=_TEXT)
    parser.add_argument(
        "--open-webui",
        type=_environment,
        metavar="DIR",
        help=f"a Python environment that has Open WebUI; without it, {INSTALLED} is installed into the scratch"
        " directory the first time (3 GB)",
    )
    parser.add_argument(
        "--scratch",
        type=lambda text: Path(text).expanduser().resolve(),
        metavar="DIR",
        help="keeps data, logs, screenshots and the installation [default: a new directory under $TMPDIR]",
    )
    parser.add_argument(
        "--chromium",
        default=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        metavar="FILE",
        help="the browser [default: $CHROMIUM or /usr/bin/chromium]; Chinese needs a font such as Debian's"
        " fonts-noto-cjk",
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="the API's conversation alone")
    return parser.parse_args()


def _environment(text: str) -> Path:
    program = Path(text).expanduser().resolve() / "bin" / "open-webui"
    if not program.is_file():
        raise argparse.ArgumentTypeError(f"{program} does not exist")
    return program


if __name__ == "__main__":
    sys.exit(main())
