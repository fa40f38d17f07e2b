"""The published form of the JSON report, and the JSON schemas of report and configuration.

``python -m afscan.report.schema`` writes the report's schema to standard output, ``... controls`` that of the compliance view,
``... stack`` that of ``afscan stack``, ``... config`` that of ``.afscan.yaml``.
The report itself is written without these models (:mod:`afscan.report.json_`); tests hold the two together.
"""

import json
import sys
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

Line = Annotated[int, Field(ge=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RelatedModel(_Model):
    """Another place that belongs to a finding."""

    path: str
    line: Line
    end_line: Line
    message: str


class FindingModel(_Model):
    """A fail or an unknown. Lines and columns count from 1, columns in Unicode code points; the end column is exclusive."""

    rule: Annotated[str, Field(description="Permanent code, such as SEC201.")]
    name: Annotated[str, Field(description="The rule's name, such as container-runs-as-root.")]
    control: Annotated[str, Field(description="The control that the rule serves, such as SEC-2.")]
    severity: Literal["low", "medium", "high", "critical"]
    verdict: Literal["fail", "unknown"]
    path: Annotated[str, Field(description="Relative to the working directory of the run, with slashes.")]
    line: Line
    column: Line
    end_line: Line
    end_column: Line
    subject: Annotated[str, Field(description="What the rule judged, such as a container.")]
    message: str
    remedy: Annotated[str, Field(description="What to write instead; may be empty.")]
    related: list[RelatedModel]
    suppressed: Annotated[str | None, Field(description="The reason of a suppression; null for an active finding.")]


class ControlModel(_Model):
    """A control and how many distinct subjects got which verdict from its rules."""

    id: str
    title: str
    passed: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]
    unknown: Annotated[int, Field(ge=0)]
    not_applicable: Annotated[int, Field(ge=0)]


class NoticeModel(_Model):
    """A source that was not read, or only in part; or a suppression without effect."""

    kind: Literal[
        "unreadable",
        "too-large",
        "binary",
        "encoding-error",
        "syntax-error",
        "templated",
        "duplicate-key",
        "wrong-type",
        "limit-reached",
        "unresolved-reference",
        "partly-read",
        "suppression",
    ]
    path: str
    line: Line
    column: Line
    end_line: Line
    end_column: Line
    reason: str


class ErrorModel(_Model):
    """Something that went wrong inside afscan; what it concerns is not judged, and the exit code is 3."""

    rule: Annotated[str, Field(description="The rule, or the part of afscan, that failed.")]
    path: str | None
    line: int | None
    subject: str
    error: Annotated[str, Field(description="The traceback.")]


class SummaryModel(_Model):
    """What the run looked at."""

    files: Annotated[int, Field(ge=0, description="Files read.")]
    sources: Annotated[int, Field(ge=0, description="Texts recognised: files, and texts inside them.")]
    subjects: Annotated[int, Field(ge=0, description="Things that rules judge: containers, images, servers and so on.")]
    rules: Annotated[int, Field(ge=0, description="Rules called.")]
    seconds: Annotated[float, Field(ge=0)]


class ReportModel(_Model):
    """The JSON report of afscan."""

    model_config = ConfigDict(extra="forbid", strict=True, title="afscan report")

    version: Annotated[str, Field(description="The version of afscan.")]
    profile: str
    complete: Annotated[bool, Field(description="False where only some files of a stack were given.")]
    findings: list[FindingModel]
    controls: list[ControlModel]
    not_judged: Annotated[list[str], Field(description="Codes of rules that need a whole stack and got a part of one.")]
    notices: list[NoticeModel]
    unrecognised: Annotated[list[str], Field(description="Files that are nothing that afscan reads.")]
    errors: list[ErrorModel]
    summary: SummaryModel


class SubjectsModel(_Model):
    """How many subjects got which verdict."""

    passed: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]
    unknown: Annotated[int, Field(ge=0)]
    not_applicable: Annotated[int, Field(ge=0)]
    not_judged: Annotated[int, Field(ge=0)]


class EvidenceModel(_Model):
    """One verdict of a rule on a subject, with its place."""

    verdict: Literal["pass", "fail", "unknown", "not-judged"]
    path: str
    line: Line
    column: Line
    subject: str
    message: Annotated[str, Field(description="A finding's message; empty for a pass.")]
    suppressed: str | None


class RuleEvidenceModel(_Model):
    """A rule, how many subjects it judged how, and the evidence."""

    code: str
    name: str
    subjects: SubjectsModel
    evidence: list[EvidenceModel]


class ControlEvidenceModel(_Model):
    """What became of a control."""

    id: str
    title: str
    text: str
    mappings: Annotated[dict[str, list[str]], Field(description="Requirements of other catalogues, by catalogue.")]
    state: Literal["met", "violated", "not proven", "not applicable", "no rule"]
    why: Annotated[str, Field(description="What keeps the control from being met; empty where it is.")]
    subjects: SubjectsModel
    rules: list[RuleEvidenceModel]


class UnreadModel(_Model):
    """A source that was not read, or only in part."""

    path: str
    line: Line
    reason: str


class ComplianceModel(_Model):
    """The compliance view of afscan: the controls with evidence."""

    model_config = ConfigDict(extra="forbid", strict=True, title="afscan controls")

    version: str
    profile: str
    complete: bool
    controls: list[ControlEvidenceModel]
    notices: list[UnreadModel]
    unrecognised: list[str]


def compliance_schema() -> dict[str, Any]:
    """The JSON schema of ``afscan controls --format json``."""
    return _DIALECT | ComplianceModel.model_json_schema()


def report_schema() -> dict[str, Any]:
    """The JSON schema of the JSON report."""
    return _DIALECT | ReportModel.model_json_schema()


def schemas() -> dict[str, str]:
    """The published schemas by file name: of the JSON report, the compliance view, ``afscan stack`` and ``.afscan.yaml``."""
    from afscan.judge.config_schema import config_schema  # noqa: PLC0415
    from afscan.picture.whole import stack_schema  # noqa: PLC0415

    made = {
        "afscan.schema.json": report_schema(),
        "afscan-controls.schema.json": compliance_schema(),
        "afscan-config.schema.json": config_schema(),
        "afscan-stack.schema.json": stack_schema(),
    }
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in made.items()}


def main(arguments: list[str]) -> int:
    """Write a schema to standard output: ``report`` (the default), ``controls``, ``stack`` or ``config``."""
    names = {"report": "afscan.schema.json"} | {name: f"afscan-{name}.schema.json" for name in ("controls", "stack", "config")}
    name = arguments[0] if arguments else "report"
    if name not in names or len(arguments) > 1:
        print(f"usage: python -m afscan.report.schema [{'|'.join(names)}]", file=sys.stderr)
        return 2
    sys.stdout.write(schemas()[names[name]])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
