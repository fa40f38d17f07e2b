variable "region" {
  description = "AWS region of the platform."
  type        = string
  default     = "us-west-2"
}

variable "db_password" {
  description = "Password of the PostgreSQL administrator; from the pipeline's secret store."
  type        = string
  sensitive   = true
}

variable "redis_auth_token" {
  description = "AUTH token of the managed Redis; from the pipeline's secret store."
  type        = string
  sensitive   = true
}

variable "administration_cidrs" {
  description = "Networks from which the cluster's API may be reached."
  type        = list(string)
  default     = ["10.0.0.0/16"]
}

variable "backup_retention_days" {
  description = "How long automated backups are kept."
  type        = number
  default     = 30
}

locals {
  name = "agentflow"
  tags = {
    Environment = "production"
    Project     = local.name
  }
}
