"""Credentials in what RUN executes and in the texts that it writes, and in the URLs that ADD fetches.

Only what stands there in full counts. A word such as ``dummy`` that a build step is fed to get past its own checks is no secret:
nobody opens anything with it.
"""

import re
from collections.abc import Iterator

from afscan.model.node import Scalar
from afscan.model.record import replace
from afscan.model.subjects import BuildStage, Credential, Origin
from afscan.model.value import Value
from afscan.platforms.dockerfile.steps import Run
from afscan.platforms.reading import Interpretation
from afscan.platforms.secrets import credential_kind, find_shape, holds_no_secret, is_weak
from afscan.platforms.variables.commands import SHELLS, describe_argv, describe_script
from afscan.platforms.variables.settings import Owner, add_credential, describe
from afscan.platforms.variables.written import Written

_LONGEST = 1 << 16
"""Characters of a RUN that are looked at."""

_MAX_SHAPES = 20

_PATTERNS = (
    # .netrc (curl(1), "--netrc-file"), also with \n written out for printf
    (
        "netrc",
        re.compile(
            r"\bmachine(?:\s|\\n)+[^\s\\]+(?:\s|\\n)+login(?:\s|\\n)+(?P<user>[^\s\\]+)(?:\s|\\n)+"
            r"password(?:\s|\\n)+(?P<secret>[^\s\"'\\]+)"
        ),
    ),
    # docs.npmjs.com/cli/configuring-npm/npmrc, "Auth related configuration"
    ("npmrc", re.compile(r":_(?P<name>authToken|password|auth)[ =]+[\"']?(?P<secret>[^\s\"'\\;&|]+)")),
    (
        "header",
        re.compile(r"\b(?P<name>[\w-]{1,60}):\s*(?:(?:Bearer|Basic|token|Bot)\s+)?(?P<secret>[^\s\"'\\]+)", re.IGNORECASE),
    ),
    (
        "chpasswd",
        re.compile(r"[\"'\s](?P<user>[\w.-]{1,60}):(?P<secret>[^\s\"'|\\]+)(?:\\n)?[\"']?\s*\|\s*(?:sudo\s+)?chpasswd\b"),
    ),
    (
        "set",
        re.compile(
            r"\b(?:config|configure)(?:\s+(?:set|--\w+|-g))+\s+(?P<name>[\w./:-]{1,120})[ =][\"']?(?P<secret>[^\s\"';&|]+)"
        ),
    ),
    (
        "login",
        re.compile(
            r"\b(?:docker|podman|buildah|registry|az|oras|skopeo)\s+login\b[^\n;&|]*?\s-p[ =][\"']?(?P<secret>[^\s\"';&|]+)"
        ),
    ),
)
_HEADER_OPTION = re.compile(r"(?:-H|--header)[ =]*[\"']?\Z")
_ECHO = re.compile(r"\b(?:echo|printf)\b[^\n;&|]*")
_ASSIGNMENT = re.compile(r"\b(?P<name>[A-Za-z_][\w.-]{0,80})=[\"']?(?P<secret>[^\s\"'\\]+)")


def credentials_of_run(run: Run, owner: str) -> Iterator[Credential]:
    """The credentials that a RUN holds in full, each place once."""
    out = Interpretation()
    whose = Owner(owner=owner, platform="dockerfile", holder="image", out=out)
    if run.script is not None:
        _script(run.script, whose)
    elif run.words:
        texts = [word.text for word in run.words]
        if texts[0].rpartition("/")[2] in SHELLS and len(texts) >= 3 and re.fullmatch(r"-[a-z]*c", texts[-2]):
            _script(run.words[-1], whose)
        else:
            describe_argv(run.words, whose)
            for word in run.words:
                _shapes(Written(Value.of(word.text, word), Origin.LITERAL), whose)
    yield from _literal(out)


def credentials_of_urls(stages: list[BuildStage], owner: str) -> Iterator[Credential]:
    """The credentials in the addresses that ADD fetches from."""
    out = Interpretation()
    whose = Owner(owner=owner, platform="dockerfile", holder="image", out=out)
    for stage in stages:
        for copy in stage.copies:
            if copy.source.is_set and "://" in copy.source.or_else(""):
                describe("ADD", copy.source, Origin.INTERPOLATED, whose)
    yield from _literal(out)


def _script(node: Scalar, whose: Owner) -> None:
    text = node.text[:_LONGEST]
    value = Value.of(text, node)
    describe_script(value, whose)
    written = Written(value, Origin.INTERPOLATED)
    for form, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if form != "header" or _HEADER_OPTION.search(text, max(0, match.start() - 12), match.start()):
                _emit(form, match, 0, written, whose)
    for echoed in _ECHO.finditer(text):
        for match in _ASSIGNMENT.finditer(echoed.group()):
            _emit("set", match, echoed.start(), written, whose)
    _shapes(written, whose)


def _emit(form: str, match: "re.Match[str]", base: int, written: Written, whose: Owner) -> None:
    """The secret that a pattern found ``base`` characters into the text; one whose name announces none is left out."""
    groups = match.groupdict()
    name = (groups.get("name") or {"netrc": ".netrc password", "login": "login -p"}.get(form, form)).rpartition(":")[2]
    kind: str | None = "password"
    if form in ("header", "set"):
        kind = "token" if name.lower() in ("authorization", "proxy-authorization") else credential_kind(name)
    elif form == "npmrc":
        kind, name = ("password" if name == "password" else "token"), f"_{name}"
    start, end = base + match.start("secret"), base + match.end("secret")
    if kind is None or holds_no_secret(kind, match["secret"]):
        return
    value, origin = written.part(start, end), written.origin_at(start, end)
    add_credential(name, kind, value, origin, whose, user=groups.get("user"))


def _shapes(written: Written, whose: Owner) -> None:
    """Secrets that show by their shape, wherever they stand."""
    text = written.text or ""
    for _ in range(_MAX_SHAPES):
        found = find_shape(text)
        if found is None:
            return
        what, kind, start, end = found
        add_credential(what, kind, written.part(start, end), Origin.LITERAL, whose)
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"


def _literal(out: Interpretation) -> Iterator[Credential]:
    """What stands there in full, each place once; no words that merely satisfy a check."""
    found = [one for one in out.subjects if isinstance(one, Credential) and _counts(one)]
    found.sort(key=lambda one: one.value.place.span[:2])
    end = (0, 0)
    for one in found:
        span = one.value.place.span
        if span[:2] >= end:
            end = span[2:]
            key = "URL" if one.in_url and one.key == "argument" else one.key
            yield replace(one, name=f"{one.name} in line {span.line}", key=key)


def _counts(one: Credential) -> bool:
    if one.origin is not Origin.LITERAL or not one.value.is_set:
        return False
    weak = is_weak(one.value.or_else(""), user=one.user, product=one.reader, key=one.key) is not None
    return not weak or (one.kind == "password" and not one.in_url)
