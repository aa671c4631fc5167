"""Furniture by place: at the article's edges, and beside other furniture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from qa_service.text.furniture.patterns import EDIT_LINK
from qa_service.text.furniture.tiers import Tier
from qa_service.text.furniture.units import Unit

_NUMBERS = 3
_ITEMS = 20
_ITEM_SIZE = 45
_SCRAP = 2.0
_GAP, _NEAR, _LABEL_SIZE = 2, 6, 8.0
_MENU, _MENU_AT_EDGE, _MENU_INSIDE = 5, 4, 6


class Blocks:
    """Decides on the units of one article from what each says and what stands around it."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = units
        self._tiers = _on_shared_lines(units)
        prose = [index for index, unit in enumerate(units) if self._tiers[index] is Tier.NONE and unit.is_prose]
        self._first = prose[0] if prose else len(units)
        self._last = prose[-1] if prose else -1
        self._has_prose = bool(prose)
        self.reasons: list[str | None] = [self._by_itself(index) for index in range(len(units))]

    def decide(self) -> list[str | None]:
        """Give each unit's reason."""
        for run in self._runs():
            self._judge_run(run)
        for index, unit in enumerate(self._units):
            heading = not unit.look.specific or unit.look.introduces
            if heading and self.reasons[index] == "related articles" and self._tiers[index] is Tier.ALONE:
                self._take_items(index)
        self._fill_gaps()
        self._take_rest()
        return self.reasons

    def _by_itself(self, index: int) -> str | None:
        tier = self._tiers[index]
        sure = tier is Tier.ALONE
        if self._has_prose:
            sure |= tier is Tier.EDGE and not self._first < index < self._last
            sure |= tier is Tier.TAIL and index > self._last
        return self._reason(index) if sure else None

    def _reason(self, index: int) -> str:
        return self._units[index].look.reason or "copyright line"

    def _runs(self) -> Iterator[list[int]]:
        """Find runs of units that may be furniture; more than a few numbers in a row are data and divide them."""
        run: list[int] = []
        numbers = 0
        for index, tier in enumerate(self._tiers):
            if not self._units[index].look.key:
                # Lines without words and page numbers stand anywhere: they are no company.
                continue
            numbers = numbers + 1 if tier is Tier.NUMBER else 0
            if tier is Tier.NONE or numbers > _NUMBERS:
                if run:
                    yield run
                run = []
            else:
                run.append(index)
        if run:
            yield run

    def _judge_run(self, run: Sequence[int]) -> None:
        """Take all of a run that holds sure furniture, or enough items of a menu."""
        menu = self._is_menu(run)
        if not any(self.reasons[index] for index in run) and not menu:
            return
        if menu and run[-1] < self._first and self._tiers[run[-1]] >= Tier.COMPANY:
            # The last item of a menu above the text is no heading of the text's first section.
            self.reasons[run[-1]] = self._reason(run[-1])
        for index in run:
            if self._tiers[index] >= Tier.COMPANY and not self._may_be_heading(index, run):
                self.reasons[index] = self._reason(index)
        sure = [index for index in run if self.reasons[index]]
        if not sure:
            return
        end = len(self._units) if run[-1] == len(self._units) - 1 else sure[-1]
        for index in run:
            # Numbers and names of channels need furniture on both sides.
            if self._tiers[index] < Tier.COMPANY and sure[0] < index < end and not self._may_be_heading(index, run):
                self.reasons[index] = self._reason(index)

    def _is_menu(self, run: Sequence[int]) -> bool:
        """Whether units that say little each are a menu together; a list that a sentence introduces is none."""
        looks = (self._units[index].look for index in run if self._tiers[index] >= Tier.COMPANY)
        phrases = frozenset[str]().union(*(look.phrases for look in looks if not look.specific))
        before = self._units[run[0] - 1].look if run[0] else None
        if before is not None and before.introduces:
            return False
        if not self._has_prose:
            least = _MENU
        elif run[-1] < self._first or run[0] > self._last:
            least = _MENU_AT_EDGE
        else:
            least = _MENU_INSIDE
        return len(phrases) >= least

    def _may_be_heading(self, index: int, run: Sequence[int]) -> bool:
        """Whether a word right before prose or an edit link is rather a heading."""
        if self.reasons[index] or self._tiers[index] > Tier.COMPANY or self._units[index].look.specific:
            return False
        following = self._units[index + 1] if index + 1 < len(self._units) else None
        return following is not None and (
            following.look.reason == EDIT_LINK or (index == run[-1] and following.is_prose)
        )

    def _take_items(self, heading: int) -> None:
        """Take the short lines under a heading of related articles, if they lead up to furniture or the end."""
        items: list[int] = []
        for index in range(heading + 1, min(len(self._units), heading + 2 + _ITEMS)):
            if self.reasons[index]:
                break
            unit = self._units[index]
            if not unit.whole or unit.is_prose or unit.look.data or unit.look.stops or unit.look.size > _ITEM_SIZE:
                return
            items.append(index)
        if len(items) <= _ITEMS:
            for index in items:
                self.reasons[index] = "related articles"

    def _fill_gaps(self) -> None:
        """Take one or two short lines in the midst of the furniture that follows the last sentence."""
        sure = [index for index in range(self._last + 1, len(self._units)) if self._is_sure(index)]
        for number in range(1, len(sure) - 2):
            before, after = sure[number], sure[number + 1]
            near = sure[number + 2] - sure[number - 1] <= _NEAR
            gap = range(before + 1, after)
            if self._has_prose and near and len(gap) <= _GAP and all(map(self._is_label, gap)):
                for index in gap:
                    self.reasons[index] = self.reasons[index] or "menu"

    def _is_sure(self, index: int) -> bool:
        return self.reasons[index] is not None and bool(self._units[index].look.key)

    def _is_label(self, index: int) -> bool:
        """Whether a unit is a short line that gives no figure."""
        unit = self._units[index]
        short = unit.whole and unit.look.size <= _LABEL_SIZE and not unit.look.stops
        return short and not unit.look.data and not any(map(str.isdigit, unit.look.key))

    def _take_rest(self) -> None:
        """Take the last few short lines of a page that holds nothing but furniture, such as the site's name."""
        rest = [index for index, reason in enumerate(self.reasons) if reason is None]
        if not rest or len(rest) > 2 or len(self._units) < 6 or self._has_prose:
            return
        looks = [self._units[index].look for index in rest]
        share = sum(look.size for look in looks) / sum(unit.look.size for unit in self._units)
        if share <= 0.15 and not any(look.data or look.size > 8 for look in looks):
            for index in rest:
                self.reasons[index] = "menu"


def _on_shared_lines(units: Sequence[Unit]) -> list[Tier]:
    """Give the units' tiers, lowered where text stands on the same line."""
    tiers = [unit.look.tier for unit in units]
    shared = (index for index, unit in enumerate(units) if not unit.whole)
    for _, group in groupby(shared, key=lambda index: units[index].line):
        line = list(group)
        _join_remainders(units, tiers, line)
        if all(tiers[index] >= Tier.COMPANY for index in line):
            continue
        kept = {index for index in line if units[index].look.reason == "no words"}
        for order in (line, line[::-1]):
            for index in order:
                look = units[index].look
                sentence = look.ends and look.reason not in ("copyright line", "disclaimer")
                if look.tier is not Tier.ALONE or sentence:
                    break
                kept.add(index)
        for index in line:
            if index not in kept:
                tiers[index] = Tier.NONE
    return tiers


def _join_remainders(units: Sequence[Unit], tiers: list[Tier], line: Sequence[int]) -> None:
    """Give a scrap after a copyright line, such as the version in "Forum! 3.4", that line's tier."""
    for before, index in pairwise(line):
        look = units[before].look
        if tiers[index] is Tier.NONE and units[index].look.size <= _SCRAP and look.reason == "copyright line":
            tiers[index] = tiers[before]
