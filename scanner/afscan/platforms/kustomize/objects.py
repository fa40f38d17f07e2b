"""The objects of a rendering: what they are called now and were called before, and how selectors pick them.

Source: Kustomize's reference, "patches" (target selectors: each field is a regular expression for the whole text, an empty one
matches all), and its ``resmap`` package: an object is found by each name and namespace that it has had.
"""

import re

from afscan.model.node import Mapping, Node
from afscan.platforms.kustomize.tree import text_of

_CLUSTER_WIDE = """
APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding ComponentStatus CustomResourceDefinition
FlowSchema IngressClass MutatingWebhookConfiguration Namespace Node PersistentVolume PodSecurityPolicy PriorityClass
PriorityLevelConfiguration RuntimeClass StorageClass ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
ValidatingWebhookConfiguration VolumeAttachment
"""
CLUSTER_WIDE = frozenset(_CLUSTER_WIDE.split())
"""Kinds without a namespace. Those of operators are not among them: Kustomize, which knows no schema of theirs, puts them in one."""


class Item:
    """One object. ``ids`` are the (namespace, name) pairs that it has had, the present one last."""

    __slots__ = ("affixes", "behavior", "generated", "ids", "node")

    def __init__(self, node: Mapping, *, generated: bool = False, behavior: str = "") -> None:
        self.node = node
        self.generated = generated
        self.behavior = behavior
        self.affixes: tuple[str, ...] = ()
        self.ids: list[tuple[str, str]] = [(self.namespace, self.name)]

    @property
    def kind(self) -> str:
        """Its kind."""
        return text_of(self.node.entries.get("kind"))

    @property
    def group(self) -> str:
        """Its API group, empty for the core group."""
        return text_of(self.node.entries.get("apiVersion")).rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version of its API group."""
        return text_of(self.node.entries.get("apiVersion")).rpartition("/")[2]

    @property
    def name(self) -> str:
        """Its present name."""
        return text_of(self.node.get("metadata", "name"))

    @property
    def namespace(self) -> str:
        """Its present namespace; "default" where it names none, as Kustomize compares them."""
        return text_of(self.node.get("metadata", "namespace")) or "default"

    @property
    def namespaced(self) -> bool:
        """Whether its kind lives in a namespace."""
        return self.kind not in CLUSTER_WIDE

    def remember(self) -> None:
        """Keep the present name among those that references may use."""
        now = (self.namespace, self.name)
        if self.ids[-1] != now:
            self.ids.append(now)

    def same(self, other: "Item") -> bool:
        """Whether Kustomize would refuse to have both."""
        return (self.kind, self.group, self.name) == (other.kind, other.group, other.name) and (
            not self.namespaced or self.namespace == other.namespace
        )


class Unmatchable(Exception):
    """A selector is not understood; the text says why."""


class Selector:
    """A target of patches, replacements: regular expressions for kind, name and so on."""

    FIELDS = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")

    def __init__(self, node: Node) -> None:
        """Read the fields.

        :raises Unmatchable: where an expression is none, or is more than :class:`Pattern` understands.
        """
        self.group, self.version, self.kind, self.name, self.namespace = (
            Pattern(text_of(node.get(field))) for field in self.FIELDS[:5]
        )
        self.labels = Labels(text_of(node.get("labelSelector")))
        self.annotations = Labels(text_of(node.get("annotationSelector")))

    def matches(self, item: Item) -> bool:
        """Whether it picks an object, under any of its names."""
        return (
            self.kind.matches(item.kind)
            and self.group.matches(item.group)
            and self.version.matches(item.version)
            and any(self.name.matches(name) and self._in(namespace, item) for namespace, name in item.ids)
            and self.labels.matches(item.node.get("metadata", "labels"))
            and self.annotations.matches(item.node.get("metadata", "annotations"))
        )

    def _in(self, namespace: str, item: Item) -> bool:
        return self.namespace.matches(namespace if item.namespaced else "")


_ATOM = re.compile(r"(\\.|\[\^?\]?[^\]]*\]|\.|[^\\\[\]().*+?|{}])([*+?]?)")
_GROUP = re.compile(r"\((?:\?:)?([^()]*)\)")
_LITERAL = re.compile(r"[\w-]+\Z")
_MAX_CHOICES = 64


class Pattern:
    """A regular expression for a whole text, matched in linear time: atoms with ``*``, ``+``, ``?``, alternatives, one group.

    It comes from a scanned file: an engine that backtracks could be kept busy for years.
    """

    __slots__ = ("choices", "literal")

    def __init__(self, text: str) -> None:
        """Understand an expression.

        :raises Unmatchable: where it holds more than this class knows.
        """
        self.literal = text if _LITERAL.match(text) else None
        self.choices = (
            []
            if self.literal is not None
            else [_atoms(choice) for choice in _choices(text.removeprefix("^").removesuffix("$"))]
            if text
            else []
        )

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        if self.literal is not None:
            return text == self.literal
        return not self.choices or any(_runs(atoms, text) for atoms in self.choices)


def _choices(text: str) -> list[str]:
    """An expression as alternatives without groups."""
    found: list[str] = []
    waiting = [text]
    while waiting:
        one = waiting.pop()
        group = _GROUP.search(one)
        if group is None:
            found += one.split("|")
        elif group.end() < len(one) and one[group.end()] in "*+?{":
            raise Unmatchable("repeats a group, which afscan does not evaluate")
        else:
            before, after = one[: group.start()], one[group.end() :]
            if "|" in before + after:
                raise Unmatchable("has alternatives inside and outside of a group")
            waiting += [before + choice + after for choice in group[1].split("|")]
        if len(found) + len(waiting) > _MAX_CHOICES:
            raise Unmatchable(f"has more than {_MAX_CHOICES} alternatives")
    return found


def _atoms(text: str) -> list[tuple[re.Pattern[str], str]]:
    found: list[tuple[re.Pattern[str], str]] = []
    at = 0
    while at < len(text):
        atom = _ATOM.match(text, at)
        if atom is None or len(found) > 200:
            raise Unmatchable("is more than afscan evaluates")
        try:
            found.append((re.compile(atom[1]), atom[2]))
        except re.error:
            raise Unmatchable("is not a regular expression") from None
        at = atom.end()
    return found


def _runs(atoms: list[tuple[re.Pattern[str], str]], text: str) -> bool:
    """Whether atoms match a text, all states at once."""

    def closed(states: set[int]) -> set[int]:
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state < len(atoms) and atoms[state][1] in ("*", "?") and state + 1 not in states:
                states.add(state + 1)
                waiting.append(state + 1)
        return states

    states = closed({0})
    for char in text[:1000]:
        after: set[int] = set()
        for state in states:
            if state < len(atoms) and atoms[state][0].match(char):
                after.update((state, state + 1) if atoms[state][1] in ("*", "+") else (state + 1,))
        states = closed(after)
    return len(atoms) in states


_TERM = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<gone>[\w./-]+)|(?P<key>[\w./-]+)\s*(?:(?P<op>==|!=|=)\s*(?P<value>[\w.-]*)"
    r"|(?P<set>\s(?:not)?in)\s*\((?P<values>[^()]*)\))?)\s*(?:,|\Z)"
)


class Labels:
    """A label selector as text: ``app=web,tier!=db,env in (a,b),!gone``."""

    __slots__ = ("terms",)

    def __init__(self, text: str) -> None:
        """Understand a selector.

        :raises Unmatchable: where it is none.
        """
        self.terms: list[tuple[str, str, frozenset[str]]] = []
        at = 0
        while at < len(text.rstrip()):
            term = _TERM.match(text, at)
            if term is None or term.end() == at:
                raise Unmatchable("is not a label selector")
            at = term.end()
            if term["absent"]:
                self.terms.append((term["gone"], "absent", frozenset()))
            elif term["set"]:
                values = frozenset(word.strip() for word in term["values"].split(","))
                self.terms.append((term["key"], term["set"].strip(), values))
            else:
                operator = {"!=": "notin", "==": "in", "=": "in"}.get(term["op"] or "", "present")
                self.terms.append((term["key"], operator, frozenset((term["value"] or "",))))

    def matches(self, labels: Node | None) -> bool:
        """Whether labels satisfy all terms."""
        for key, operator, values in self.terms:
            node = labels.get(key) if labels is not None else None
            there = node is not None
            if operator in ("present", "absent"):
                holds = there == (operator == "present")
            else:
                holds = (there and text_of(node) in values) == (operator == "in")
            if not holds:
                return False
        return True
