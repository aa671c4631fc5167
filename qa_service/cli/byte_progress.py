"""Progress of work that is measured in bytes: a bar on a terminal, a log line every few seconds elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from qa_service.cli.progress import logged


@contextmanager
def byte_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress on stderr.

    Parameters:
        label: what is being done.

    Returns:
        A function to be told of the bytes done since its last call, and of those of the whole work.
    """
    if not sys.stderr.isatty():
        yield _logged(label)
        return
    from tqdm import tqdm  # noqa: PLC0415

    with tqdm(total=None, desc=label, unit="B", unit_scale=True, dynamic_ncols=True, leave=False) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done)

        yield advance


def size(count: int) -> str:
    """Write a number of bytes for a person."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def _logged(label: str) -> Callable[[int, int], None]:
    whole = 0

    def tell(done: int, seconds: float) -> None:
        click.echo(f"{label}: {size(done)} of {size(whole)} after {seconds:,.0f} s", err=True)

    advance = logged(tell)

    def advance_of(more: int, total: int) -> None:
        nonlocal whole
        whole = total
        advance(more)

    return advance_of
