terraform {
  required_version = ">= 1.5"
  required_providers {
    restapi = {
      source  = "Mastercard/restapi"
      version = "~> 2.0"
    }
  }
}

resource "restapi_object" "integration" {
  path          = "/jira-integrations"
  id_attribute  = "connection_name"
  update_method = "PATCH"
  data          = jsonencode(local.create)
  update_data   = jsonencode(local.edit)

  # The secret never comes out of the service, and health, runs and pauses are its own affair.
  ignore_all_server_changes = true

  # Another name, installation or kind of credential is another integration: its tickets stay with the old one.
  force_new = ["connection_name", "installation_type", "auth_type"]
}

locals {
  settings_path = "/jira-integrations/${restapi_object.integration.id}/settings"
}

resource "restapi_object" "settings" {
  path          = local.settings_path
  object_id     = "settings"
  create_method = "PUT"
  create_path   = local.settings_path
  read_path     = local.settings_path
  update_method = "PUT"
  update_path   = local.settings_path
  data          = jsonencode(local.settings)

  # The settings go with their integration: to destroy them is only to read them once more.
  destroy_method = "GET"
  destroy_path   = local.settings_path

  # A PUT answers with the run that it started, which is no setting.
  ignore_changes_to = ["run_id"]
}
