"""SEC311: logs and samples that cross the network without TLS."""

from collections.abc import Iterator

from afscan.join.logging import stays_here
from afscan.join.scraping import far_targets
from afscan.model.monitoring import LogOutput, LogPipeline, ScrapeJob
from afscan.model.stack import Stack
from afscan.policy import NOT_APPLICABLE, Problem, Severity, fail, rule, unknown


@rule("SEC311", severity=Severity.MEDIUM, tags=("CWE-319",))
def telemetry_in_plaintext(subject: LogPipeline | ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """Telemetry is sent in plaintext.

    Logs carry user names, tokens and the data of requests, and a collector sends its password with them. Elasticsearch,
    OpenSearch and `forward` outputs use no TLS unless they are told to, whatever the port is. What counts is the effective
    transport: the product's default where nothing is written. Servers on the machine itself are none of this rule's, nor are the
    targets that Prometheus scrapes within its own cluster or Compose network. `remote_write` is a connection like others (SEC301).

    ## Fix
    - Fluentd: set `scheme https` for Elasticsearch and OpenSearch, `transport tls` for `forward`, an `https` URL for the others.
    - Fluent Bit: set `tls on` in the output.
    - Prometheus: set `scheme: https` in the job, with `tls_config.ca_file` where the authority is your own.
    - Any: use the transport with TLS.
    """
    if isinstance(subject, ScrapeJob):
        yield from _scraped(subject, stack)
        return
    judged = False
    for output in subject.outputs:
        if not output.remote or stays_here(output) or (output.secure.is_unset and output.secure_default is None):
            continue
        judged = True
        yield from _one(output)
    if not judged:
        yield NOT_APPLICABLE


def _one(output: LogOutput) -> Iterator[Problem]:
    secure = output.secure
    if secure.is_unknown:
        yield unknown(secure.place, f"Whether the `{output.kind}` output uses TLS is not known: {secure.reason}.")
        return
    if secure.value if secure.is_set else output.secure_default:
        return
    known = [host for host in output.hosts if host.is_set and host.value]
    why = "this setting says so" if secure.is_set else "it uses no TLS unless that is set"
    if known:
        yield fail(secure.place, f"The `{output.kind}` output sends logs to `{known[0].value}` in plaintext: {why}.")
    else:
        reason = next((host.reason for host in output.hosts if host.reason), "the host is not known")
        yield unknown(secure.place, f"The `{output.kind}` output uses no TLS, and where it sends logs is not known: {reason}.")


def _scraped(job: ScrapeJob, stack: Stack) -> Iterator[Problem]:
    """Samples, and the credentials of the job, from hosts outside of the stack's own network."""
    far = far_targets(stack, job)
    if not far:
        yield NOT_APPLICABLE
    elif job.scheme.is_unknown:
        yield unknown(job.scheme.place, f"Whether {job.name} scrapes with TLS is not known: {job.scheme.reason}.")
    elif job.scheme.or_else("http").lower() != "https":
        why = "`scheme` is http" if job.scheme.is_set else "`scheme` is not set, and http is the default"
        yield fail(far[0].address.place, f"{job.name} scrapes `{far[0].address.value}` over the network in plaintext: {why}.")
