# What the service is sent, as its API document has it.

variable "name" {
  description = "Name of the integration"
  type        = string
}

variable "jira_server_url" {
  description = "Base address of the Jira Cloud site"
  type        = string
}

variable "username" {
  description = "Email address of the account that tickets are read with"
  type        = string
}

variable "api_token" {
  description = "API token of that account"
  type        = string
  sensitive   = true
}

variable "retrieve_jira_tickets" {
  description = "Whether statuses are retrieved"
  type        = bool
  default     = true
}

locals {
  # An edit takes only what can be edited; a new address needs the secret beside it.
  edit = {
    jira_server_url = var.jira_server_url
    username        = var.username
    password        = var.api_token
  }
  create = merge(local.edit, {
    connection_name   = var.name
    installation_type = "cloud"
    auth_type         = "basic"
  })
  settings = { retrieve_jira_tickets = var.retrieve_jira_tickets }
}
