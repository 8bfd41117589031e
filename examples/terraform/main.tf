# Integrations and their settings as code, with an existing generic provider (Mastercard/restapi), and the secret from
# Vault. What Terraform manages is in its state, secrets too: keep the state encrypted, and those who may read it few.

terraform {
  required_version = ">= 1.5"
  required_providers {
    restapi = {
      source  = "Mastercard/restapi"
      version = "~> 2.0"
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

module "cloud_abc" {
  source = "./integration"

  name            = "cloud-abc"
  jira_server_url = "https://abc.atlassian.net"
  username        = "bot@abc.example"
  api_token       = data.vault_kv_secret_v2.jira.data["api_token"]
}
