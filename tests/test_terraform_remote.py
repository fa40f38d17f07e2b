"""Modules that come from a registry or repository: what they declare is not read, and that is said."""

from support import stack_of, text_at

MAIN = """\
module "rds" {
  source              = "terraform-aws-modules/rds-aurora/aws"
  version             = "~> 6.12"
  publicly_accessible = true
}
module "network" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 5.21"
}
module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.37"
}
module "queue" {
  source = "git::https://git.example.org/platform/queue.git//modules/main?ref=v1.2.0"
}
module "one" {
  source = "./one"
}
module "two" {
  source = "./one"
}
"""


def test_a_module_that_is_not_read_is_noted_once_at_its_source() -> None:
    files = {"main.tf": MAIN, "one/main.tf": 'module "db" {\n  source = "example.org/x/db/aws"\n}\n'}
    notices = stack_of(files).notices
    assert [(str(one.kind), text_at(files, one.place)) for one in notices] == [
        ("unresolved-reference", '"terraform-aws-modules/rds-aurora/aws"'),
        ("unresolved-reference", '"git::https://git.example.org/platform/queue.git//modules/main?ref=v1.2.0"'),
        ("unresolved-reference", '"example.org/x/db/aws"'),
    ]
    assert "what it declares is not judged" in notices[0].reason
