"""The records of a picture. They are also its published form: ``docs/afscan-stack.schema.json`` is made from them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Answer = Literal["yes", "no", "unknown"]
Judged = Literal["yes", "no", "unknown", "n.a."]
Role = Literal["workload", "managed", "external", "absent", "settings"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class At(_Model):
    """A place in a file. Lines and columns count from 1, columns in Unicode code points; the end column is exclusive."""

    path: str
    line: Annotated[int, Field(ge=1)]
    column: Annotated[int, Field(ge=1)]
    end_line: Annotated[int, Field(ge=1)]
    end_column: Annotated[int, Field(ge=1)]


class Mention(_Model):
    """Something by its name and place."""

    name: str
    place: At


class Exposure(_Model):
    """A way in from outside."""

    how: Annotated[str, Field(description="published, hostPort, LoadBalancer, NodePort, externalIPs, Ingress.")]
    what: Annotated[str, Field(description="The address, port or host.")]
    place: At


class Watch(_Model):
    """A scrape job that reaches a workload."""

    job: str
    place: At
    through: Annotated[str | None, Field(description="The exporter that measures it; null where the job reaches it itself.")] = (
        None
    )


class Port(_Model):
    """A port that a container declares, or that its server is known to listen on."""

    number: int | None
    name: str | None


class Node(_Model):
    """A workload, a managed resource, a file of settings that nobody here runs, or a host outside the stack."""

    id: str
    role: Role
    kind: Annotated[str, Field(description="Deployment, service, aws_db_instance; empty for hosts.")]
    name: str
    scope: Annotated[str, Field(description="The namespace, or the Compose project.")]
    product: Annotated[str | None, Field(description="The datastore or known service that it is.")]
    datastore: bool
    images: list[str]
    replicas: Annotated[int | None, Field(description="null: one per machine, scaled by others, or not known.")]
    ports: list[Port]
    services: Annotated[list[Mention], Field(description="The Services that select it.")]
    exposures: list[Exposure]
    watched_by: list[Watch]
    alerts: Annotated[
        list[Mention], Field(description="Of a datastore that is watched: the alerts on its product's metrics.")
    ] = []
    backups: Annotated[list[Mention], Field(description="Of a datastore: what backs it up, as far as it is seen.")]
    restores: Annotated[
        list[Mention], Field(description="Of a datastore: what restores its backups into a scratch database.")
    ] = []
    deployed_by: Annotated[list[Mention], Field(description="The GitOps applications that deploy it.")] = []
    place: At | None


class Link(_Model):
    """A connection: somebody's setting that leads to a host."""

    client: Annotated[str, Field(description="The id of a node.")]
    server: Annotated[str, Field(description="The id of a node.")]
    setting: str
    host: str
    through: Annotated[str | None, Field(description="The Service that the host names.")]
    port: Annotated[int | None, Field(description="The port asked for.")]
    product: str | None
    tls: Answer
    pooled: Judged
    user: Annotated[str | None, Field(description="Whom it logs in as; null where nobody is named.")]
    allowed: Annotated[Judged, Field(description="By network policies or networks.")]
    why: Annotated[str, Field(description="What decides that, or why it is not known.")]
    policies: Annotated[list[Mention], Field(description="The policies that decide.")]
    place: At


class Alerts(_Model):
    """A file of alerting and recording rules."""

    name: str
    alerts: int
    recordings: int
    loaded: Answer
    why: str
    place: At


class Unresolved(_Model):
    """What could not be resolved."""

    what: str
    why: str
    place: At


class Picture(_Model):
    """One stack."""

    root: Annotated[str, Field(description="The stack's folder, empty for the scanned directory.")]
    variant: Annotated[str, Field(description="The kustomization, where it is one of several alternatives; else empty.")] = ""
    complete: Annotated[bool, Field(description="False where only some files of the stack were given.")]
    nodes: list[Node]
    links: list[Link]
    alerts: list[Alerts]
    unresolved: list[Unresolved]


class Note(_Model):
    """A source that was not read, or only in part."""

    kind: str
    reason: str
    place: At


class Pictures(_Model):
    """All stacks of a run."""

    model_config = ConfigDict(extra="forbid", title="afscan stack")

    version: Annotated[str, Field(description="The version of afscan.")]
    stacks: list[Picture]
    notices: list[Note]
    errors: Annotated[list[str], Field(description="What went wrong inside afscan; the exit code is 3 then.")]
