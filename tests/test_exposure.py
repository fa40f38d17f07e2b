"""What is reached from outside: internal services, private addresses, Ingress controllers, sources of security groups."""

import pytest

from afscan.join.exposure import internal_service, internal_workload, is_private_address
from afscan.join.ingresses import answers_plaintext, certificate, redirects, serves_https_only
from afscan.model.subjects import Container, Ingress, Postgres, RedisServer, SecurityGroupRule, Service
from support import stack_of, text_at


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("100.64.0.9", True),
        ("127.0.0.1", True),
        ("[fd00::1]", True),
        ("fe80::1%eth0", True),
        ("52.14.3.9", False),
        ("2600::1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("db.example.com", False),
        ("", False),
    ],
)
def test_private_addresses(address: str, private: bool) -> None:
    assert is_private_address(address) is private


@pytest.mark.parametrize(
    ("service", "what"),
    [
        ("image: postgres:16", "datastore postgres"),
        ("image: registry.example.com/mirror/redis:7", "datastore redis"),
        ("image: edoburu/pgbouncer:v1.24.1-p1", "internal service pgbouncer"),
        ("image: prom/prometheus:v3.5.0", "internal service prometheus"),
        ("image: postgres:16\n    command: [pg_dump, -h, db, orders]", None),
        ("image: eclipse-mosquitto:2", None),
        ("image: nginx:1.29", None),
        ("image: ghcr.io/acme/api:1.0.0", None),
        ("image: ${IMAGE}", None),
    ],
)
def test_internal_services(service: str, what: str | None) -> None:
    stack = stack_of({"compose.yaml": f"services:\n  x:\n    {service}\n"})
    assert internal_service(stack.of(Container)[0]) == what


def test_an_internal_workload_is_found_behind_its_service() -> None:
    pod = "metadata: {labels: {app: x}}\nspec:\n  initContainers:\n  - {name: wait, image: busybox}\n  containers:\n"
    pod += "  - {name: web, image: nginx}\n  - {name: cache, image: redis:7}\n"
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: x}, ports: [{port: 80}]}\n"
    stack = stack_of({"k.yaml": f"apiVersion: v1\nkind: Pod\n{pod}---\n{service}"})
    found = internal_workload(stack.of(Service)[0], stack)
    assert found is not None
    assert found[1] == "datastore redis"


def ingress(annotations: str, spec: str = "rules: [{host: a.example.com}]") -> tuple[Ingress, str]:
    text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: x\n  annotations:\n    a: b\n"
    text += "".join(f"    {line}\n" for line in annotations.splitlines()) + f"spec: {{{spec}}}\n"
    return stack_of({"i.yaml": text}).of(Ingress)[0], text


@pytest.mark.parametrize(
    ("annotations", "https_only"),
    [
        ("konghq.com/protocols: https", True),
        ("konghq.com/protocols: http,https", False),
        ("traefik.ingress.kubernetes.io/router.entrypoints: websecure", True),
        ("traefik.ingress.kubernetes.io/router.entrypoints: web,websecure", False),
        ("""alb.ingress.kubernetes.io/listen-ports: '[{"HTTPS": 443}]'""", True),
        ("""alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}]'""", False),
        ("alb.ingress.kubernetes.io/certificate-arn: arn:aws:acm:x", True),
        ("alb.ingress.kubernetes.io/scheme: internal", False),
    ],
)
def test_controllers_that_serve_https_only(annotations: str, https_only: bool) -> None:
    assert serves_https_only(ingress(annotations)[0]) is https_only


def test_certificates_from_elsewhere() -> None:
    assert certificate(ingress("")[0]) is None
    assert certificate(ingress('traefik.ingress.kubernetes.io/router.tls: "false"')[0]) is None
    assert certificate(ingress('traefik.ingress.kubernetes.io/router.tls: "true"')[0]) is not None
    assert redirects(ingress('nginx.ingress.kubernetes.io/force-ssl-redirect: "true"')[0])
    assert not redirects(ingress('nginx.ingress.kubernetes.io/ssl-redirect: "true"')[0])


@pytest.mark.parametrize(
    ("annotations", "spec", "where"),
    [
        ('nginx.ingress.kubernetes.io/ssl-redirect: "false"', "", '"false"'),
        ('haproxy.org/ssl-redirect: "False"', "", '"False"'),
        ('nginx.ingress.kubernetes.io/ssl-redirect: "true"', "", None),
        ('kubernetes.io/ingress.allow-http: "true"', "", '"true"'),
        ('kubernetes.io/ingress.allow-http: "false"', "", None),
        ("networking.gke.io/managed-certificates: shop", "", "shop"),
        (
            """alb.ingress.kubernetes.io/listen-ports: '[{"HTTP":80},{"HTTPS":443}]'""",
            "",
            """'[{"HTTP":80},{"HTTPS":443}]'""",
        ),
        ("""alb.ingress.kubernetes.io/listen-ports: '[{"HTTP":80}]'\nalb.ingress.kubernetes.io/ssl-redirect: '443'""", "", None),
        (
            """alb.ingress.kubernetes.io/listen-ports: '[{"HTTP":80}]'\n"""
            """alb.ingress.kubernetes.io/actions.r: '{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS"}}'""",
            "",
            None,
        ),
        ("alb.ingress.kubernetes.io/scheme: internal", "ingressClassName: alb", "x"),
    ],
)
def test_plaintext_beside_tls(annotations: str, spec: str, where: str | None) -> None:
    found, text = ingress(annotations, spec or "rules: []")
    beside = answers_plaintext(found)
    assert (text_at(text, beside.plain.place) if beside is not None else None) == where


@pytest.mark.parametrize(
    "annotations",
    [
        "kubernetes.io/ingress.class: gce\nnetworking.gke.io/v1beta1.FrontendConfig: redirect",
        "alb.ingress.kubernetes.io/listen-ports: no JSON",
        "alb.ingress.kubernetes.io/scheme: internal\nalb.ingress.kubernetes.io/group.name: shop",
    ],
)
def test_what_others_decide_is_not_known(annotations: str) -> None:
    beside = answers_plaintext(ingress(annotations)[0])
    assert beside is not None
    assert beside.plain.is_unknown


def sources(block: str, extra: str = "") -> list[tuple[str, str | None]]:
    text = f'{extra}\nresource "aws_security_group_rule" "x" {{\n  type = "ingress"\n{block}\n}}\n'
    rules = stack_of({"main.tf": text}).of(SecurityGroupRule)
    return list(dict.fromkeys((text_at(text, cidr.place), cidr.value) for rule in rules for cidr in rule.cidrs))


def test_each_instance_of_a_rule_counts() -> None:
    assert sources('  for_each = toset(["10.0.0.0/8"])\n  cidr_blocks = [each.value]') == [("each.value", "10.0.0.0/8")]
    assert sources('  for_each = { a = "10.0.0.0/8", b = "0.0.0.0/0" }\n  cidr_blocks = [each.value]') == [
        ("each.value", "10.0.0.0/8"),
        ("each.value", "0.0.0.0/0"),
    ]
    assert sources('  for_each = { "10.0.0.0/8" = 1 }\n  cidr_blocks = [each.key]') == [("each.key", "10.0.0.0/8")]
    assert sources(
        "  for_each = var.r\n  cidr_blocks = [each.value.cidr]", 'variable "r" { default = { a = { cidr = "::/0" } } }'
    ) == [("each.value.cidr", "::/0")]


def test_instances_that_are_not_known_stay_unknown() -> None:
    assert sources("  for_each = var.r\n  cidr_blocks = [each.value]", 'variable "r" {}') == [("each.value", None)]
    half = sources("  for_each = { a = var.r, b = 1 }\n  cidr_blocks = [each.value]", 'variable "r" {}')
    assert half == [("each.value", None), ("each.value", "1")]


@pytest.mark.parametrize(
    "reference",
    ["module.vpc.vpc_cidr_block", "data.aws_vpc.main.cidr_block", "aws_subnet.private[*].cidr_block", "aws_vpc.a[0].cidr_block"],
)
def test_the_range_of_a_network_is_nobody_outside(reference: str) -> None:
    assert sources(f"  cidr_blocks = [{reference}]") == []


def test_other_references_may_be_anything() -> None:
    assert sources("  cidr_blocks = [module.office.address]") == [("module.office.address", None)]


def test_an_argument_of_redis_may_hold_name_and_value() -> None:
    text = "services:\n  x:\n    image: redis:7\n    command:\n      - redis-server\n      - --port 6380\n      - --save 900 1\n"
    redis = stack_of({"compose.yaml": text}).of(RedisServer)[0]
    assert redis.port.value == 6380
    assert text_at(text, redis.port.place) == "--port 6380"
    assert redis.settings["save"].value.value == "900 1"


def test_a_list_that_nobody_knows_is_one_unknown_value() -> None:
    text = 'variable "h" {}\nresource "kubernetes_ingress_v1" "x" {\n  metadata {\n    name = "x"\n  }\n  spec {\n'
    text += '    tls {\n      hosts = var.h\n    }\n    rule {\n      host = "a.example.com"\n    }\n  }\n}\n'
    found = stack_of({"main.tf": text}).of(Ingress)[0]
    assert [host.is_unknown for host in found.tls_hosts] == [True]
    assert not found.tls_any_host


@pytest.mark.parametrize(
    ("dockerfile", "state"),
    [
        ("FROM postgres:16\nCOPY schema.sql /docker-entrypoint-initdb.d/\n", "unset"),
        ("FROM postgres:16\nRUN echo 'ssl = on' >> /usr/share/postgresql/postgresql.conf.sample\n", "unknown"),
        ("FROM postgres:16 AS base\nCOPY postgresql.conf /usr/share/postgresql/\nFROM base\nUSER postgres\n", "unknown"),
        ("FROM postgres:16\nCOPY enable-tls.sh /docker-entrypoint-initdb.d/\n", "unknown"),
    ],
)
def test_settings_that_a_postgres_image_brings_along(dockerfile: str, state: str) -> None:
    stack = stack_of({"compose.yaml": "services:\n  db:\n    build: ./db\n", "db/Dockerfile": dockerfile})
    assert stack.of(Postgres)[0].tls.state == state


@pytest.mark.parametrize(("script", "state"), [("10-ssl.sh", "unknown"), ("10-roles.sql", "unset")])
def test_init_scripts_that_change_postgres_settings(script: str, state: str) -> None:
    text = f"services:\n  db:\n    image: postgres:16\n    volumes: ['./init/{script}:/docker-entrypoint-initdb.d/{script}:ro']\n"
    assert stack_of({"compose.yaml": text}).of(Postgres)[0].tls.state == state
