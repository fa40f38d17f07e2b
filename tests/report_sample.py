"""A small result made by hand: what the tests of the reports and of the judge look at."""

from afscan.model.notice import Notice, NoticeKind
from afscan.model.place import Place, Span
from afscan.model.source import Source
from afscan.model.subjects import Container
from afscan.policy.controls import Control
from afscan.policy.outcome import Related, Severity, Verdict
from afscan.policy.rule import Rule
from afscan.result import Finding, Result, Tally

COMPOSE = """\
services:
  api:
    image: "shop/api:latest"
    user: root
    environment:
      PASSWORD: hunter2hunter2
  日本:
\tbuild: .
"""

DOC = """\
Runs as root.

It matters, because a process that is `root` owns the machine.

## Fix
- Compose: set `user: "10001:10001"`.
- Dockerfile: end with `USER 10001`.
"""


def make_rule(code: str, name: str, control: str, severity: Severity, *, profile: str = "default", doc: str = DOC) -> Rule:
    """A rule that no pack holds."""
    return Rule(
        code=code,
        name=name,
        control=control,
        severity=severity,
        check=lambda subject, stack: iter(()),
        kinds=(Container,),
        profile=profile,
        absence=False,
        tags=("CWE-250",),
        module="sample",
        doc=doc,
    )


ROOT_RULE = make_rule("SEC201", "container-runs-as-root", "SEC-2", Severity.HIGH)
TLS_RULE = make_rule("SEC302", "redis-tls-off", "SEC-3", Severity.MEDIUM)
TAG_RULE = make_rule("DEP401", "image-tag-latest", "DEP-4", Severity.LOW)
SECRET_RULE = make_rule("SEC101", "secret-literal-in-config", "SEC-1", Severity.CRITICAL)
RULES = [TAG_RULE, SECRET_RULE, ROOT_RULE, TLS_RULE]


def at(path: str, line: int, column: int, end_line: int, end_column: int) -> Place:
    """A place in few characters."""
    return Place(path, Span(line, column, end_line, end_column))


def make_finding(rule: Rule, place: Place, **fields: object) -> Finding:
    """A fail of a rule; ``fields`` override."""
    values: dict[str, object] = {
        "rule": rule,
        "verdict": Verdict.FAIL,
        "severity": rule.severity,
        "place": place,
        "subject": "service api",
        "platform": "compose",
        "message": "Service api is not as it should be.",
        "remedy": rule.remedy("compose"),
    }
    return Finding(**(values | fields))  # type: ignore[arg-type]


def sample() -> Result:
    """Four findings (one of them unknown, one suppressed), two notices, a partial stack."""
    path = "deploy/compose.yaml"
    result = Result(
        complete=False,
        rules=list(RULES),
        controls=[
            Control(
                "SEC-1", "No secrets in files", "Secrets live in a store.", {"CIS Docker": ["4.10"], "NIST 800-53": ["SC-28"]}
            ),
            Control("SEC-2", "No containers as root", "Every container runs without privileges.", {"CIS Kubernetes": ["5.2.6"]}),
            Control("DB-2", "No database without a backup", "Every datastore is backed up."),
        ],
        by_control={"SEC-1": Tally(2, 1, 0, 0, 0), "SEC-2": Tally(0, 1, 1, 3, 0), "DB-2": Tally()},
        by_rule={"SEC101": Tally(2, 1), "SEC201": Tally(0, 1, 1, 3), "SEC302": Tally(not_judged=2), "DEP401": Tally(0, 1)},
        texts={path: Source(path, COMPOSE, syntax="yaml")},
        secrets={path: [Span(6, 17, 6, 31)]},
        unrecognised=["deploy/notes.txt"],
        files=3,
        sources=2,
        subjects=7,
        seconds=0.25,
    )
    result.findings = [
        make_finding(TAG_RULE, at(path, 3, 12, 3, 29), suppressed="Pinned by the registry."),
        make_finding(
            ROOT_RULE,
            at(path, 4, 11, 4, 15),
            message="Service api runs as root: the Compose file says so.",
            related=(Related(at("deploy/Dockerfile [old]", 2, 1, 2, 10), "The image says otherwise."),),
        ),
        make_finding(SECRET_RULE, at(path, 6, 17, 6, 31), message="`PASSWORD` holds a literal credential."),
        make_finding(
            ROOT_RULE,
            at(path, 8, 2, 8, 10),
            verdict=Verdict.UNKNOWN,
            subject="service 日本",
            message="The user of service 日本 is not known: no Dockerfile was given.",
            remedy="",
        ),
    ]
    result.notices = [
        Notice(NoticeKind.TEMPLATED, at("deploy/chart.yaml", 1, 1, 1, 9), "This is a template: it has to be rendered first."),
        Notice(NoticeKind.SYNTAX, at(path, 8, 1, 8, 2), "A tab is no indentation."),
    ]
    return result
