"""Error texts of searches, which come in the language of the account that asks."""

from typing import Final, Literal

Language = Literal["en", "fr", "ja"]

_UNKNOWN_ID: Final[dict[Language, str]] = {
    "en": "A value with ID '{}' does not exist for the field 'id'.",
    "fr": "Aucune valeur avec l'ID « {} » n'existe pour le champ « id ».",
    "ja": "ID「{}」の値は、フィールド「id」に存在しません。",
}
_UNKNOWN_KEY: Final[dict[Language, str]] = {
    "en": "An issue with key '{}' does not exist for field 'key'.",
    "fr": "Une demande avec la clé « {} » n'existe pas pour le champ « key ».",
    "ja": "キー「{}」の課題は、フィールド「key」に存在しません。",
}


def unknown_issue(name: str, language: Language) -> str:
    """What Jira says of an id or key in a search that no issue has."""
    return (_UNKNOWN_ID if name.isdecimal() else _UNKNOWN_KEY)[language].format(name)
