"""Progress of long work: a bar on a terminal, a log line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import click

Item = TypeVar("Item")
LOG_SECONDS = 5.0


def track(items: Iterable[Item], total: int | None, label: str, unit: str = "") -> Iterator[Item]:
    """Yield the items, showing on stderr how many have passed.

    Parameters:
        items: what is worked through.
        total: how many there are, or None when unknown.
        label: what is being done.
        unit: what is counted.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm  # noqa: PLC0415

        yield from tqdm(
            items, total=total, desc=label, unit=f" {unit}".rstrip() or "it", dynamic_ncols=True, leave=False
        )
        return
    of = f" of {total:,}" if total is not None else ""
    what = f" {unit}" if unit else ""
    advance = logged(lambda done, seconds: click.echo(f"{label}: {done:,}{of}{what} after {seconds:,.0f} s", err=True))
    for item in items:
        yield item
        advance(1)


@contextmanager
def counting(label: str, unit: str) -> Iterator[Callable[[int], Callable[[int], None]]]:
    """Show on stderr how much is done of what tells so itself.

    Parameters:
        label: what is being done.
        unit: what is counted.

    Returns:
        A function to be told of how much the whole is; it gives one to be told of what is done since its last call.
    """
    with ExitStack() as stack:

        def begin(total: int) -> Callable[[int], None]:
            if not sys.stderr.isatty():
                return logged(
                    lambda done, seconds: click.echo(
                        f"{label}: {done:,} of {total:,} {unit} after {seconds:,.0f} s", err=True
                    )
                )
            from tqdm import tqdm  # noqa: PLC0415

            bar = stack.enter_context(tqdm(total=total, desc=label, unit=f" {unit}", dynamic_ncols=True, leave=False))
            return lambda more: bar.update(more) and None

        yield begin


def logged(tell: Callable[[int, float], None]) -> Callable[[int], None]:
    """Give a function to be told of what is done since its last call.

    Parameters:
        tell: called now and then with all that is done, and the seconds since the beginning.
    """
    started = said = time.monotonic()
    done = 0

    def advance(more: int) -> None:
        nonlocal done, said
        done += more
        now = time.monotonic()
        if now - said >= LOG_SECONDS:
            said = now
            tell(done, now - started)

    return advance
