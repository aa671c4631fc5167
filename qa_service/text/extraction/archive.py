"""Reads parts of a ZIP container that may be a bomb: every size is counted as it is read, and none is believed."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from qa_service.errors import Rejected

if TYPE_CHECKING:
    from lxml import etree

MIB = 1024 * 1024
MAX_ENTRIES = 20_000
MAX_PART_BYTES = 64 * MIB
MAX_READ_BYTES = 256 * MIB
MAX_RATIO = 200
_SMALL = MIB
_CHUNK = 64 * 1024
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_AGAIN = "get it again, or send its text"


class Archive:
    """The members of one ZIP container; only those that are asked for are unpacked, into memory, once.

    A container inside it is never opened.
    """

    def __init__(self, content: bytes) -> None:
        """Read the directory.

        Errors:
            Rejected: cut off or damaged, too many members, or so much as would be a bomb by its own account.
        """
        try:
            self._file = zipfile.ZipFile(io.BytesIO(content))
            self._infos = {info.filename: info for info in self._file.infolist()}
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError):
            raise Rejected("the file is cut off or damaged: no ZIP directory", remedy=_AGAIN) from None
        if len(self._file.infolist()) > MAX_ENTRIES:
            raise Rejected(f"it holds more than {MAX_ENTRIES:,} files", remedy="send its text")
        self._left = MAX_READ_BYTES

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> bytes:
        """Unpack one member.

        Errors:
            Rejected: missing, encrypted, damaged, packed in an unusual way, or over a limit.
        """
        info = self._infos.get(name)
        if info is None:
            raise Rejected(f"it lacks its part {name[:100]!r}", remedy=_AGAIN)
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise Rejected(f"its part {name[:100]!r} is encrypted or packed in an unusual way", remedy="send its text")
        allowed = min(MAX_PART_BYTES, self._left, max(_SMALL, info.compress_size * MAX_RATIO))
        if info.file_size > allowed:
            raise _too_large(name, allowed)
        try:
            data = self._unpack(info, allowed)
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError):
            raise Rejected(f"the file is cut off or damaged in its part {name[:100]!r}", remedy=_AGAIN) from None
        self._left -= len(data)
        return data

    def _unpack(self, info: zipfile.ZipInfo, allowed: int) -> bytes:
        parts = bytearray()
        with self._file.open(info) as member:
            while chunk := member.read(_CHUNK):
                parts += chunk
                if len(parts) > allowed:
                    raise _too_large(info.filename, allowed)
        return bytes(parts)


def parse_xml(data: bytes) -> etree._Element:
    """Parse XML without entities, external files or network.

    Errors:
        Rejected: it is not well-formed, nested too deeply, or has a document type, which may define entities.
    """
    from lxml import etree  # noqa: PLC0415

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Rejected("its XML is damaged, cut off or nested too deeply", remedy=_AGAIN) from None
    document_type = root.getroottree().docinfo.internalDTD
    if document_type is not None and any(document_type.iterentities()):
        raise Rejected("its XML defines entities", remedy="send its text")
    return root


def _too_large(name: str, allowed: int) -> Rejected:
    return Rejected(
        f"its part {name[:100]!r} unpacks to more than the {allowed:,} bytes allowed for its size (a ZIP bomb?)",
        remedy="split it, or send its text",
    )
