"""Compose's newer keys break no reading; an include in its long form has its own folder and environment.

Source: Compose Specification, "services" (``provider``, ``develop``, ``models``, ``gpus``, hooks), "models", "include".
"""

from pathlib import Path

import pytest

from afscan.files.discover import discover
from afscan.picture.whole import pictures_of

TOP = """\
name: shop
include:
  - path: [sub/compose.yaml, sub/override.yaml]
    project_directory: sub/team
    env_file: [sub/one.env, sub/two.env]
models:
  llm: {model: ai/smollm2, context_size: 1024}
services:
  api:
    image: acme/api:1
    models: [llm]
    gpus: all
    develop: {watch: [{action: sync, path: ./src, target: /src}]}
    post_start: [{command: [a], user: root}]
    volumes: [{type: image, source: "acme/data:1", target: /d}]
  gpu:
    image: acme/x:1
    gpus: [{driver: nvidia, count: 2}]
    models: {llm: {endpoint_var: A, model_var: B}}
  chat:
    provider: {type: model, options: {model: ai/smollm2}}
"""
FILES = {
    "compose.yaml": TOP,
    "sub/compose.yaml": "services:\n  cache:\n    image: redis:${VERSION}\n    command: redis-server --port ${PORT}\n",
    "sub/override.yaml": 'services:\n  cache:\n    ports: ["6379:6379"]\n',
    "sub/one.env": "VERSION=7.4\nPORT=7000\n",
    "sub/two.env": "VERSION=7.2\n",
}


def test_newer_keys_and_the_long_form_of_include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    pictures, result = pictures_of(discover(["."]))
    assert (result.notices, result.errors) == ([], [])
    (picture,) = pictures.stacks
    nodes = {one.name: one for one in picture.nodes}
    assert set(nodes) == {"api", "cache", "gpu"}  # a provider runs elsewhere: it is no container
    cache = nodes["cache"]
    assert (cache.images, [port.number for port in cache.ports]) == (["redis:7.2"], [6379, 7000])  # the last env_file wins
    assert [(one.what, one.place.path) for one in cache.exposures] == [("6379 -> 6379", "sub/override.yaml")]
