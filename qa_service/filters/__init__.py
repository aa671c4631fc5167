"""Filters on metadata and dates: one core for every protocol.

A filter is a tree of comparisons joined by `and` and `or`; it admits an article or not.

**Keys** are metadata keys, and the article's own fields `article_id` (also `file_id`, `document_id`), `title` (also
`filename`), `url` and `published_at`. An own field counts before a metadata key of the same name, which counts where
the article has no such field; `metadata.NAME` always means the metadata. Dots lead into nested objects, through
lists too (`author.name`), unless the metadata has that very key.

**Values.** A list has each of its values, and a comparison holds if it holds for any of them. Null, white space, an
empty list or object is no value. An article without a value fails every comparison but `ne`, `nin`, `not_contains`
and `empty`, which are exactly the negations of `eq`, `in`, `contains` and `not_empty`. A key that no article has is no
error.

**Equality** (`eq`, `ne`, `in`, `nin`) is exact, upper and lower case included, but for white space around a text and
for Unicode composition. 1 equals 1.0 and the text "1" (or "1.0"), true equals the text "true", in either direction;
two texts are equal as texts only ("1" is not "1.0"), and true is never 1.

**Order** (`gt`, `gte`, `lt`, `lte`): by number if both sides read as numbers, else by time if both read as times,
else false. `before` and `after` compare times only.

**Times** are ISO 8601 dates and date-times, dates such as 2024/5/31 or 2024年5月31日, a month 2024-05, a year (a whole
number of four digits), or Unix seconds (milliseconds from 10^11 on). Without a zone they are UTC. Where one side is
less precise, the other is cut down to it as it is written: a date and a time of that day are equal, and neither is
before the other. Filters may also say `now`, `today` (in the server's zone) and `now-7d`, `today-3m`, `now+12h`: hours,
days, weeks, months, years. `published_at` compares by time in `eq` and `in` too.
"""
