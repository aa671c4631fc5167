"""Dates, times and counts of folded text, as parts of patterns."""

from __future__ import annotations

import re

DAY = r"\d{2,4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?"
TIME = r"\d{1,2}\s?[:时点]\s?\d{2}(?:[:分]\s?\d{2}秒?|分)?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
ENGLISH_DAY = (
    rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{{0,6}},?\s)?"
    rf"(?:{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s{_MONTH},?\s\d{{4}}|{DAY})"
)
EUROPEAN_DAY = (
    rf"(?:\d{{1,2}}\.?\s(?:de\s)?[^\W\d]{{3,10}}\.?,?\s(?:de\s)?\d{{4}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}|{DAY})"
)
# Possessive: "(40" must not be read in "(400分".
COUNT = r"\d[\d,]{0,9}+(?:\.\d)?+[kw万]?+\+?+"

NEUTRAL = re.compile(
    rf"{EUROPEAN_DAY}|{ENGLISH_DAY}|{TIME}|\d[\d.,:/%年月日时分秒号-]*"
    r"|(?:星期|周|礼拜)[一二三四五六日天](?!\w)|(?<!\w)(?:am|pm|gmt|utc|bst|est|pst|edt|pdt|cet|msk|мск|uhr)(?!\w)"
    r"|\d+\s?(?:小时|分钟|天)前|\d+\s(?:hours?|days?|minutes?|weeks?)\sago"
)
"""Dates, times and numbers: neither for nor against."""
