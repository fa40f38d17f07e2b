"""What cares for a node: what saves it and restores it, what measures it and alerts, what deploys it."""

from afscan.join.backups import backups_of
from afscan.join.endpoints import endpoint_at
from afscan.join.metrics import alerts_on
from afscan.join.scriptruns import environment_of
from afscan.model.backups import Backup, RestoreTest
from afscan.model.ci import GitOpsApplication
from afscan.model.stack import Stack
from afscan.model.subjects import ManagedResource, Workload
from afscan.picture.places import at
from afscan.picture.records import Link, Mention, Node, Watch

_EXPORTER = "exporter"
_SAME = {"mariadb": "mysql", "valkey": "redis"}


def saved(stack: Stack, node: Node, subject: Workload | ManagedResource) -> None:
    """Fill in what saves a datastore and what restores it elsewhere, each with how often."""
    if not node.datastore or node.product is None:
        return
    product = _SAME.get(node.product, node.product)
    node.backups += [_told(one) for one in backups_of(stack, product) if _means(stack, one, subject)]
    restores = [one for one in stack.of(RestoreTest) if one.product == product and one.scratch.value is True]
    node.restores += [_told(one) for one in restores if _means(stack, one, subject)]


def _means(stack: Stack, one: Backup | RestoreTest, subject: Workload | ManagedResource) -> bool:
    """Whether a command's host is a datastore; one without a host, or with an unknown one, may mean any of its product."""
    workload = one.script.container.workload if one.script is not None and one.script.container is not None else None
    if (
        workload is not None
        and isinstance(subject, Workload)
        and (workload.platform == "compose") != (subject.platform == "compose")
    ):
        return False  # a cluster's job does not save what Compose runs on a developer's machine
    host = one.host
    if host.is_unset and one.script is not None and one.product == "postgres":
        host = environment_of(one.script, "PGHOST")
    if host.is_unset or (host.is_unknown and workload is None):
        return True
    endpoint = endpoint_at(stack, host, workload)
    if endpoint.resource is not None or endpoint.workloads:
        return endpoint.resource is subject or any(subject is found for found in endpoint.workloads)
    return host.is_unknown


def _told(one: Backup | RestoreTest) -> Mention:
    if one.scheduled.is_unknown:
        often = f"whether regularly is not known: {one.scheduled.reason}"
    elif one.scheduled.value is not True:
        often = "on no schedule"
    else:
        often = "on " + ", ".join(f"`{when.or_else('?')}`" for when in one.schedules[:3])
    return Mention(name=f"{one.name} ({often})", place=at(one.place))


def watched(nodes: dict[str, Node], links: list[Link]) -> None:
    """What an exporter measures is watched by the job that scrapes the exporter."""
    for link in links:
        exporter, server = nodes[link.client], nodes[link.server]
        if (exporter.product or "").endswith(_EXPORTER):
            known = {one.job for one in server.watched_by}
            server.watched_by += [
                Watch(job=one.job, place=one.place, through=exporter.name) for one in exporter.watched_by if one.job not in known
            ]


def alerted(stack: Stack, node: Node) -> None:
    """The alerts that read the metrics of a datastore that is watched."""
    if node.datastore and node.product is not None and node.watched_by:
        found = {one.alert.or_else(one.name): one for one in alerts_on(stack, node.product)}
        node.alerts += [Mention(name=name, place=at(one.place)) for name, one in found.items()]


def deployed(stack: Stack, by_subject: dict[int, Node]) -> None:
    """The GitOps applications that deploy workloads."""
    for application in stack.of(GitOpsApplication):
        for workload in application.workloads:
            node = by_subject.get(id(workload))
            if node is not None:
                node.deployed_by.append(Mention(name=application.name, place=at(application.place)))
