"""ExternalSecret, SealedSecret and Secret -> env: where a variable's secret comes from, and where the URL in it leads."""

from pathlib import Path

import pytest

from afscan.files.discover import discover
from afscan.picture.records import Picture
from afscan.picture.whole import pictures_of

APP = """apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: app}
spec:
  selector: {matchLabels: {a: api}}
  template:
    metadata: {labels: {a: api}}
    spec:
      containers:
        - name: api
          image: acme/api:1
          env:
            - name: DATABASE_URL
              valueFrom: {secretKeyRef: {name: api-secrets, key: url}}
"""
EXTERNAL = """apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: api, namespace: app}
spec:
  target: {name: api-secrets}
  data:
    - {secretKey: url, remoteRef: {key: prod/api, property: url}}
"""
TEMPLATE = """apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: api, namespace: app}
spec:
  target:
    name: api-secrets
    template:
      data:
        url: postgres://api:{{ .password }}@db.example.com:6432/app?sslmode=require
  data:
    - {secretKey: password, remoteRef: {key: prod/api}}
"""
SECRET = """apiVersion: v1
kind: Secret
metadata: {name: api-secrets, namespace: app}
stringData: {url: "redis://db.example.com"}
"""
SEALED = """apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: api-secrets, namespace: app}
spec: {encryptedData: {url: AgBy3i4OJSWK}}
"""


def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *texts: str) -> Picture:
    (tmp_path / "all.yaml").write_text("---\n".join(texts))
    monkeypatch.chdir(tmp_path)
    return pictures_of(discover(["."]))[0].stacks[0]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ((), "which nothing in this stack makes"),
        ((EXTERNAL,), "made by ExternalSecret api from `prod/api, url`"),
        ((SEALED,), "made by SealedSecret api-secrets"),
        ((EXTERNAL.replace("namespace: app", "namespace: other"),), "which nothing in this stack makes"),
    ],
)
def test_what_makes_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: tuple[str, ...], told: str) -> None:
    (one,) = picture(tmp_path, monkeypatch, APP, *texts).unresolved
    assert one.why == f"it comes from Secret `api-secrets`, key `url`, {told}"
    assert one.place.line == 14


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEMPLATE, ("db.example.com", 6432, "postgres", "yes", 24)),
        (SECRET, ("db.example.com", None, "redis", "no", 19)),
    ],
)
def test_a_url_in_a_secret_leads_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: tuple[str, int | None, str, str, int]
) -> None:
    shown = picture(tmp_path, monkeypatch, APP, text)
    assert shown.unresolved == []
    links = [one for one in shown.links if one.client == "app/Deployment api"]
    assert [(one.host, one.port, one.product, one.tls, one.place.line) for one in links] == [found]
