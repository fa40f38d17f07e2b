"""Workloads of the Kubernetes provider, read as the Kubernetes platform reads them."""

import pytest

from afscan.model.stack import Stack
from afscan.model.subjects import Container, Credential, ImageReference, Origin, Service, Workload
from support import stack_of, text_at


class TestKubernetesProvider:
    TEXT = """
variable "tag" { default = "latest" }
resource "kubernetes_deployment_v1" "api" {
  metadata {
    name      = "api"
    namespace = "shop"
  }
  spec {
    replicas = 2
    selector {
      match_labels = { app = "api" }
    }
    template {
      metadata {
        labels = { app = "api", "run_as" = "x" }
      }
      spec {
        host_pid = true
        security_context {
          run_as_user = 0
        }
        container {
          name  = "api"
          image = "example/api:${var.tag}"
          port {
            container_port = 8080
          }
          resources {
            limits = {
              memory = "512Mi"
            }
          }
          security_context {
            allow_privilege_escalation = false
            capabilities {
              drop = ["ALL"]
            }
          }
          env {
            name  = "API_PASSWORD"
            value = "hunter2hunter2"
          }
          readiness_probe {
            http_get {
              path = "/ready"
              port = 8080
            }
          }
        }
        dynamic "init_container" {
          for_each = []
          content {}
        }
      }
    }
  }
}
resource "kubernetes_service" "api" {
  metadata {
    name      = "api"
    namespace = "shop"
  }
  spec {
    type     = "LoadBalancer"
    selector = { app = "api" }
    port {
      port        = 80
      target_port = 8080
    }
  }
}
"""

    def stack(self) -> Stack:
        return stack_of({"main.tf": self.TEXT})

    def test_containers(self) -> None:
        container = self.stack().of(Container)[0]
        assert (container.platform, container.workload.platform) == ("terraform", "terraform")
        assert container.workload.kind == "Deployment"
        assert container.workload.labels == {"app": "api", "run_as": "x"}
        assert container.user.value == "0"
        assert text_at(self.TEXT, container.user.place) == "0"
        assert container.memory_limit.value == 512 * 1024 * 1024
        assert text_at(self.TEXT, container.memory_limit.place) == '"512Mi"'
        assert container.cpu_limit.is_unset
        assert container.privilege_escalation.value is False
        assert [drop.value for drop in container.capabilities_dropped] == ["ALL"]
        assert container.liveness.is_unset
        assert container.readiness is not None
        assert container.readiness.value is not None
        assert container.readiness.value.path is not None
        assert container.readiness.value.path.value == "/ready"
        assert container.ports[0].port.value == 8080
        assert [(space.kind, text_at(self.TEXT, space.shared.place)) for space in container.host_namespaces] == [("pid", "true")]
        assert text_at(self.TEXT, container.place) == "container"

    def test_images(self) -> None:
        image = self.stack().of(ImageReference)[0]
        assert (image.reference.value, image.tag, image.platform) == ("example/api:latest", "latest", "terraform")
        assert text_at(self.TEXT, image.reference.place) == '"example/api:${var.tag}"'

    def test_environment(self) -> None:
        credential = self.stack().of(Credential)[0]
        assert (credential.key, credential.origin) == ("API_PASSWORD", Origin.LITERAL)
        assert text_at(self.TEXT, credential.value.place) == '"hunter2hunter2"'

    def test_services(self) -> None:
        stack = self.stack()
        service = stack.of(Service)[0]
        assert (service.kind.value, service.selector, service.platform) == ("LoadBalancer", {"app": "api"}, "terraform")
        assert service.ports[0].target.value == 8080
        assert service.selects == stack.of(Workload)

    @pytest.mark.parametrize(
        ("kind", "spec", "workload"),
        [
            ("kubernetes_stateful_set_v1", "template", "StatefulSet"),
            ("kubernetes_daemonset", "template", "DaemonSet"),
            ("kubernetes_daemon_set_v1", "template", "DaemonSet"),
            ("kubernetes_job_v1", "template", "Job"),
            ("kubernetes_cron_job_v1", "cron", "CronJob"),
            ("kubernetes_pod", "pod", "Pod"),
        ],
    )
    def test_kinds(self, kind: str, spec: str, workload: str) -> None:
        pod = 'spec {\n container {\n  name = "c"\n  image = "redis:7"\n }\n}\n'
        inner = {"template": f"spec {{\n template {{\n {pod} }}\n}}\n", "pod": pod}
        inner["cron"] = f"spec {{\n job_template {{\n {inner['template']} }}\n}}\n"
        stack = stack_of({"main.tf": f'resource "{kind}" "x" {{\n metadata {{\n  name = "x"\n }}\n{inner[spec]}}}\n'})
        assert [(found.kind, len(found.containers)) for found in stack.of(Workload)] == [(workload, 1)]
        assert stack.of(ImageReference)[0].repository == "redis"

    def test_a_manifest(self) -> None:
        text = (
            'resource "kubernetes_manifest" "m" {\n  manifest = {\n    apiVersion = "v1"\n    kind = "Pod"\n'
            '    metadata = { name = "p" }\n    spec = { containers = [{ name = "c", image = "redis:7" }] }\n  }\n}\n'
        )
        found = stack_of({"main.tf": text}).of(ImageReference)[0]
        assert text_at(text, found.reference.place) == '"redis:7"'


class TestKubectlManifest:
    def test_documents_are_read_at_their_places(self) -> None:
        text = (
            'resource "kubectl_manifest" "p" {\n  yaml_body = <<-YAML\n    apiVersion: v1\n    kind: Pod\n    metadata:\n'
            "      name: p\n    spec:\n      containers:\n        - name: c\n          image: example/c:latest\n  YAML\n}\n"
        )
        stack = stack_of({"main.tf": text})
        container = stack.of(Container)[0]
        assert text_at(text, container.image.place) == "example/c:latest"
        assert container.platform == "terraform"
        assert stack.notices == []

    def test_what_is_not_known_is_noted(self) -> None:
        text = (
            'resource "kubectl_manifest" "p" {\n  yaml_body = <<-YAML\n    apiVersion: v1\n    kind: Pod\n    metadata:\n'
            "      name: ${aws_x.y.name}\n  YAML\n}\n"
            'resource "kubectl_manifest" "q" {\n  yaml_body = file("q.yaml")\n}\n'
        )
        stack = stack_of({"main.tf": text})
        assert stack.of(Container) == []
        assert [(notice.kind.value, notice.place.line) for notice in stack.notices] == [("partly-read", 2), ("partly-read", 10)]
