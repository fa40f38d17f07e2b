"""How long the joins take on a large cluster: ``python bench/join.py [WORKLOADS]``.

Deployments with a Service, two NetworkPolicies and connections to three others each, made in memory. Reading and joining are timed
apart, and then what `afscan stack` asks of the joins: where each connection leads, whether policies let it through, what each monitor
reaches. Processor seconds, with the garbage collector set as in a scan; medians of several runs for all but the reading.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Iterator

from afscan.cli import _GARBAGE
from afscan.interpret import interpret
from afscan.join import join_all
from afscan.join.endpoints import endpoint_of
from afscan.join.reachability import may_reach
from afscan.join.scraping import monitored
from afscan.model.monitoring import ScrapeJob
from afscan.model.source import Source
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Subject

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app{n}, namespace: {space}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: app{n}}}}}
  template:
    metadata: {{labels: {{app: app{n}, tier: web}}}}
    spec:
      containers:
        - name: app
          image: acme/app:1.{n}
          ports: [{{name: http, containerPort: 8000}}]
          env:
            - {{name: FIRST_URL, value: "http://app{a}.{sa}:80/x"}}
            - {{name: SECOND_URL, value: "http://app{b}.{sb}.svc.cluster.local"}}
            - {{name: DATABASE_URL, value: "postgres://app@app{c}.{sc}:5432/app"}}
---
apiVersion: v1
kind: Service
metadata: {{name: app{n}, namespace: {space}, labels: {{app: app{n}}}}}
spec: {{selector: {{app: app{n}}}, ports: [{{port: 80, targetPort: http}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: in{n}, namespace: {space}}}
spec:
  podSelector: {{matchLabels: {{app: app{n}}}}}
  ingress:
    - from: [{{namespaceSelector: {{}}, podSelector: {{matchExpressions: [{{key: app, operator: In, values: [app{a}, app{b}]}}]}}}}]
      ports: [{{port: http}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: out{n}, namespace: {space}}}
spec:
  podSelector: {{matchExpressions: [{{key: app, operator: In, values: [app{n}, other{n}]}}]}}
  policyTypes: [Egress]
  egress:
    - to: [{{podSelector: {{matchLabels: {{app: app{a}}}}}, namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {sa}}}}}}}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: app{n}, namespace: {space}}}
spec: {{selector: {{matchLabels: {{app: app{n}}}}}, endpoints: [{{port: http}}]}}
"""
ALL = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: deny, namespace: {space}}}
spec: {{podSelector: {{}}, policyTypes: [Ingress, Egress]}}
"""


def manifests(workloads: int, spaces: int) -> Iterator[Source]:
    """One file per workload, and a policy for all pods of each namespace."""
    for n in range(workloads):
        a, b, c = (n + 1) % workloads, (n + 7) % workloads, (n * 31 + 3) % workloads
        names = {key: f"space{number % spaces}" for key, number in (("space", n), ("sa", a), ("sb", b), ("sc", c))}
        yield Source(f"app{n}.yaml", TEMPLATE.format(n=n, a=a, b=b, c=c, **names))
    for number in range(spaces):
        yield Source(f"deny{number}.yaml", ALL.format(space=f"space{number}"))


def timed(workloads: int, spaces: int, runs: int) -> list[float]:
    """Processor seconds for reading (once), and the medians for joining, and for asking where each connection leads and may."""
    started = time.process_time()
    subjects = [one for source in manifests(workloads, spaces) for one in interpret(source)[0].subjects]
    read = time.process_time() - started
    rounds = [_joined(subjects) for _ in range(runs)]
    return [read, *(statistics.median(column) for column in zip(*rounds, strict=True))]


def _joined(subjects: list[Subject]) -> tuple[float, float]:
    stack = Stack("", complete=True)
    stack.add(subjects)
    started = time.process_time()
    join_all(stack)
    joined = time.process_time()
    for connection in stack.of(Connection):
        endpoint = endpoint_of(stack, connection)
        for server in endpoint.workloads:
            if connection.container is not None:
                may_reach(stack, connection.container.workload, server, endpoint.port_in(server) or 80)
    for job in stack.of(ScrapeJob):
        monitored(stack, job)
    return joined - started, time.process_time() - joined


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    options.add_argument("workloads", nargs="?", type=int, default=4000)
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    gc.set_threshold(*_GARBAGE)
    print("workloads  namespaces   read s   join s  reach s")
    for workloads in (given.workloads // 2, given.workloads):
        for spaces in (1, max(1, workloads // 10)):
            figures = timed(workloads, spaces, given.runs)
            print(f"{workloads:9}  {spaces:10}  " + "  ".join(f"{one:7.2f}" for one in figures), flush=True)


if __name__ == "__main__":
    main()
