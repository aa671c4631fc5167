"""What the processor computes fast, and which precisions that makes worth trying."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PRECISIONS = ("int8", "bf16", "fp32")
_INT8 = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
_BF16 = frozenset({"avx512_bf16", "amx_bf16"})
_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Processor:
    """The instructions that matter here: for products of 8-bit integers, and of 16-bit floating-point numbers."""

    int8: frozenset[str]
    bf16: frozenset[str]

    @property
    def label(self) -> str:
        """Name them, in a fixed order; what was validated on one set may not hold on another."""
        return " ".join(sorted(self.int8 | self.bf16)) or "none"

    @property
    def hint(self) -> str:
        """What the engine shall compute in where nothing is rounded to integers."""
        return "bf16" if self.bf16 else "f32"


def this_processor(cpu_info: Path = _CPU_INFO) -> Processor:
    """Read the processor's flags; a system that does not list them counts as having none."""
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return Processor(_INT8.intersection(flags), _BF16.intersection(flags))


def order_of_precisions(wanted: str, processor: Processor) -> tuple[tuple[str, ...], str]:
    """Choose the precisions to try, best first, and say why the first is.

    Args:
        wanted: "auto", or one of `PRECISIONS`, after which the wider ones are tried.
        processor: what it can do.
    """
    if wanted != "auto":
        return PRECISIONS[PRECISIONS.index(wanted) :], "QA_RUNTIME says so"
    if processor.int8:
        return PRECISIONS, f"the processor has {_first(processor.int8)}"
    if processor.bf16:
        return PRECISIONS[1:], f"the processor has {_first(processor.bf16)} and nothing for products of 8-bit integers"
    return PRECISIONS[2:], "the processor lists no instructions for narrower numbers"


def _first(flags: frozenset[str]) -> str:
    return ", ".join(sorted(flags))
