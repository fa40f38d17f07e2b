"""How steps log in to a cloud.

Sources: the READMEs of aws-actions/configure-aws-credentials ("OIDC": ``role-to-assume`` without keys; ``aws-session-token`` marks
temporary ones), google-github-actions/auth (``credentials_json`` or ``workload_identity_provider``) and azure/login (``creds``, or
``client-id`` with a federated credential); AWS CLI documentation, "Environment variables".
"""

from afscan.model.ci import StaticCloudKeys, WorkflowStep
from afscan.model.patterns import pattern
from afscan.model.subjects import Variable
from afscan.model.value import Value
from afscan.platforms.reading import Interpretation

_ACTIONS = {
    "aws-actions/configure-aws-credentials": ("AWS", "aws-access-key-id"),
    "google-github-actions/auth": ("Google Cloud", "credentials_json"),
    "azure/login": ("Azure", "creds"),
}
_TEMPORARY = pattern(r"\$\{\{\s*(?:steps|needs)\.")
_SECRET = pattern(r"\$\{\{\s*secrets\.")


def add_login(step: WorkflowStep, out: Interpretation) -> None:
    """Emit how an action that logs in to a cloud does it."""
    cloud, name = _ACTIONS.get(step.uses.repository, ("", "")) if step.uses is not None else ("", "")
    if not cloud:
        return
    key = step.inputs.get(name)
    temporary = "aws-session-token" in step.inputs
    written = key is not None and key.or_else("") and not _TEMPORARY.search(key.or_else("")) and not temporary
    static = Value.of(True, key.node) if written and key is not None else Value.of(False, step.node)
    out.subjects.append(_login(step.name, step.platform, cloud, static, name))


def add_variables(owner: str, platform: str, variables: dict[str, Variable], out: Interpretation) -> None:
    """Emit the login that AWS' own variables are. Without AWS (an endpoint of somebody else's), or with a session, it is none."""
    key = variables.get("AWS_ACCESS_KEY_ID")
    if key is None or "AWS_SESSION_TOKEN" in variables or any("ENDPOINT" in name for name in variables):
        return
    if _SECRET.search(key.value.or_else("")):
        out.subjects.append(_login(owner, platform, "AWS", Value.of(True, key.value.node), "AWS_ACCESS_KEY_ID"))


def _login(owner: str, platform: str, cloud: str, static: Value[bool], name: str) -> StaticCloudKeys:
    return StaticCloudKeys(
        name=owner, node=static.node, platform=platform, cloud=cloud, what=owner, static=static, how=f"`{name}`"
    )
