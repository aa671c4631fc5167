"""Turns files and directories into submissions: whole files, rows of JSONL, JSON and CSV, entries of feeds."""

from __future__ import annotations

from qa_service.readers.files import FoundFile, IdFrom, Listing, list_files
from qa_service.readers.source import Source

__all__ = ["FoundFile", "IdFrom", "Listing", "Source", "list_files"]
