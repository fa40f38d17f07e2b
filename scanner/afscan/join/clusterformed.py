"""Who forms the cluster that Redis servers are configured for.

A server with ``cluster-enabled yes`` alone is a cluster of one that owns no slots; ``redis-cli --cluster create`` (or CLUSTER MEET and
ADDSLOTS) forms it once. Source: redis.io, "Scale with Redis Cluster".
"""

import re
from posixpath import basename

from afscan.join.namespaces import makes_pods, unread_manifests
from afscan.model.stack import Stack

_KEY = "clusterformed"
_FORMS = re.compile(r"--cluster[\s\"',\\-]{1,40}(?:create|add-node|fix)|cluster[\s\"',-]{1,20}(?:meet|addslots)", re.IGNORECASE)
_UNREAD = frozenset(("makefile", "justfile", "taskfile.yml", "taskfile.yaml", "jenkinsfile", "readme.md", "vagrantfile"))
_PROGRAMS = (".py", ".js", ".ts", ".go", ".rb", ".md", ".txt", ".adoc", ".rst", ".ps1", ".j2")


def is_formed(stack: Stack) -> bool:
    """Whether any text of the stack forms a cluster of Redis servers."""
    found: bool | None = stack.joined.get(_KEY)
    if found is None:
        found = stack.joined[_KEY] = any(_FORMS.search(one.text) for one in stack.sources)
    return found


def may_be_formed(stack: Stack) -> str:
    """What may form it and is not read, as the subject of a sentence; "" where there is nothing."""
    foreign = makes_pods(stack)
    if foreign is not None:
        return foreign.name
    if unread_manifests(stack):
        return "a file that could not be read"
    read = {one.path for one in stack.sources}
    for path in (*stack.paths, *stack.foreign):
        if path not in read and (basename(path).lower() in _UNREAD or path.lower().endswith(_PROGRAMS)):
            return f"`{path}`"
    return ""
