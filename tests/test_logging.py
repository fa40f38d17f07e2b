"""Log pipelines: the syntaxes of Fluentd and Fluent Bit, what they read and send, who runs them and whom they cover."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afscan.files.recognise import syntax_of
from afscan.join.logging import collects, container_tails, runners, uncovered_containers, unknown_coverage
from afscan.model.monitoring import LogCollection, LogOutput, LogPipeline
from afscan.model.node import Mapping, Node, Opaque, Scalar
from afscan.model.notice import NoticeKind
from afscan.model.stack import Stack
from afscan.model.subjects import Connection, Credential, Origin, Workload
from afscan.syntax.fluentd import ARGUMENT, sections
from support import interpreted, parsed, stack_of, text_at

EDGE = """\
# what comes in
<source>
  @type tail  # a file
  path "/var/log/a.log,/var/log/b c.log"
  tag app#1
  exclude_path [ # old ones
    "/var/log/#old.log",
    "/var/log/{x}.log"
  ]
  <parse>
    @type json
    keep_time_key
  </parse>
</source>
<match app.** other>
  @type http
  endpoint "https://#{ENV['COLLECTOR'] || "a}b"}/logs"
  name 'it\\'s "x"'
  text "one
two\\t\\""
</match>
"""


def root_of(text: str) -> Node:
    return parsed(text, "fluentd").roots[0]


def scalar(node: Node | None) -> Scalar:
    assert isinstance(node, Scalar)
    return node


def pipeline(text: str, name: str) -> LogPipeline:
    out = interpreted(text, name)
    assert not out.notices
    return next(one for one in out.subjects if isinstance(one, LogPipeline))


def only_output(text: str, name: str = "fluent.conf") -> LogOutput:
    (output,) = pipeline(text, name).outputs
    return output


def match(*lines: str) -> str:
    return "\n".join(("<match **>", *lines, "</match>")) + "\n"


def test_fluentd_sections_and_their_places() -> None:
    assert not parsed(EDGE, "fluentd").notices
    root = root_of(EDGE)
    (source,), (out,) = sections(root, "source"), sections(root, "match")
    assert text_at(EDGE, source.head) == "<source>"
    assert text_at(EDGE, out.head) == "<match app.** other>"
    assert text_at(EDGE, scalar(out.get(ARGUMENT)).place) == "app.** other"
    assert text_at(EDGE, source.place).endswith("</parse>\n</source>")
    (parse,) = sections(source, "parse")
    assert scalar(parse.get("@type")).text == "json"
    bare = scalar(parse.get("keep_time_key"))
    assert (bare.text, text_at(EDGE, bare.place)) == ("", "keep_time_key")


def test_fluentd_values() -> None:
    (source,), (out,) = sections(root_of(EDGE), "source"), sections(root_of(EDGE), "match")
    kind, path = scalar(source.get("@type")), scalar(source.get("path"))
    assert (kind.text, text_at(EDGE, kind.place), kind.plain) == ("tail", "tail", True)
    assert (path.text, path.plain) == ("/var/log/a.log,/var/log/b c.log", False)
    assert text_at(EDGE, path.part(15, 31)) == "/var/log/b c.log"
    assert scalar(source.get("tag")).text == "app#1"
    listed = scalar(source.get("exclude_path"))
    assert listed.text.startswith("[ # old ones")
    assert listed.text.endswith("\n  ]")
    start = listed.text.index("/var/log/{x}.log")
    assert text_at(EDGE, listed.part(start, start + 16)) == "/var/log/{x}.log"
    assert scalar(out.get("name")).text == 'it\'s "x"'
    text = scalar(out.get("text"))
    assert text.text == 'one\ntwo\t"'
    assert text_at(EDGE, text.part(4, 8)) == "two\\t"


def test_fluentd_embedded_ruby_is_not_known_and_only_evaluated_in_double_quotes() -> None:
    (out,) = sections(root_of(EDGE), "match")
    endpoint = out.get("endpoint")
    assert isinstance(endpoint, Opaque)
    assert endpoint.reason == "it comes from the environment variable `COLLECTOR`"
    assert text_at(EDGE, endpoint.place) == '"https://#{ENV[\'COLLECTOR\'] || "a}b"}/logs"'
    plain = sections(root_of(match("host #{ENV['X']}")), "match")[0].get("host")
    assert scalar(plain).text == "#{ENV['X']}"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("<source>\n  @type tail\n", "<source>"),
        ("<match a>\n</source>\n</match>\n", "</source>"),
        ('<match a>\n  host "x" y\n</match>\n', "y"),
        ('<match a>\n  host "x\n', '"x'),
        ("<match a>\n  keys [1, 2\n", "[1, 2"),
        ("<match a\n  host x\n", "<match a"),
    ],
)
def test_what_fluentd_refuses_is_noted(text: str, where: str) -> None:
    notices = parsed(text, "fluentd").notices
    assert notices[0].kind is NoticeKind.SYNTAX
    assert where in [text_at(text, notice.place) for notice in notices]


def test_deep_sections_are_cut_off() -> None:
    notices = parsed("<a>\n" * 5000 + "</a>\n" * 5000, "fluentd").notices
    assert [notice.kind for notice in notices] == [NoticeKind.LIMIT]


@given(st.text(alphabet="<>/ \n\r\t#\"'\\{}[]$@=:,.abENV", max_size=60))
def test_no_text_breaks_a_reader(text: str) -> None:
    for syntax in ("fluentd", "fluentbit"):
        for root in parsed(text, syntax).roots:
            for node in root.walk():
                assert node.place.line >= 1
        interpreted("<match a>\n" + text, "fluent.conf")
        interpreted("[OUTPUT]\n" + text, "fluent-bit.conf")


def test_fluent_bit_classic() -> None:
    text = "@SET host=search.example\n[Output]\n    # a comment\n    Name  es\n    Host  ${host}\n    Match a # b\n\nkey value\n"
    root = parsed(text, "fluentbit").roots[0]
    section = root.get(1)
    assert isinstance(section, Mapping)
    assert text_at(text, section.head) == "[Output]"
    assert text_at(text, scalar(section.get("host")).place) == "${host}"
    assert scalar(section.get("match")).text == "a # b"
    output = only_output(text, "fluent-bit.conf")
    assert [host.value for host in output.hosts] == ["search.example"]
    stray = "key value\n[OUTPUT]\n    Name es\n"
    (notice,) = parsed(stray, "fluentbit").notices
    assert text_at(stray, notice.place) == "key value"


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("fluent.conf", "", "fluentd"),
        ("output.conf", "<match **>\n  @type stdout\n</match>\n", "fluentd"),
        ("httpd.conf", "<Directory /x>\n  Require all granted\n</Directory>\n", None),
        ("fluent-bit.conf", "", "fluentbit"),
        ("inputs.conf", "[INPUT]\n    Name tail\n", "fluentbit"),
        ("app.conf", "[input]\nname = x\n", None),
    ],
)
def test_recognition(name: str, text: str, syntax: str | None) -> None:
    assert syntax_of(name, text) == syntax


def test_what_a_tail_input_says() -> None:
    text = EDGE.replace("<match", "<label @x>\n<match").replace("</match>", "</match>\n</label>")
    found = pipeline(text, "fluent.conf")
    (one,) = found.inputs
    assert (one.kind, one.tag.value, one.parser.value) == ("tail", "app#1", "json")
    assert [(path.value, text_at(text, path.place)) for path in one.paths] == [
        ("/var/log/a.log", "/var/log/a.log"),
        ("/var/log/b c.log", "/var/log/b c.log"),
    ]
    assert [path.value for path in one.excluded][-1] == "/var/log/{x}.log"
    assert one.position_file.is_unset
    assert text_at(text, one.position_file.place) == "<source>"
    (output,) = found.outputs
    assert output.secure.is_unknown


@pytest.mark.parametrize(
    ("lines", "secure", "default", "authenticated"),
    [
        (("@type elasticsearch", "host a"), None, False, None),
        (("@type elasticsearch", "host a", "scheme https", "user u"), True, False, True),
        (("@type elasticsearch", "hosts https://u:p@a:9200,http://b"), False, False, True),
        (("@type opensearch", "hosts a:9200,b:9200"), None, False, None),
        (("@type forward", "transport tls"), True, False, None),
        (("@type forward", "<security>", "shared_key k", "</security>"), None, False, True),
        (("@type http", "endpoint https://a/x", "<auth>", "method basic", "</auth>"), True, None, True),
        (("@type splunk_hec", "hec_host a", "hec_token t"), None, True, True),
    ],
)
def test_transport_and_credentials(
    lines: tuple[str, ...], secure: bool | None, default: bool | None, authenticated: bool | None
) -> None:
    output = only_output(match(*lines))
    assert output.remote
    assert (output.secure.value, output.secure_default) == (secure, default)
    assert output.authenticated is not None
    assert output.authenticated.value is authenticated


def test_an_output_to_a_cloud_and_one_that_stays_here() -> None:
    assert only_output(match("@type s3", "s3_bucket b")).authenticated is None
    assert not only_output(match("@type stdout")).remote


@pytest.mark.parametrize(
    ("lines", "patience"),
    [
        ((), 72 * 3600),
        (("retry_forever",), None),
        (("retry_forever true",), None),
        (("retry_max_times 3",), 7),
        (("retry_max_times 4", "retry_max_interval 2s"), 7),
        (("retry_max_times 4", "retry_type periodic", "retry_wait 30s"), 120),
        (("retry_timeout 10m",), 600),
        (("retry_max_times 17", "retry_timeout 1h"), 3600),
    ],
)
def test_how_long_fluentd_retries(lines: tuple[str, ...], patience: float | None) -> None:
    output = only_output(match("@type elasticsearch", "<buffer>", *lines, "</buffer>"))
    assert output.patience == patience
    assert output.buffer is not None
    assert output.buffer.is_unset
    kept = match("@type elasticsearch", "<buffer>", *lines, "</buffer>", "<secondary>", "@type secondary_file", "</secondary>")
    assert only_output(kept).patience is None


@pytest.mark.parametrize(("limit", "patience"), [(None, 10), ("2", 30), ("no_limits", None), ("False", None), ("no_retries", 0)])
def test_how_long_fluent_bit_retries(limit: str | None, patience: float | None) -> None:
    text = "[OUTPUT]\n    Name es\n" + (f"    Retry_Limit {limit}\n" if limit else "")
    assert only_output(text, "fluent-bit.conf").patience == patience
    yaml = "pipeline:\n  outputs:\n    - name: es\n" + (f"      Retry_Limit: {limit}\n" if limit else "")
    assert only_output(yaml, "fluent-bit.yaml").patience == patience


def test_stores_of_a_copy_are_outputs() -> None:
    text = match("@type copy", "<store>", "@type forward", "</store>", "<store>", "@type stdout", "</store>")
    found = pipeline(text, "fluent.conf").outputs
    assert [(one.kind, text_at(text, one.node.head)) for one in found] == [("forward", "<store>"), ("stdout", "<store>")]


def test_secrets_are_credentials_and_outputs_no_connections() -> None:
    text = match(
        "@type elasticsearch",
        "hosts https://u:hunter2x@a:9200",
        "password \"#{ENV['PW']}\"",
        "<buffer>",
        "timekey 1d",
        "</buffer>",
    )
    out = interpreted(text, "fluent.conf")
    found = {one.key: one for one in out.subjects if isinstance(one, Credential)}
    assert text_at(text, found["hosts"].value.place) == "hunter2x"
    assert found["password"].origin is Origin.INTERPOLATED
    assert len(found) == 2
    assert not [one for one in out.subjects if isinstance(one, Connection)]


# ---------------------------------------------------------------- the stack


def workload(kind: str, name: str, image: str = "ghcr.io/shop/x:1", volumes: str = "") -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n"
        f"  template:\n    spec:\n      containers:\n        - name: main\n          image: {image}\n{volumes}"
    )


def config(path: str, more: str = "") -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: logs, namespace: shop}\ndata:\n  fluent.conf: |\n"
        f"    <source>\n      @type tail\n      path {path}\n      tag a.*\n    </source>\n{more}"
    )


MOUNT = (
    "          volumeMounts:\n            - {name: c, mountPath: /fluentd/etc}\n"
    "      volumes:\n        - {name: c, configMap: {name: logs}}\n"
)


def uncovered(stack: Stack) -> list[str]:
    return [one.name for one in stack.of(Workload) if uncovered_containers(stack, one)]


@pytest.mark.parametrize(
    ("kind", "path", "covered"),
    [
        ("Deployment", "/var/log/containers/web-*.log", True),
        ("Deployment", "/var/log/containers/web-[0-9]*-*_shop_main-*.log", True),
        ("Deployment", "/var/log/containers/web-*_other_*.log", False),
        ("Deployment", "/var/log/containers/we.log", False),
        ("Deployment", "/var/log/containers/*/*.log", False),
        ("StatefulSet", "/var/log/containers/web-0_shop_*.log", True),
        ("StatefulSet", "/var/log/pods/shop_web-0_*/main/*.log", True),
        ("DaemonSet", "/var/log/pods/**/*.log", True),
        ("DaemonSet", "/var/lib/docker/containers/*/*-json.log", True),
    ],
)
def test_which_paths_cover_a_workload(kind: str, path: str, covered: bool) -> None:
    stack = stack_of({"a.yaml": config(path), "b.yaml": workload(kind, "web")})
    assert uncovered(stack) == ([] if covered else [f"{kind} web"])
    assert len(container_tails(stack)) == 1


def test_who_runs_a_pipeline_and_is_left_out_of_the_coverage() -> None:
    files = {"a.yaml": config("/var/log/containers/none.log"), "b.yaml": workload("DaemonSet", "agent", volumes=MOUNT)}
    stack = stack_of(files)
    (one,) = stack.of(LogPipeline)
    assert [container.name for container in runners(stack, one)] == ["DaemonSet agent, container main"]
    (agent,) = stack.of(Workload)
    assert collects(stack, agent)
    assert uncovered(stack) == []
    (collection,) = stack.of(LogCollection)
    assert collection.idle == []
    assert [container.name for container in collection.collectors] == ["DaemonSet agent, container main"]


def test_a_pipeline_that_nobody_mounts_is_idle() -> None:
    stack = stack_of({"a.yaml": config("/var/log/containers/*.log"), "b.yaml": workload("Deployment", "web")})
    (collection,) = stack.of(LogCollection)
    assert [one.name for one in collection.idle] == ["Fluentd configuration fluent.conf"]
    assert not collection.collectors
    file = stack_of({"fluent.conf": "<match **>\n  @type stdout\n</match>\n", "b.yaml": workload("Deployment", "web")})
    assert file.of(LogCollection)[0].idle == []  # it may be part of an image


def test_includes_are_followed_within_a_config_map_and_noted_elsewhere() -> None:
    beside = "    @include more/*.conf\n  more.conf: |\n    <match **>\n      @type stdout\n    </match>\n"
    stack = stack_of({"a.yaml": config("/var/log/containers/*.log", beside), "b.yaml": workload("DaemonSet", "x", volumes=MOUNT)})
    assert not stack.notices
    assert [len(runners(stack, one)) for one in stack.of(LogPipeline)] == [1, 1]
    text = config("/var/log/containers/web-*.log", "    @include prometheus.conf\n")
    stack = stack_of({"a.yaml": text, "b.yaml": workload("Deployment", "api")})
    (notice,) = stack.notices
    assert notice.kind is NoticeKind.UNRESOLVED
    assert text_at(text, notice.place) == "prometheus.conf"
    assert unknown_coverage(stack) is not None


def test_a_compose_service_that_mounts_a_file() -> None:
    files = {
        "compose.yaml": "services:\n  logs:\n    image: fluent/fluentd:v1.18-1\n    volumes: [./fluent.conf:/fluentd/etc/fluent.conf:ro]\n",
        "fluent.conf": "<source>\n  @type forward\n</source>\n<match **>\n  @type stdout\n</match>\n",
    }
    stack = stack_of(files)
    (one,) = stack.of(LogPipeline)
    assert [container.workload.name for container in runners(stack, one)] == ["service logs"]
    assert not stack.of(LogCollection)
