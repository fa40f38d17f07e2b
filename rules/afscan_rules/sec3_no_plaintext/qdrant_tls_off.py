"""SEC305: Qdrant without TLS."""

from collections.abc import Iterator

from afscan.model.stack import Stack
from afscan.model.subjects import Qdrant
from afscan.platforms.urls import is_loopback
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC305", severity=Severity.HIGH, tags=("CWE-319",))
def qdrant_tls_off(qdrant: Qdrant, stack: Stack) -> Iterator[Problem]:
    """Qdrant TLS is off.

    Qdrant serves plaintext unless `service.enable_tls` is true: API keys and embeddings cross the network as they are. The
    same key elsewhere in the file is ignored without a word. In a cluster the nodes' own traffic needs
    `cluster.p2p.enable_tls`.

    ## Fix
    - Any: set `service.enable_tls: true` (or `QDRANT__SERVICE__ENABLE_TLS=true`) with `tls.cert` and `tls.key`; in a cluster
      also `cluster.p2p.enable_tls: true`.
    """
    if qdrant.host.is_set and is_loopback(qdrant.host.or_else("")):
        yield NOT_APPLICABLE
        return
    tls = qdrant.tls
    if tls.is_unknown:
        yield unknown(tls.place, f"Whether {qdrant.name} uses TLS is not known: {tls.reason}.")
    elif not tls.value:
        why = "`service.enable_tls` is not set, and off is the default" if tls.is_unset else "`service.enable_tls` is false"
        yield fail(tls.place, f"{qdrant.name} serves plaintext: {why}.")
    else:
        yield from _between_nodes(qdrant)


def _between_nodes(qdrant: Qdrant) -> Iterator[Problem]:
    cluster, peers = qdrant.cluster, qdrant.peer_tls
    doubtful = next((value for value in (cluster, peers) if value.is_unknown), None)
    if peers.value or not (cluster.value or cluster.is_unknown):
        return
    if doubtful is not None:
        yield unknown(doubtful.place, f"Whether the nodes of {qdrant.name} use TLS is not known: {doubtful.reason}.")
    else:
        at = peers.place if peers.is_set else cluster.place
        how = "is off" if peers.is_set else "is not set, and off is the default"
        yield fail(at, f"The nodes of {qdrant.name} talk to each other in plaintext: `cluster.p2p.enable_tls` {how}.")
