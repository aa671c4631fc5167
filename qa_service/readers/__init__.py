"""Turns files and directories into submissions: whole files, rows of JSONL, JSON, CSV and Parquet, entries of feeds."""

from __future__ import annotations

from qa_service.readers.files import FoundFile, IdFrom, Listing, list_files
from qa_service.readers.places import Place, place_of
from qa_service.readers.source import Source

__all__ = ["FoundFile", "IdFrom", "Listing", "Place", "Source", "list_files", "place_of"]
