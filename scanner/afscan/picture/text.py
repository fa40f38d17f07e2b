"""The picture for people: each workload with what it talks to, what is outside, what is not known."""

from itertools import groupby

from afscan.picture.records import At, Link, Node, Picture, Pictures
from afscan.report.lines import escape

_STYLES = {"bold": "1", "dim": "2", "bad": "31", "good": "32", "unknown": "35"}
_ANSWERS = {"yes": "good", "no": "bad", "unknown": "unknown"}
_HEADS = {
    "managed": "Managed",
    "external": "Outside this stack",
    "absent": "Named, and not in this stack",
    "settings": "Settings",
}
_LABEL = 10
"""Columns of the words before each line of a node, with two for the gap."""


def render(pictures: Pictures, *, color: bool = False, width: int | None = None) -> str:
    """All stacks, then what was not read.

    :param width: columns of the terminal; None writes each line as it is.
    """
    return _Text(pictures, color, width).whole()


class _Text:
    def __init__(self, pictures: Pictures, color: bool, width: int | None) -> None:
        self.pictures = pictures
        self.color = color
        self.width = max(width, 40) if width else None
        self.lines: list[str] = []

    def whole(self) -> str:
        for picture in self.pictures.stacks:
            self._stack(picture)
        notices = self.pictures.notices
        if notices:
            self._heading(f"Not read, or only in part ({len(notices)})")
        for note in notices:
            self._line(f"{_spot(note.place)}  {note.reason}", "  ")
        for error in self.pictures.errors:
            self._line(f"internal error: {error}", "")
        return "\n".join(self.lines).lstrip("\n") + "\n"

    def _style(self, style: str | None, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and style and text else text

    def _heading(self, text: str) -> None:
        self.lines += ["", self._style("bold", escape(text))]

    def _line(self, text: str, lead: str, rest: str | None = None) -> None:
        """A line, wrapped where there is a terminal; ``rest`` is the indent of what follows."""
        words = escape(text).split(" ")
        if self.width is None:
            self.lines.append(lead + " ".join(words))
            return
        indent = rest if rest is not None else lead + "  "
        line = ""
        for word in words:
            if line and len(lead) + len(line) + 1 + len(word) > self.width:
                self.lines.append(lead + line)
                line, lead = word, indent
            else:
                line = f"{line} {word}" if line else word
        self.lines.append(lead + line)

    def _stack(self, picture: Picture) -> None:
        nodes = {one.id: one for one in picture.nodes}
        links: dict[str, list[Link]] = {}
        for link in picture.links:
            links.setdefault(link.client, []).append(link)
        name = picture.variant or picture.root or "the scanned files"
        self._heading(f"Stack {name}{'' if picture.complete else ' (a part only)'}")
        running = [one for one in picture.nodes if one.role == "workload"]
        for scope, group in groupby(running, key=lambda one: one.scope):
            self._heading(scope or "without a namespace")
            for node in group:
                self._node(node, nodes, links)
        for role, head in _HEADS.items():
            found = [one for one in picture.nodes if one.role == role]
            if found:
                self._heading(head)
            for node in found:
                self._node(node, nodes, links)
        self._alerts(picture)
        if picture.unresolved:
            self._heading(f"Not resolved ({len(picture.unresolved)})")
        for one in picture.unresolved:
            self._line(f"{_spot(one.place)}  {one.what}: {one.why}.", "  ")
        parts = (_count(len(running), "workload"), _count(len(picture.links), "connection"))
        self.lines += ["", self._style("dim", f"{parts[0]}, {parts[1]}, {len(picture.unresolved)} not resolved.")]

    def _node(self, node: Node, nodes: dict[str, Node], links: dict[str, list[Link]]) -> None:
        kind = f"{node.kind} " if node.role == "workload" else ""
        times = f" x{node.replicas}" if node.role == "workload" and node.replicas is not None else ""
        product = f" ({node.product})" if node.product else ""
        place = f"  {_spot(node.place)}" if node.place is not None else ""
        self.lines.append(
            "  " + self._style("bold", escape(f"{kind}{node.name}")) + self._style("dim", escape(f"{times}{product}{place}"))
        )
        ports = ", ".join(f"{one.number} {one.name}" if one.name else str(one.number) for one in node.ports)
        self._fact("image", ", ".join(node.images))
        self._fact("ports", ports)
        self._fact("services", ", ".join(one.name.removeprefix("Service ") for one in node.services))
        for way in node.exposures:
            self._fact("open by", f"{way.how} {way.what}  {_spot(way.place)}")
        for link in links.get(node.id, ()):
            self._talk(link, nodes[link.server])
        jobs = ", ".join(dict.fromkeys(f"{one.job} through {one.through}" if one.through else one.job for one in node.watched_by))
        self._fact("watched", jobs or ("by no scrape job seen" if node.datastore and node.role == "workload" else ""))
        self._fact("alerts", ", ".join(one.name for one in node.alerts))
        self._fact("backups", ", ".join(one.name for one in node.backups) or ("none seen" if node.datastore else ""))
        self._fact("restored", ", ".join(one.name for one in node.restores))
        self._fact("deployed", ", ".join(one.name for one in node.deployed_by))

    def _fact(self, label: str, text: str) -> None:
        if text:
            lead = f"    {self._style('dim', label)}{' ' * (_LABEL - len(label))}"
            plain = f"    {label.ljust(_LABEL)}"
            start = len(self.lines)
            self._line(text, plain, " " * len(plain))
            self.lines[start] = lead + self.lines[start].removeprefix(plain)

    def _talk(self, link: Link, server: Node) -> None:
        port = f" port {link.port}" if link.port is not None else ""
        product = f" ({link.product})" if link.product else ""
        user = f", as {link.user}" if link.user else ""
        pooled = "" if link.pooled == "n.a." else f", pooled {link.pooled}"
        allowed = "" if link.allowed == "n.a." else f", allowed {link.allowed}"
        why = f" ({link.why})" if link.why and link.allowed in ("no", "unknown") else ""
        kind = f"{server.kind} " if server.role == "workload" else ""
        text = f"{kind}{server.name}{port}{product}: TLS {link.tls}{user}{pooled}{allowed}{why}  {_spot(link.place)}"
        start = len(self.lines)
        self._fact("talks to", text)
        for number in range(start, len(self.lines)):
            for word in ("TLS", "allowed"):
                for answer, style in _ANSWERS.items():
                    self.lines[number] = self.lines[number].replace(f"{word} {answer}", f"{word} {self._style(style, answer)}")

    def _alerts(self, picture: Picture) -> None:
        if picture.alerts:
            self._heading("Alert rules")
        for one in picture.alerts:
            told = {"yes": "loaded", "no": "not loaded", "unknown": "whether loaded is not known"}[one.loaded]
            why = f" ({one.why})" if one.why else ""
            counts = f"{_count(one.alerts, 'alert')}, {_count(one.recordings, 'recording rule')}"
            self._line(f"{one.name}: {counts}, {told}{why}  {_spot(one.place)}", "  ")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _spot(place: At) -> str:
    return f"{place.path}:{place.line}"
