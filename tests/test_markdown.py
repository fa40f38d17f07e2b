"""Markdown: which blocks are read, as what, and where their lines stand."""

import pytest

from afscan.files.recognise import syntax_of
from afscan.interpret import interpret
from afscan.model.node import Mapping, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.place import Span
from afscan.model.source import Source
from afscan.model.subjects import Credential
from afscan.platforms import markdown
from afscan.platforms.reading import Interpretation
from support import interpreted, parsed, text_at


def blocks(text: str) -> list[tuple[str, str]]:
    result = parsed(text, "markdown")
    assert not result.notices
    found = []
    for block in result.roots[0].items:
        language, content = block.get("language"), block.get("text")
        assert isinstance(language, Scalar)
        assert isinstance(content, Scalar)
        found.append((language.text, content.text))
    return found


def embedded(text: str) -> list[Source]:
    source = Source("doc.md", text, syntax="markdown")
    out = Interpretation()
    root = parsed(text, "markdown", "doc.md").roots[0]
    assert markdown.recognise(source, root)
    markdown.interpret(source, root, out)
    return out.embedded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```yaml\na: 1\n```\n", [("yaml", "a: 1\n")]),
        ("~~~ json x=1\n{}\n~~~\n", [("json", "{}\n")]),
        ("````yaml\n```\n````\n", [("yaml", "```\n")]),
        ("~~~yaml\n```\n~~~\n", [("yaml", "```\n")]),
        ("   ```yaml\n   a:\n     b\n  c\n   ```\n", [("yaml", "a:\n  b\nc\n")]),
        ("    ```yaml\n    a: 1\n    ```\n", []),
        ("```\nplain\n```\n", [("", "plain\n")]),
        ("```sql\nSELECT 1", [("sql", "SELECT 1")]),
        ("``` a`b\nx\n", []),
        ("- item\n\n  ```yaml\n  a:\n    b: 1\n  ```\n", [("yaml", "a:\n  b: 1\n")]),
        ("> ```yaml\n> a: 1\n> ```\n", [("yaml", "a: 1\n")]),
        ("<!--\n```yaml\na: 1\n```\n-->\n", []),
        ("```yaml\n```\n", [("yaml", "")]),
        ("```yaml\r\na: 1\r\n```\r\n", [("yaml", "a: 1\n")]),
    ],
)
def test_fenced_blocks(text, expected):
    assert blocks(text) == expected


def test_places_of_a_block():
    text = "# Title\n\n1. step\n\n   ```yaml title=x\n   a: 1\n     b: 2\n\n   ```\nend\n"
    block = parsed(text, "markdown").roots[0].items[0]
    assert isinstance(block, Mapping)
    assert block.span == Span(5, 4, 9, 7)
    assert text_at(text, block.get("language").place) == "yaml"
    content = block.get("text")
    assert isinstance(content, Scalar)
    assert content.inner == [(6, 4), (7, 4), (8, 1), (8, 1)]
    assert text_at(text, content.part(0, 4)) == "a: 1"
    assert text_at(text, content.part(5, 11)) == "  b: 2"


def test_a_tab_that_indents_is_no_content():
    text = "- \t```yaml\n\tb: 1\n\t```\n"
    content = parsed(text, "markdown").roots[0].items[0].get("text")
    assert isinstance(content, Scalar)
    assert text_at(text, content.part(0, 4)) == "b: 1"


def test_lists_that_nest_too_deep_are_noted():
    result = parsed("> " * 200 + "```yaml\n", "markdown")
    assert [n.kind for n in result.notices] == [NoticeKind.LIMIT]


DOCUMENT = """# Platform

```yaml
# infra/k8s/app.yaml
apiVersion: v1
kind: Pod
```

Then the cache:

```conf
# infra/redis/redis.conf
maxmemory 256mb
requirepass ${REDIS_PASSWORD}
```

```ini
; infra/pgbouncer/pgbouncer.ini
[databases]
app = host=db
```

```sql
-- infra/init/01-roles.sql
CREATE USER app WITH PASSWORD 'hunter22';
```

```dockerfile
# infra/docker/Dockerfile.api
FROM python:3.12
```

```hcl
# infra/terraform/main.tf
terraform {}
```

```bash
#!/bin/bash
# infra/scripts/run.sh
echo "[databases]"
```

```python
CREATE = 1
```

```json
{"dashboard": {"panels": []}}
```

```
services:
  web: {image: nginx}
```

```text
Nothing in particular.
```
"""


def test_each_block_of_ours_is_embedded_under_its_name():
    found = [(source.name, source.syntax, source.whole.line) for source in embedded(DOCUMENT)]
    assert found == [
        ("infra/k8s/app.yaml", "yaml", 4),
        ("infra/redis/redis.conf", "redisconf", 12),
        ("infra/pgbouncer/pgbouncer.ini", "ini", 18),
        ("infra/init/01-roles.sql", "sql", 24),
        ("infra/docker/Dockerfile.api", "dockerfile", 29),
        ("infra/terraform/main.tf", "hcl", 34),
        ("infra/scripts/run.sh", "shell", 39),
        ("block-10", "yaml", 53),
    ]
    assert {source.holder for source in embedded(DOCUMENT)} == {"markdown"}


def test_every_line_of_every_block_maps_to_its_own_line():
    lines = DOCUMENT.split("\n")
    for source in embedded(DOCUMENT):
        for number in range(1, source.text.count("\n") + 1):
            text = source.line(number)
            place = source.place(Span(number, 1, number, len(text) + 1))
            assert lines[place.line - 1] == text
            assert place.span[1:] == (1, place.line, len(text) + 1)


def test_a_password_in_a_block_stands_in_the_document():
    (credential,) = [s for s in interpreted(DOCUMENT, "doc.md").subjects if isinstance(s, Credential) and s.platform == "sql"]
    assert credential.value.value == "hunter22"
    assert text_at(DOCUMENT, credential.value.place) == "'hunter22'"
    assert credential.place.path == "doc.md"


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("# docker-compose.override.yml or a ConfigMap", "docker-compose.override.yml"),
        ("# About the cache\n# infra/cache.yaml", "infra/cache.yaml"),
        ("---\n# ./k8s/x.yaml", "k8s/x.yaml"),
        ("# File: infra/a.yaml (excerpt)", "infra/a.yaml"),
        ("# `infra/b.yaml`:", "infra/b.yaml"),
        ("# deploy/values.custom", "deploy/values.custom"),
        ("# Node.js settings", "block-1.yaml"),
        ("# CI/CD for the platform", "block-1.yaml"),
        ("# and/or", "block-1.yaml"),
        ("key: value\n# infra/late.yaml", "block-1.yaml"),
    ],
)
def test_names_of_blocks(first, name):
    assert [source.name for source in embedded(f"```yaml\n{first}\na: 1\n```\n")] == [name]


@pytest.mark.parametrize(
    ("language", "text", "syntax"),
    [
        ("conf", "requirepass x\nappendonly yes\n", "redisconf"),
        ("", "[pgbouncer]\nauth_type = md5\n", "ini"),
        ("txt", '"app" "secret"\n', "userlist"),
        ("", "ARG V=1\nFROM python:${V}\n", "dockerfile"),
        ("", "CREATE ROLE app;\n", "sql"),
        ("postgresql", "SELECT 1;\n", "sql"),
        ("terraform", "variable x {}\n", "hcl"),
        ("{.yaml}", "a: 1\n", "yaml"),
        ("Dockerfile", "FROM x\n", "dockerfile"),
        ("json", '{"apiVersion": "v1"}\n', "json"),
        ("json", '{"status": "ok", ...}\n', None),
        ("console", "$ redis-cli\n[databases]\n", None),
        ("bash", "cat > x <<E\nCREATE ROLE app;\nE\n", None),
        ("", "#!/bin/sh\n[databases]\n", None),
        ("", "$ cat <<EOF | kubectl apply -f -\napiVersion: v1\nEOF\n", None),
        ("", "a tree\n---\n", None),
        ("diff", "+ a: 1\n", None),
        ("markdown", "# title\n", None),
    ],
)
def test_languages(language, text, syntax):
    assert [source.syntax for source in embedded(f"```{language}\n{text}```\n")] == ([syntax] if syntax else [])


def test_a_document_without_blocks_of_ours_is_read_in_silence():
    out, _, recognised = interpret(Source("README.md", "# Hello\n\n```sh\nls\n```\n"))
    assert recognised
    assert not out.notices
    assert not out.subjects


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("Dockerfile.dockerignore", "node_modules\n", None),
        ("platforms/dockerfile.py", "import re\n", None),
        ("Dockerfile.go", "FROM golang:1.22 AS build\n", "dockerfile"),
        ("build/api", "# syntax=x\r\nARG A=1\r\nFROM --platform=linux/amd64 a:1 AS b\r\n", "dockerfile"),
        ("NOTES", "From here on, all is well.\n", None),
        ("CHANGES", "one\n---\ntwo\n", None),
        ("config", "---\na: 1\n", "yaml"),
        ("config", '{"a": 1}\n', "json"),
        ("templates/deployment.yaml.j2", "x\n", "yaml"),
        ("redis.conf.tmpl", "", "redisconf"),
        ("chart/_helpers.tpl", '{{- define "x" -}}\n', None),
        ("main.tofu", "", "hcl"),
        ("x.tf.json", "{}", "json"),
        ("settings.jsonc", "", "json"),
        ("blank", "\n" * 50_000, None),
        ("comments", "#\r\n" * 50_000, None),
    ],
)
def test_names_and_contents_of_files(name, text, syntax):
    assert syntax_of(name, text) == syntax
