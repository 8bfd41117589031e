"""JQL, the part that reading tickets can need: parsed as a grammar, not matched as a string.

query   = [ either ] [ "order by" field ["asc" | "desc"] {"," ...} ]
either  = both { "or" both }
both    = single { "and" single }
single  = "not" single | "(" either ")" | clause
clause  = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
        | field [ "not" ] "in" "(" value { "," value } ")"
        | field "is" [ "not" ] ( "empty" | "null" )
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>!=|<=|>=|[=<>(),])
      | (?P<word>[^\s"'=!<>(),]+)
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class JqlError(Exception):
    """Raised for JQL that Jira answers with 400; its text is Jira's message."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as written; a quoted number is text, not an id."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A field compared with values."""

    field: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Clause | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One field of ORDER BY."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Jql:
    """A whole query; no condition means every issue."""

    condition: Condition | None
    order: tuple[Order, ...]


def parse(text: str) -> Jql:
    """The query as a tree; JqlError when it is none."""
    return _Parser(text).query()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    kind: Literal["quoted", "sign", "word"]
    at: int

    @property
    def word(self) -> str:
        return "" if self.kind == "quoted" else self.text.lower()


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise JqlError(f"Error in the JQL Query: The character '{text[at]}' at position {at} is not allowed.")
        kind = cast("Literal['quoted', 'sign', 'word']", found.lastgroup)
        tokens.append(_Token(found[kind], kind, found.start(kind)))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def query(self) -> Jql:
        condition = None if self._next_is("order") or self._ended() else self._either()
        order = self._order() if self._take("order") else ()
        if not self._ended():
            raise self._unexpected("'AND', 'OR' or 'ORDER BY'")
        return Jql(condition, order)

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self) -> Condition:
        if self._take("not"):
            return Not(self._single())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._text("a field name").text.lower()
        for sign in _COMPARISONS:
            if self._take(sign):
                return Clause(field, cast("Operator", sign), (self._value(),))
        if self._take("is"):
            operator: Operator = "is not" if self._take("not") else "is"
            return Clause(field, operator, (self._value(),))
        operator = "not in" if self._take("not") else "in"
        self._expect("in")
        return Clause(field, operator, self._list())

    def _list(self) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _order(self) -> tuple[Order, ...]:
        self._expect("by")
        order = [self._ordered()]
        while self._take(","):
            order.append(self._ordered())
        return tuple(order)

    def _ordered(self) -> Order:
        field = self._text("a field name").text.lower()
        if self._take("desc"):
            return Order(field, descending=True)
        self._take("asc")
        return Order(field, descending=False)

    def _value(self) -> Value:
        return self._text("a value")

    def _text(self, wanted: str) -> Value:
        if self._ended() or self._tokens[self._at].kind == "sign":
            raise self._unexpected(wanted)
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "quoted":
            return Value(re.sub(r"\\(.)", r"\1", token.text[1:-1]), quoted=True)
        return Value(token.text)

    def _ended(self) -> bool:
        return self._at == len(self._tokens)

    def _next_is(self, word: str) -> bool:
        return not self._ended() and self._tokens[self._at].word == word

    def _take(self, word: str) -> bool:
        taken = self._next_is(word)
        self._at += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected(f"'{word}'")

    def _unexpected(self, wanted: str) -> JqlError:
        if self._ended():
            return JqlError(f"Error in the JQL Query: Expecting {wanted} before the end of the query.")
        token = self._tokens[self._at]
        return JqlError(
            f"Error in the JQL Query: Expecting {wanted} but got '{token.text}'. (line 1, character {token.at + 1})"
        )
