"""The descriptive half of a SARIF report: rules, controls, other catalogues."""

from typing import Any

import sarif_om as om

from afscan.policy.controls import Control
from afscan.policy.outcome import Severity
from afscan.policy.rule import Rule

PROJECT_URL = "https://github.com/afscan/afscan"
"""Where the project lives: the one place that knows it."""

RULE_URL = PROJECT_URL + "/blob/main/docs/rules/{code}.md"

NOTICES_URL = PROJECT_URL + "/blob/main/README.md"

LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}

_SECURITY_SEVERITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""Within the bands by which GitHub names them: critical above 9.0, high from 7.0, medium from 4.0."""

_CONTROLS = "afscan controls"
_CWE = "CWE"
_LONGEST = 1024

_CATALOGUES = {
    _CONTROLS: ("afscan", "The controls that afscan's rules serve.", PROJECT_URL),
    "CIS Docker": ("Center for Internet Security", "CIS Docker Benchmark.", "https://www.cisecurity.org/benchmark/docker"),
    "CIS Kubernetes": (
        "Center for Internet Security",
        "CIS Kubernetes Benchmark.",
        "https://www.cisecurity.org/benchmark/kubernetes",
    ),
    "NIST 800-53": (
        "NIST",
        "NIST SP 800-53: Security and Privacy Controls for Information Systems and Organizations.",
        "https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final",
    ),
    "SOC 2": (
        "AICPA",
        "SOC 2: Trust Services Criteria.",
        "https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022",
    ),
    _CWE: ("MITRE", "Common Weakness Enumeration.", "https://cwe.mitre.org/"),
}


def pascal(name: str) -> str:
    """``container-runs-as-root`` as ``ContainerRunsAsRoot``, ``tls-off`` as ``TlsOff``."""
    return "".join(part.capitalize() for part in name.split("-"))


def sentence(text: str) -> str:
    """A text that ends as a sentence does."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


class Catalogue:
    """Taxonomies and rules of a run, with the indexes by which they refer to each other."""

    def __init__(self, rules: list[Rule], controls: list[Control]) -> None:
        self.rules = rules
        self.controls = {control.id: control for control in controls}
        self.index = {rule.code: number for number, rule in enumerate(rules)}
        self._taxa: dict[str, dict[str, om.ReportingDescriptor]] = {}
        for control in controls:
            self._taxon(_CONTROLS, control.id, control.title, control.text)
            for name, ids in control.mappings.items():
                for one in ids:
                    self._taxon(name, one)
        for rule in rules:
            for number in _cwe_numbers(rule):
                self._taxon(_CWE, f"CWE-{number}", uri=f"https://cwe.mitre.org/data/definitions/{number}.html")

    def _taxon(self, catalogue: str, one: str, title: str = "", text: str = "", uri: str | None = None) -> None:
        self._taxa.setdefault(catalogue, {}).setdefault(
            one,
            om.ReportingDescriptor(
                id=one,
                short_description=om.MultiformatMessageString(text=sentence(title or f"{catalogue} {one}")),
                full_description=om.MultiformatMessageString(text=sentence(text)) if text else None,
                help_uri=uri,
            ),
        )

    def taxonomies(self) -> list[om.ToolComponent]:
        """The catalogues, with every requirement that a control or rule refers to."""
        found = []
        for name, taxa in self._taxa.items():
            organization, text, uri = _CATALOGUES.get(name, (None, f"{name}.", None))
            found.append(
                om.ToolComponent(
                    name=name,
                    organization=organization,
                    short_description=om.MultiformatMessageString(text=text),
                    information_uri=uri,
                    taxa=list(taxa.values()),
                )
            )
        return found

    def supported(self) -> list[om.ToolComponentReference]:
        """References to the catalogues, for the driver."""
        return [om.ToolComponentReference(name=name, index=number) for number, name in enumerate(self._taxa)]

    def descriptors(self) -> list[om.ReportingDescriptor]:
        """The rules."""
        return [self._descriptor(rule) for rule in self.rules]

    def _descriptor(self, rule: Rule) -> om.ReportingDescriptor:
        return om.ReportingDescriptor(
            id=rule.code,
            name=pascal(rule.name),
            short_description=om.MultiformatMessageString(text=sentence(rule.title)),
            full_description=om.MultiformatMessageString(text=_cut(" ".join((rule.why or sentence(rule.title)).split()))),
            help=om.MultiformatMessageString(text=self._help(rule, False), markdown=self._help(rule, True)),
            help_uri=RULE_URL.format(code=rule.code),
            default_configuration=om.ReportingConfiguration(level=LEVELS[rule.severity]),
            relationships=self._relationships(rule),
            properties=_properties(rule),
        )

    def _help(self, rule: Rule, markdown: bool) -> str:
        """Why the rule exists and what to write instead."""
        control = self.controls.get(rule.control)
        serves = f"{rule.control}: {sentence(control.title)}" if control is not None else f"{rule.control}."
        if markdown:
            parts = [f"# {rule.code} {rule.name}", f"**{sentence(rule.title)}**", rule.why]
            if rule.fixes:
                parts += ["## Fix", "\n".join(f"- {_platform(name)}: {text}" for name, text in rule.fixes.items())]
            parts += ["## Control", serves]
        else:
            fixes = [f"{_platform(name)}: {text}" for name, text in rule.fixes.items()]
            parts = [sentence(rule.title), rule.why, "\n".join(["Fix:", *fixes]) if fixes else "", f"Control {serves}"]
        return "\n\n".join(part for part in parts if part)

    def _relationships(self, rule: Rule) -> list[om.ReportingDescriptorRelationship]:
        wanted = [(_CONTROLS, rule.control)]
        control = self.controls.get(rule.control)
        if control is not None:
            wanted += [(name, one) for name, ids in control.mappings.items() for one in ids]
        wanted += [(_CWE, f"CWE-{number}") for number in _cwe_numbers(rule)]
        catalogues = {name: number for number, name in enumerate(self._taxa)}
        found = []
        for name, one in wanted:
            if one in self._taxa.get(name, ()):
                target = om.ReportingDescriptorReference(
                    id=one,
                    index=list(self._taxa[name]).index(one),
                    tool_component=om.ToolComponentReference(name=name, index=catalogues[name]),
                )
                kinds = ["superset"] if name == _CONTROLS else ["relevant"]
                found.append(om.ReportingDescriptorRelationship(target=target, kinds=kinds))
        return found


def _properties(rule: Rule) -> dict[str, Any]:
    tags = ["security", rule.control, rule.severity.label]
    tags += [f"external/cwe/cwe-{number}" for number in _cwe_numbers(rule)]
    return {
        "tags": tags[:10],
        "precision": "high" if rule.profile == "default" else "medium",
        "security-severity": _SECURITY_SEVERITY[rule.severity],
        "profile": rule.profile,
    }


def _cwe_numbers(rule: Rule) -> list[str]:
    return [tag[4:] for tag in rule.tags if tag.upper().startswith("CWE-") and tag[4:].isdigit()]


def _platform(name: str) -> str:
    special = {"pgbouncer": "PgBouncer", "postgres": "PostgreSQL", "sql": "SQL", "neo4j": "Neo4j", "any": "Everywhere"}
    return special.get(name, name.capitalize())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4].rpartition(' ')[0]} ..."
