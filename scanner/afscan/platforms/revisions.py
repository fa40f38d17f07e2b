"""What a revision is by its name alone: a commit, a tag, a branch, a range of versions, or a name that may be either.

Git keeps branches and tags in different places but lets people write the name alone. By convention versions are tags, and a few
names are branches; of every other name nothing is said. Source: gitrevisions(7), "SPECIFYING REVISIONS".
"""

from afscan.model.patterns import pattern

COMMIT, TAG, BRANCH, RANGE, NAME = "commit", "tag", "branch", "range", "name"

_COMMIT = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHORT_COMMIT = pattern(r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,39}\Z")
_VERSION = pattern(r"(?:[A-Za-z][\w-]{0,60}[-_/@])?[vV]?\d{1,8}(?:\.\d{1,8}){0,4}(?:[-+.][\w.+-]{1,60})?\Z")
_RANGE = pattern(r"[\^~<>=!*]|\A[vV]?(?:\d{1,8}\.){0,2}[xX*](?:\.[xX*])?\Z|\s\|\|\s|\s-\s")

_BRANCHES = frozenset(("main", "master", "trunk", "develop", "development", "devel", "dev", "head", "gh-pages"))
"""What nobody calls a tag."""

_ENVIRONMENTS = frozenset(
    ("staging", "stage", "prod", "production", "release", "stable", "next", "nightly", "edge", "canary", "test", "testing", "qa")
)
_PREFIXES = ("feature/", "feat/", "hotfix/", "bugfix/", "fix/", "release/", "releases/", "renovate/", "dependabot/", "env/")


def kind_of(revision: str, *, ranges: bool = False, environments: bool = True) -> str:
    """What a revision is: :data:`COMMIT`, :data:`TAG`, :data:`BRANCH`, :data:`RANGE`, or :data:`NAME` where it cannot be told.

    :param revision: as written.
    :param ranges: whether the reader takes a range of versions (Argo CD, Flux, Helm: ``1.2.*``, ``>=1.0``).
    :param environments: whether names of environments and prefixes such as ``release/`` mean branches. Of actions they often do
        not: ``release/v1`` and ``stable`` are what some publishers recommend.
    """
    text = revision.strip()
    if text.startswith("refs/"):
        return {"refs/heads": BRANCH, "refs/tags": TAG}.get("/".join(text.split("/")[:2]), NAME)
    if _COMMIT.match(text) or _SHORT_COMMIT.match(text):
        return COMMIT
    if ranges and _RANGE.search(text):
        return RANGE
    lower = text.lower()
    if lower in _BRANCHES or lower.startswith("origin/"):
        return BRANCH
    if environments and (lower in _ENVIRONMENTS or lower.startswith(_PREFIXES)):
        return BRANCH
    # `release-1.2` is a tag here and a branch there.
    return TAG if not lower.startswith((*_PREFIXES, "release-")) and _VERSION.match(text) else NAME
