"""Clusters, listeners, disks and firewalls in Terraform."""

import pytest

from afscan.model.notice import NoticeKind
from afscan.model.subjects import ManagedResource, SecurityGroupRule
from support import stack_of, text_at
from test_terraform_resources import PUBLIC, STORAGE, TRANSIT, facet, only, resource


class TestClusters:
    @pytest.mark.parametrize(
        ("body", "effective", "where"),
        [
            ("vpc_config {\n endpoint_public_access = false\n}", False, "false"),
            ("vpc_config {\n endpoint_public_access = true\n}", True, "true"),
            ('vpc_config {\n public_access_cidrs = ["10.0.0.0/8"]\n}', False, '"10.0.0.0/8"'),
            ('vpc_config {\n public_access_cidrs = ["10.0.0.0/8", "0.0.0.0/0"]\n}', True, '"0.0.0.0/0"'),
            ("vpc_config {\n public_access_cidrs = var.c\n}", None, "var.c"),
            ("vpc_config {\n}", True, "vpc_config"),
        ],
    )
    def test_eks_endpoint(self, body: str, effective: bool | None, where: str) -> None:
        text = f'resource "aws_eks_cluster" "x" {{\n{body}\n}}\n'
        found = facet(only(text), PUBLIC)
        assert found.effective is effective
        assert text_at(text, found.on.place) == where

    @pytest.mark.parametrize(
        ("arguments", "effective", "setting"),
        [
            ("", False, "endpoint_public_access"),
            ('version = "18.30.0"', True, "cluster_endpoint_public_access"),
            ('version = "~> 19.0"', False, "cluster_endpoint_public_access"),
            ('version = ">= 17.0, < 19.0.0"', True, "cluster_endpoint_public_access"),
            ("version = var.v", None, "cluster_endpoint_public_access"),
            ('version = "~> 20.0"\ncluster_endpoint_public_access = true', True, "cluster_endpoint_public_access"),
            (
                'version = "~> 20.0"\ncluster_endpoint_public_access = true\n'
                'cluster_endpoint_public_access_cidrs = ["10.0.0.1/32"]',
                False,
                "cluster_endpoint_public_access",
            ),
            ("endpoint_public_access = true", True, "endpoint_public_access"),
        ],
    )
    def test_the_registrys_eks_module(self, arguments: str, effective: bool | None, setting: str) -> None:
        found = facet(only(f'module "eks" {{\n  source = "terraform-aws-modules/eks/aws"\n{arguments}\n}}\n'), PUBLIC)
        assert (found.effective, found.setting) == (effective, setting)

    def test_search_needs_https_and_node_encryption(self) -> None:
        def transit(body: str) -> tuple[bool | None, str]:
            found = facet(resource("aws_opensearch_domain", body), TRANSIT)
            return found.effective, found.setting

        https = "domain_endpoint_options {\n  tls_security_policy = var.p\n}\n"
        assert transit(https) == (False, "node_to_node_encryption.enabled")
        assert transit(https + "node_to_node_encryption {\n enabled = true\n}") == (True, "domain_endpoint_options.enforce_https")
        off = "domain_endpoint_options {\n enforce_https = false\n}\nnode_to_node_encryption {\n enabled = true\n}"
        assert transit(off) == (False, "domain_endpoint_options.enforce_https")

    def test_search_inside_a_network(self) -> None:
        assert facet(resource("aws_opensearch_domain", "vpc_options {\n subnet_ids = var.s\n}"), PUBLIC).effective is False

    def test_kafka(self) -> None:
        text = 'encryption_info {\n encryption_in_transit {\n  client_broker = "TLS_PLAINTEXT"\n }\n}'
        assert facet(resource("aws_msk_cluster", text), TRANSIT).effective is False
        text = "encryption_info {\n encryption_in_transit {\n  in_cluster = false\n }\n}"
        assert facet(resource("aws_msk_cluster", text), TRANSIT).effective is False
        assert facet(resource("aws_msk_cluster", 'dynamic "encryption_info" {\n}'), TRANSIT).effective is None

    LISTENER = 'protocol = "HTTP"\ndefault_action {\n type = "redirect"\n redirect {\n  protocol = "HTTPS"\n }\n}\n'

    def test_listeners(self) -> None:
        found = facet(resource("aws_lb_listener", 'protocol = "HTTP"\ndefault_action {\n type = "forward"\n}'), TRANSIT)
        assert found.effective is False
        assert facet(resource("aws_alb_listener", 'protocol = "HTTPS"'), TRANSIT).effective is True

    @pytest.mark.parametrize("body", [LISTENER, 'protocol = "TCP"', ""])
    def test_listeners_that_carry_no_plaintext_of_their_own(self, body: str) -> None:
        assert stack_of({"main.tf": f'resource "aws_lb_listener" "x" {{\n{body}\n}}\n'}).of(ManagedResource) == []

    def test_disks(self) -> None:
        text = (
            'resource "aws_instance" "x" {\n  root_block_device {\n    encrypted = true\n  }\n  ebs_block_device {\n'
            '    device_name = "/dev/sdg"\n  }\n}\n'
        )
        found = stack_of({"main.tf": text}).of(ManagedResource)
        assert [facet(disk, STORAGE).effective for disk in found] == [True, False]
        assert text_at(text, found[1].place) == "ebs_block_device"

    def test_disks_are_encrypted_where_the_account_says_so(self) -> None:
        assert facet(resource("aws_ebs_volume", "", 'resource "aws_ebs_encryption_by_default" "d" {}'), STORAGE).effective is True

    def test_what_is_not_read_is_noted(self) -> None:
        text = 'resource "aws_ecs_task_definition" "t" {\n  container_definitions = var.unset\n}\n'
        notices = stack_of({"main.tf": text}).notices
        assert [(notice.kind, text_at(text, notice.place)) for notice in notices] == [
            (NoticeKind.PARTIAL, "container_definitions")
        ]


class TestFirewalls:
    def rules(self, text: str) -> list[SecurityGroupRule]:
        return stack_of({"main.tf": text}).of(SecurityGroupRule)

    def test_blocks_and_exact_places(self) -> None:
        text = (
            'locals { wide = ["0.0.0.0/0"] }\nresource "aws_security_group" "x" {\n'
            '  ingress {\n    from_port = 5432\n    to_port = "5433"\n    protocol = "6"\n'
            '    cidr_blocks = ["10.0.0.0/8", "0.0.0.0/0"]\n    ipv6_cidr_blocks = ["::/0"]\n  }\n'
            '  ingress {\n    from_port = 0\n    to_port = 0\n    protocol = "-1"\n    cidr_blocks = local.wide\n  }\n'
            "  egress {\n    from_port = 1\n  }\n}\n"
        )
        first, second = self.rules(text)
        assert (first.protocol.value, first.from_port.value, first.to_port.value) == ("tcp", 5432, 5433)
        assert [text_at(text, cidr.place) for cidr in first.cidrs] == ['"10.0.0.0/8"', '"0.0.0.0/0"', '"::/0"']
        assert second.protocol.value == "-1"
        assert second.from_port.is_unset
        assert [(cidr.value, text_at(text, cidr.place)) for cidr in second.cidrs] == [("0.0.0.0/0", "local.wide")]

    def test_attribute_as_blocks(self) -> None:
        text = (
            'resource "aws_security_group" "x" {\n  ingress = [\n    { from_port = 22, to_port = 22, protocol = "tcp", '
            'cidr_blocks = ["0.0.0.0/0"] },\n  ]\n}\n'
        )
        found = self.rules(text)[0]
        assert found.from_port.value == 22
        assert text_at(text, found.cidrs[0].place) == '"0.0.0.0/0"'

    def test_rule_resources(self) -> None:
        text = (
            'resource "aws_security_group_rule" "in" {\n  type = "ingress"\n  from_port = 1\n  to_port = 2\n  protocol = "tcp"\n'
            '  cidr_blocks = var.c\n}\nresource "aws_security_group_rule" "out" {\n  type = "egress"\n}\n'
            'resource "aws_vpc_security_group_ingress_rule" "v" {\n  ip_protocol = "tcp"\n  from_port = 3\n  to_port = 4\n'
            '  cidr_ipv4 = "0.0.0.0/0"\n}\n'
        )
        first, second = self.rules(text)
        assert first.cidrs[0].is_unknown
        assert (second.protocol.value, second.from_port.value, second.cidrs[0].value) == ("tcp", 3, "0.0.0.0/0")

    def test_dynamic_rules_are_unknown(self) -> None:
        text = 'resource "aws_security_group" "x" {\n  dynamic "ingress" {\n    for_each = var.ports\n    content {}\n  }\n}\n'
        found = self.rules(text)[0]
        assert found.cidrs[0].is_unknown
        assert text_at(text, found.place) == 'dynamic "ingress"'

    def test_google(self) -> None:
        text = (
            'resource "google_compute_firewall" "f" {\n  source_ranges = ["0.0.0.0/0"]\n  allow {\n    protocol = "tcp"\n'
            '    ports = ["22", "8000-9000", "x"]\n  }\n}\nresource "google_compute_firewall" "e" {\n  direction = "EGRESS"\n'
            '  allow {\n    protocol = "all"\n  }\n}\n'
        )
        rules = self.rules(text)
        assert [(rule.from_port.value, rule.to_port.value) for rule in rules] == [(22, 22), (8000, 9000), (None, None)]
        assert rules[2].from_port.is_unknown
