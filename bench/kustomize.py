"""How long afscan takes for many overlays over one base.

    python bench/kustomize.py [--overlays 200] [--objects 30]

Writes a base of Deployments, Services and ConfigMaps, and overlays with a namespace, a prefix, labels, an image and a patch each,
into a temporary folder, and scans it in this process. Prints seconds of wall clock and processor time; the machine's load shows in
the difference.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from afscan.engine import Options, scan

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app{n}}}
spec:
  selector: {{matchLabels: {{app: app{n}}}}}
  template:
    metadata: {{labels: {{app: app{n}}}}}
    spec:
      containers:
      - name: app
        image: registry.example.com/app{n}:1.0
        env: [{{name: URL, value: "postgresql://db:5432/app{n}"}}]
        envFrom: [{{configMapRef: {{name: settings{n}}}}}]
        ports: [{{containerPort: 8080}}]
        securityContext: {{runAsNonRoot: true}}
"""
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {{name: app{n}}}\nspec: {{selector: {{app: app{n}}}, ports: [{{port: 80}}]}}\n"
)
SETTINGS = (
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings{n}}}\ndata: {{LEVEL: info, redis.conf: "maxmemory 1gb\\n"}}\n'
)
OVERLAY = """\
resources: [../../base]
namespace: env{n}
namePrefix: env{n}-
labels: [{{pairs: {{env: env{n}}}, includeSelectors: true}}]
images: [{{name: registry.example.com/app0, newTag: "{n}"}}]
patches:
- target: {{kind: Deployment}}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: any}}
    spec: {{template: {{spec: {{containers: [{{name: app, resources: {{limits: {{memory: 1Gi}}}}}}]}}}}}}
"""


def write(folder: Path, overlays: int, objects: int) -> None:
    """Write the base and its overlays."""
    forms = (DEPLOYMENT, SERVICE, SETTINGS)
    base = folder / "base"
    base.mkdir()
    texts = [forms[number % 3].format(n=number // 3) for number in range(objects)]
    (base / "all.yaml").write_text("---\n".join(texts))
    (base / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    for number in range(overlays):
        overlay = folder / "overlays" / f"env{number}"
        overlay.mkdir(parents=True)
        (overlay / "kustomization.yaml").write_text(OVERLAY.format(n=number))


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--overlays", type=int, default=200)
    parser.add_argument("--objects", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), given.overlays, given.objects)
        os.chdir(folder)
        wall, processor = time.perf_counter(), time.process_time()
        result = scan(["."], Options())
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        os.chdir("/")
    print(f"{given.overlays} overlays of {given.objects} objects: {wall:.2f} s, {processor:.2f} s of processor time")
    print(
        f"{result.subjects:,} subjects, {len(result.findings)} findings, {len(result.notices)} notices, {len(result.errors)} errors"
    )


if __name__ == "__main__":
    main()
