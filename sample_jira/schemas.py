"""The requests that Jira's published OpenAPI documents allow.

JSON bodies are strict: no unknown member, no number for a text. Query parameters come as text.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel


class JsonBody(BaseModel):
    """A JSON object with exactly these members, camelCase on the wire."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=False)


class Parameters(BaseModel):
    """Query parameters, camelCase on the wire."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=False)


class Form(BaseModel):
    """Parameters of OAuth, snake_case on the wire, in a form, a query or a JSON object."""

    model_config = ConfigDict(extra="forbid")


class NoBody(JsonBody):
    """No body at all."""


class Anything(BaseModel):
    """Whatever is asked of what is no more."""

    model_config = ConfigDict(extra="allow")


class PageQuery(Parameters):
    """Which page of a list."""

    start_at: int = 0
    max_results: int = Field(default=50, le=100)


class NoParameters(Parameters):
    """No query."""


def _split(value: object) -> object:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list):
        return value
    return [name for text in texts for name in str(text).split(",")]


Text = Annotated[str, StringConstraints(min_length=1)]
Names = Annotated[list[Text], BeforeValidator(_split)]
Decision = Literal["accept", "cancel"]
Flag = Literal["true", "false"]
Count = Annotated[int, Field(ge=0, lt=2**31)]


class BulkFetch(JsonBody):
    """Cloud: POST /rest/api/3/issue/bulkfetch."""

    issue_ids_or_keys: list[Text]
    fields: list[Text] | None = None
    expand: list[
        Literal[
            "renderedFields",
            "names",
            "schema",
            "transitions",
            "operations",
            "editmeta",
            "changelog",
            "versionedRepresentations",
        ]
    ] = Field(default_factory=list)
    fields_by_keys: bool = False
    properties: Annotated[list[Text], Field(max_length=5)] = Field(default_factory=list)


class CloudSearch(JsonBody):
    """Cloud: POST /rest/api/3/search/jql."""

    jql: str = ""
    fields: list[Text] | None = None
    max_results: Count = 50
    next_page_token: str | None = None
    expand: str = ""
    fields_by_keys: bool = False
    properties: Annotated[list[Text], Field(max_length=5)] = Field(default_factory=list)
    reconcile_issues: Annotated[list[int], Field(max_length=50)] = Field(default_factory=list)


class CloudSearchQuery(Parameters):
    """Cloud: GET /rest/api/3/search/jql."""

    jql: str = ""
    fields: Names | None = None
    max_results: Count = 50
    next_page_token: str | None = None
    expand: str = ""
    fields_by_keys: Flag = "false"
    fail_fast: Flag = "false"
    properties: Names = Field(default_factory=list)
    reconcile_issues: list[int] = Field(default_factory=list)


class ServerSearch(JsonBody):
    """Data Center: POST /rest/api/2/search."""

    jql: str = ""
    fields: list[Text] | None = None
    expand: list[Text] = Field(default_factory=list)
    max_results: Annotated[int, Field(ge=-1, lt=2**31)] = 50
    start_at: Count = 0
    validate_query: bool = True


class ServerSearchQuery(Parameters):
    """Data Center: GET /rest/api/2/search."""

    jql: str = ""
    fields: Names | None = None
    expand: str = ""
    max_results: Annotated[int, Field(ge=-1, lt=2**31)] = 50
    start_at: Count = 0
    validate_query: Flag = "true"


class IssueQuery(Parameters):
    """GET issue/{issueIdOrKey}, both kinds of site."""

    fields: Names | None = None
    expand: str = ""
    properties: Names = Field(default_factory=list)
    update_history: Flag = "false"


class CloudIssueQuery(IssueQuery):
    """The same with what only Cloud has."""

    fields_by_keys: Flag = "false"
    fail_fast: Flag = "false"


class ProjectQuery(Parameters):
    """GET project/{projectIdOrKey}, both kinds of site."""

    expand: str = ""
    properties: Names = Field(default_factory=list)


class MyselfQuery(Parameters):
    """Cloud: GET myself."""

    expand: str = ""


class PermissionsQuery(Parameters):
    """GET mypermissions, both kinds of site."""

    project_key: str | None = None
    project_id: str | None = None
    issue_key: str | None = None
    issue_id: str | None = None


class CloudPermissionsQuery(PermissionsQuery):
    """The same with what only Cloud has; `permissions` is required, which the site itself says."""

    permissions: Names | None = None
    project_uuid: str | None = None
    project_configuration_uuid: str | None = None
    comment_id: str | None = None


class AuthorizeRequest(Form):
    """Data Center: GET and POST /rest/oauth2/latest/authorize; Atlassian's page takes more.

    `decision` is the person's, not the app's.
    """

    client_id: Text
    scope: Text
    redirect_uri: Text
    response_type: Literal["code"]
    state: Text | None = None
    code_challenge: Text | None = None
    code_challenge_method: Literal["S256"] | None = None
    decision: Decision | None = None


class Authorize(AuthorizeRequest):
    """auth.atlassian.com: GET and POST /authorize."""

    audience: Literal["api.atlassian.com"]
    state: Text
    prompt: Literal["consent"] | None = None


class TokenRequest(Form):
    """POST of the token endpoint of either kind."""

    grant_type: Literal["authorization_code", "refresh_token", "client_credentials"]
    client_id: Text
    client_secret: Text
    scope: Text | None = None
    code: Text | None = None
    code_verifier: Text | None = None
    redirect_uri: Text | None = None
    refresh_token: Text | None = None


class OAuth1Authorize(Form):
    """Data Center: GET and POST /plugins/servlet/oauth/authorize."""

    oauth_token: Text
    oauth_callback: str | None = None
    decision: Decision | None = None
