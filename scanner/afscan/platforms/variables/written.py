"""A value together with the characters that stand for it in its file, so that a part of it has an exact place."""

from afscan.model.node import Opaque, Scalar
from afscan.model.place import Place
from afscan.model.subjects import Origin
from afscan.model.value import Value
from afscan.platforms.secrets import blanked, origin_of
from afscan.platforms.secrets.origins import has_filler

_LONGEST = 1 << 18
"""A setting longer than this (characters) is judged by its beginning."""


class Written:
    """A setting's text and where it stands.

    ``text`` is the value where it is set; where it is unknown the text as written (``postgres://app:${PW}@db`` still tells scheme
    and host); None where neither is there. ``name`` is the setting's name, which may stand before the value in the same scalar.
    """

    __slots__ = ("_base", "_blank", "_raw", "origin", "text", "value")

    def __init__(self, value: Value[str], origin: Origin, name: str = "") -> None:
        self.value = value
        self.origin = origin
        node = value.node
        self._raw = node.text[:_LONGEST] if isinstance(node, Scalar | Opaque) else None
        self._blank: str | None = None
        text = value.value if value.is_set else None
        if value.is_unknown and self._raw is not None:
            text = self._raw.removeprefix(f"{name}=") if name else self._raw
        self.text = text[:_LONGEST] if text is not None else None
        self._base = self._find_base()

    def _find_base(self) -> int:
        """Where the text begins in what is written; -1 where it does not stand there as such."""
        if self._raw is None or not self.text:
            return -1
        if self._raw.endswith(self.text):
            return len(self._raw) - len(self.text)
        return self._raw.find(self.text) if len(self.text) >= 4 else -1

    def _spot(self, start: int, end: int) -> tuple[int, int] | None:
        """The offsets of a part of the text in what is written; None where it does not stand there, or not unmistakably."""
        if self._raw is None or self.text is None or start >= end:
            return None
        if self._base >= 0:
            return self._base + start, self._base + end
        part = self.text[start:end]
        found = self._raw.find(part)
        if len(part) < 3 or found < 0 or self._raw.find(part, found + 1) >= 0:
            return None
        return found, found + len(part)

    def place(self, start: int, end: int) -> Place:
        """The place of the characters ``start`` to ``end`` (exclusive) of the text; else of the whole value."""
        spot = self._spot(start, end)
        if spot is None or not isinstance(self.value.node, Scalar):
            return self.value.place
        return self.value.node.part(*spot)

    def origin_at(self, start: int, end: int) -> Origin:
        """Where a part of the text comes from: in an interpolated value some parts are literal nevertheless."""
        part = (self.text or "")[start:end]
        if self.origin not in (Origin.INTERPOLATED, Origin.UNKNOWN, Origin.REFERENCE):
            return origin_of(part, expands=False)
        spot = self._spot(start, end)
        if not part:
            return Origin.EMPTY
        if spot is None or self._raw is None:
            return Origin.INTERPOLATED
        if self._blank is None:
            self._blank = blanked(self._raw)
        return Origin.INTERPOLATED if has_filler(self._blank[slice(*spot)]) else origin_of(part, expands=True)

    def part(self, start: int, end: int, text: str | None = None) -> Value[str]:
        """A part of the text as a value with its place; unknown where it comes from an interpolation."""
        at = self.place(start, end)
        origin = self.origin_at(start, end)
        written = (self.text or "")[start:end]
        if origin in (Origin.INTERPOLATED, Origin.REFERENCE) and ("$" in written or has_filler(blanked(written))):
            return Value.unknown(
                self.value.node, f"`{written}` is set elsewhere" if len(written) < 60 else "it is set elsewhere", at
            )
        return Value.of(text if text is not None else written, self.value.node, at)
