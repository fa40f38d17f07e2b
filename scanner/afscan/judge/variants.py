"""Findings of alternatives: what several overlays of one base have in common is found once.

Overlays (dev, staging, prod) are judged one by one. A fault of the base is then found in each of them, at the same place: it is
kept once, with the overlays that have it as related places where not all of them do. What fails in one of them is no longer
unknown because another one could not tell.
"""

from afscan.model.place import Place
from afscan.model.subjects import Subject
from afscan.policy.outcome import Related, Verdict
from afscan.result import Finding, Result

MAX_NAMED = 3
"""How many overlays a finding names."""

_Key = tuple[str, Place]


class Variants:
    """Takes in what was found in one variant after the other; ``result.findings`` holds what remains."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.start = len(result.findings)
        self.kept: dict[_Key, list[Finding]] = {}
        self.owners: dict[_Key, list[Place]] = {}
        self.having: dict[str, int] = {}

    def take(self, root: Subject | None, files: frozenset[str]) -> None:
        """Merge what was found since the last call.

        :param root: the variant's kustomization; None where there are no variants.
        :param files: what it is rendered from.
        """
        new = self.result.findings[self.start :]
        if root is None:
            self.start += len(new)
            return
        for path in files:
            self.having[path] = self.having.get(path, 0) + 1
        found: dict[_Key, list[Finding]] = {}
        for finding in new:
            found.setdefault((finding.rule.code, finding.place), []).append(finding)
        for key, findings in found.items():
            before = self.kept.get(key)
            if before is None or (not _fails(before) and _fails(findings)):
                self.kept[key] = findings
            if key[1].path in files:
                self.owners.setdefault(key, []).append(root.place)
        del self.result.findings[self.start :]

    def finish(self) -> None:
        """Put what remains into the result."""
        for key, findings in self.kept.items():
            owners = self.owners.get(key, [])
            if 0 < len(owners) < self.having.get(key[1].path, 0):
                related = tuple(Related(place, "This kustomization renders it so.") for place in owners[:MAX_NAMED])
                for finding in findings:
                    finding.related += related
            self.result.findings += findings


def _fails(findings: list[Finding]) -> bool:
    return any(one.verdict is Verdict.FAIL for one in findings)
