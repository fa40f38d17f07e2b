# A mirror of the released images, so that the cluster starts them when ghcr.io does not answer.
resource "aws_ecr_repository" "images" {
  for_each = toset(["agentflow/api", "agentflow/mcp"])

  name                 = each.value
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}
