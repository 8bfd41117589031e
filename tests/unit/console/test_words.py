"""The words of the page: the same in every language, each used, and none anywhere but in ``console/js/words``."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.console import FILES

SCRIPTS = FILES / "js"
LANGUAGES = sorted(path.stem for path in (SCRIPTS / "words").glob("*.js"))
API_PAGE = SCRIPTS / "api_page.js"
"""Is about Swagger UI and the API document, which both speak English only."""
CODE = sorted(path for path in SCRIPTS.rglob("*.js") if path.parent.name != "words" and path != API_PAGE)

PLACE = re.compile(r"\{(\w+)\}")
USE = re.compile(r'\b(?:t|rich)\(\s*"([\w.]+)"')
USE_OF_EITHER = re.compile(r'\? "([\w]+\.[\w.]+)" : "([\w]+\.[\w.]+)"')
USE_OF_PREFIX = re.compile(r"\b(?:t|rich)\(\s*`([\w.]+?)\$\{")
USE_OF_GROUP = re.compile(r'\b(?:group|toned|series)\("(\w+)"')

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
PART_WITH_VALUE = re.compile(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
WORDY = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}|^[A-Z][a-z]+(?:[ .,:…]|$)")
"""Two words in a row, or one with a capital: a text for people."""

NOT_FOR_PEOPLE = {
    *("Authorization", "Accept", "Retry-After", "Ticket Status", "English", "Deutsch"),
    *("ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "Escape", "Tab", "Enter", "Bearer "),
    *("noopener noreferrer", "form input:not([readonly]), .stack button.primary"),
}
"""Headers, keys of a keyboard, the name of the product, languages in their own words, an attribute, a selector."""


def words(language: str) -> dict[str, str | dict[str, str]]:
    text = (SCRIPTS / "words" / f"{language}.js").read_text()
    found: dict[str, str | dict[str, str]] = json.loads(text[text.index("{", text.index("export")) :])
    return found


def forms(entry: str | dict[str, str]) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())


def used() -> tuple[set[str], set[str]]:
    """Keys that the code names, and beginnings of keys that it completes."""
    keys: set[str] = set()
    prefixes: set[str] = set()
    for path in CODE:
        code = path.read_text()
        keys |= set(USE.findall(code)) | {key for pair in USE_OF_EITHER.findall(code) for key in pair}
        keys |= set(re.findall(r'"(banner\.[\w.]+)"', code))
        prefixes |= set(USE_OF_PREFIX.findall(code)) | {f"{name}." for name in USE_OF_GROUP.findall(code)}
    page = (FILES / "index.html").read_text()
    return keys | set(re.findall(r'data-(?:words|label)="([\w.]+)"', page)), prefixes


def test_there_are_two_languages_at_least() -> None:
    assert {"en", "de"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_missing_and_none_has_other_places_than_in_english(language: str) -> None:
    english, other = words("en"), words(language)
    assert other.keys() == english.keys()
    for key, entry in english.items():
        places = {name for form in forms(entry) for name in PLACE.findall(form)}
        assert {name for form in forms(other[key]) for name in PLACE.findall(form)} == places, key
        assert all(form.strip() == form and form for form in forms(other[key])), key
        assert isinstance(other[key], dict) == isinstance(entry, dict), key


def test_every_word_that_is_used_is_there_and_every_one_that_is_there_is_used() -> None:
    keys, prefixes = used()
    known = set(words("en"))
    assert keys - known == set()
    assert {key for key in known - keys if not key.startswith(tuple(prefixes))} == set()
    assert {prefix for prefix in prefixes if not any(key.startswith(prefix) for key in known)} == set()


def texts_for_people(path: Path) -> Iterator[str]:
    """String literals that look like words for the reader; those of a class list do not."""
    code = COMMENT.sub("", path.read_text())
    for match in TEXT.finditer(code):
        if re.search(
            r"(?:class: |class: [^,}]*\? |classList\.\w+\()$", code[max(0, match.start() - 60) : match.start()]
        ):
            continue
        text = PART_WITH_VALUE.sub("", match.group(1) or match.group(2) or "")
        if text not in NOT_FOR_PEOPLE and WORDY.search(text):
            yield text


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(SCRIPTS)))
def test_no_word_is_written_outside_the_words(path: Path) -> None:
    assert list(texts_for_people(path)) == []


def test_a_word_written_outside_would_be_found(tmp_path: Path) -> None:
    script = tmp_path / "view.js"
    script.write_text('button("Refresh", press); element("p", { class: "notice bad" }, `There are ${n} of them`);')
    assert list(texts_for_people(script)) == ["Refresh", "There are  of them"]
