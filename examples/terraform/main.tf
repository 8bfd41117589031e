# Integrations and their settings as code, with an existing generic provider (Mastercard/restapi), and the secret from
# Vault. What Terraform manages is in its state, secrets too: keep the state encrypted, and who may read it few.

terraform {
  required_version = ">= 1.5"
  required_providers {
    restapi = {
      source  = "Mastercard/restapi"
      version = "~> 1.20"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 4.0"
    }
  }
}

variable "api_url" {
  description = "Output ApiUrl of the stack"
  type        = string
}

variable "token_url" {
  description = "Output TokenUrl of the stack"
  type        = string
}

variable "client_id" {
  description = "Output AdminClientId of the stack"
  type        = string
}

variable "client_secret" {
  description = "Secret of that app client"
  type        = string
  sensitive   = true
}

provider "restapi" {
  uri                  = "${var.api_url}/api/v1/ticketing"
  write_returns_object = true
  update_method        = "PATCH"

  oauth_client_credentials {
    oauth_client_id      = var.client_id
    oauth_client_secret  = var.client_secret
    oauth_token_endpoint = var.token_url
  }
}

data "vault_kv_secret_v2" "jira" {
  mount = "secret"
  name  = "ticket-status/cloud-abc"
}

resource "restapi_object" "cloud_abc" {
  path         = "/jira-integrations"
  id_attribute = "connection_name"

  data = jsonencode({
    connection_name   = "cloud-abc"
    installation_type = "cloud"
    jira_server_url   = "https://abc.atlassian.net"
    auth_type         = "basic"
    username          = "bot@abc.example"
    password          = data.vault_kv_secret_v2.jira.data["api_token"]
  })

  # An edit takes only what can be edited; a new address needs the secret beside it.
  update_data = jsonencode({
    jira_server_url = "https://abc.atlassian.net"
    username        = "bot@abc.example"
    password        = data.vault_kv_secret_v2.jira.data["api_token"]
  })

  # The secret never comes out of the service, and health, runs and pauses are its own affair.
  ignore_all_server_changes = true

  # Another name, installation or kind of credential is another integration: its tickets stay with the old one.
  force_new = ["connection_name", "installation_type", "auth_type"]
}

resource "restapi_object" "cloud_abc_settings" {
  path          = "/jira-integrations/${restapi_object.cloud_abc.id}/settings"
  object_id     = "settings"
  create_method = "PUT"
  update_method = "PUT"
  create_path   = "/jira-integrations/${restapi_object.cloud_abc.id}/settings"
  read_path     = "/jira-integrations/${restapi_object.cloud_abc.id}/settings"
  update_path   = "/jira-integrations/${restapi_object.cloud_abc.id}/settings"

  # The settings go with their integration: to destroy them is only to read them once more.
  destroy_method = "GET"
  destroy_path   = "/jira-integrations/${restapi_object.cloud_abc.id}/settings"

  data = jsonencode({ retrieve_jira_tickets = true })
}
