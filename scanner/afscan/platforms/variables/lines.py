"""Credentials in configuration files of applications: lines such as ``spring.datasource.password=...``.

No syntax is assumed beyond a name and a value on a line, so only values that can be nothing else are taken: one word, or one in
quotes. What is computed (``os.environ["X"]``, ``$1``) is none.
"""

import re

from afscan.files.recognise import suffix_of
from afscan.model.node import Scalar
from afscan.model.record import replace
from afscan.model.source import Source
from afscan.model.subjects import Credential
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation
from afscan.platforms.secrets import credential_kind, origin_of, word_set
from afscan.platforms.variables.settings import Owner, describe

_SUFFIXES = frozenset(("", *word_set("properties env conf cfg cnf config ini toml txt")))
_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]{0,120})[ \t]*(?:=|:(?=[ \t]))[ \t]*"
    r"(?:\"(?P<double>[^\"\r\n]*)\"|'(?P<single>[^'\r\n]*)'|(?P<plain>[^\s\"'`$(\[{][^\s(\[]*))[ \t]*;?\r?$",
    re.MULTILINE,
)
_MAX_LINES = 5_000


def holds_settings(name: str) -> bool:
    """Whether a file of this name is lines of settings, not a program or a document."""
    return suffix_of(name) in _SUFFIXES


def describe_lines(source: Source, whose: Owner) -> None:
    """Emit the credentials in the lines of a text."""
    if source.text.startswith("#!"):
        return
    out = Interpretation()
    for count, match in enumerate(_LINE.finditer(source.text)):
        if count >= _MAX_LINES:
            break
        group = next(name for name in ("double", "single", "plain") if match[name] is not None)
        text = match[group]
        if credential_kind(match["name"]) is None and "@" not in text:
            continue
        node = Scalar(source, source.span(*match.span(group)), text)
        describe(match["name"], Value.of(text, node), origin_of(text, expands=True), replace(whose, out=out))
    whose.out.subjects += [one for one in out.subjects if isinstance(one, Credential)]
