"""Words of a Dockerfile's line: whitespace, quotes, escapes, JSON arrays, here-document markers. All by text and index."""

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

SPACE = " \t\v\f\r"
"""What separates words (moby/buildkit, frontend/dockerfile/parser: ``reWhitespace``)."""

_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)\Z")
_JSON_SPACE = " \t\r\n"
_SURROGATE = re.compile("[\ud800-\udfff]")

Item = tuple[int, int]


def skip_space(text: str, index: int) -> int:
    """The index of the first character from ``index`` on that separates nothing."""
    while index < len(text) and text[index] in SPACE:
        index += 1
    return index


def plain_words(text: str, start: int) -> list[Item]:
    """Words as FROM, COPY and EXPOSE have them: separated by whitespace alone, quotes mean nothing."""
    found: list[Item] = []
    index = skip_space(text, start)
    while index < len(text):
        end = index
        while end < len(text) and text[end] not in SPACE:
            end += 1
        found.append((index, end))
        index = skip_space(text, end)
    return found


def quoted_word_end(text: str, start: int, escape: str) -> int:
    """Where the word that starts at ``start`` ends; whitespace in quotes or after the escape character belongs to it."""
    index, quote = start, ""
    while index < len(text):
        char = text[index]
        if char == escape and quote != "'":
            index += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in SPACE:
            return index
        index += 1
    return min(index, len(text))


def quoted_words(text: str, start: int, escape: str) -> list[Item]:
    """Words as ENV, ARG and LABEL have them."""
    found: list[Item] = []
    index = skip_space(text, start)
    while index < len(text):
        end = quoted_word_end(text, index, escape)
        found.append((index, end))
        index = skip_space(text, end)
    return found


def flag_words(text: str, start: int, escape: str) -> tuple[list[Item], int]:
    """The leading ``--flags``, and where the rest begins; ``--`` alone ends them."""
    found: list[Item] = []
    index = skip_space(text, start)
    while text.startswith("--", index):
        end = quoted_word_end(text, index, escape)
        if end == index + 2:
            return found, skip_space(text, end)
        found.append((index, end))
        index = skip_space(text, end)
    return found, index


def unquoted(raw: str, escape: str) -> tuple[str, list[int]]:
    """A word without its quotes and escapes, and the index in ``raw`` of each character that is left.

    Variables are left as they stand. A quote that is never closed is kept as text.
    """
    kept: list[int] = []
    index, quote, opened, opener = 0, "", 0, 0
    while index < len(raw):
        char = raw[index]
        if quote and char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote, opened = char, len(kept)
            opener = index
        elif char == escape and quote != "'" and index + 1 < len(raw) and (not quote or raw[index + 1] in f'"${escape}'):
            index += 1
            kept.append(index)
        else:
            kept.append(index)
        index += 1
    if quote:
        kept.insert(opened, opener)
    return "".join(raw[i] for i in kept), kept


def heredoc_words(text: str, start: int, escape: str) -> list[tuple[int, int, str, bool, bool]]:
    """The here-documents that a line opens: (start, end, name, quoted, leading tabs dropped), in order.

    Source: moby/buildkit, frontend/dockerfile/parser, ``ParseHeredoc``: a word of its own, not within quotes.
    """
    found: list[tuple[int, int, str, bool, bool]] = []
    for begin, end in quoted_words(text, start, escape):
        match = _HEREDOC.match(text[begin:end])
        if match is not None:
            name, kept = unquoted(match[2], escape)
            found.append((begin, end, name, len(kept) != len(match[2]), bool(match[1])))
    return found


def is_json_array(text: str, start: int) -> bool:
    """Whether what follows is the JSON (exec) form."""
    return json_strings(text, start) is not None


def json_strings(text: str, start: int) -> list[tuple[int, int, str]] | None:
    """The strings of a JSON array with their spans, quotes included; None where the text is no array of strings.

    Docker then takes the text as a shell command.
    """
    index = _skip_json(text, start)
    if not text.startswith("[", index):
        return None
    index = _skip_json(text, index + 1)
    found: list[tuple[int, int, str]] = []
    if text.startswith("]", index):
        return found if _skip_json(text, index + 1) == len(text) else None
    while text.startswith('"', index):
        try:
            value, end = scanstring(text, index + 1, True)
        except JSONDecodeError:
            return None
        found.append((index, end, _SURROGATE.sub("\ufffd", value)))
        index = _skip_json(text, end)
        if text.startswith("]", index):
            return found if not text[index + 1 :].strip() else None
        if not text.startswith(",", index):
            return None
        index = _skip_json(text, index + 1)
    return None


def _skip_json(text: str, index: int) -> int:
    while index < len(text) and text[index] in _JSON_SPACE:
        index += 1
    return index
