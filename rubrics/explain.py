"""JSON Schema errors in words that the author of a file can act on. Knows documents and schemas, not rubrics."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from msgspec import Struct

from rubrics.positions import Document, JsonValue, Path, Problem, near_match

Schema = Mapping[str, Any]

TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
LIMITS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "multipleOf": "must be a multiple of {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} entries",
    "maxItems": "must have at most {} entries",
    "minProperties": "must have at least {} keys",
    "maxProperties": "must have at most {} keys",
}
LONGEST_QUOTE = 60


class Violation(Struct, frozen=True, kw_only=True):
    """One error of the validator, in the few facts that an explanation needs.

    `branches` holds, for a union, the errors of each of its options.
    """

    path: Path
    keyword: str
    expected: Any
    value: JsonValue
    schema: Schema
    in_key: bool
    branches: tuple[tuple["Violation", ...], ...]


def explain(document: Document, schema: Schema) -> tuple[Problem, ...]:
    """Check a document and explain every error, in the order of the file."""
    validator = Draft202012Validator(schema)
    errors = cast("Iterable[ValidationError]", validator.iter_errors(document.data))  # pyright: ignore[reportUnknownMemberType] the stub leaves one overload open
    explainer = _Explainer(document, schema)
    problems = dict.fromkeys(problem for error in errors for problem in explainer.explain(_violation(error)))
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def _violation(error: ValidationError) -> Violation:
    branches: dict[int, list[Violation]] = {}
    for inner in error.context:
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(_violation(inner))
    return Violation(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        expected=error.validator_value,
        value=cast("JsonValue", error.instance),
        schema=cast("Schema", error.schema),
        in_key="propertyNames" in error.absolute_schema_path,
        branches=tuple(tuple(branches[number]) for number in sorted(branches)),
    )


class _Explainer:
    def __init__(self, document: Document, root: Schema) -> None:
        self.document = document
        self.root = root

    def explain(self, violation: Violation) -> Iterator[Problem]:
        match violation.keyword:
            case "anyOf":
                yield from self._union(violation)
            case "additionalProperties":
                yield from self._unknown_keys(violation)
            case "required":
                yield from self._missing_keys(violation)
            case "enum":
                yield self._choice(violation.path, violation.value, violation.expected, violation.schema.get("title"))
            case "type":
                yield self._wrong_type(violation, [violation.expected])
            case _:
                yield self._limit(violation)

    def _limit(self, violation: Violation) -> Problem:
        path = (*violation.path, str(violation.value)) if violation.in_key else violation.path
        wanted = violation.schema.get("description")
        if violation.keyword == "pattern":
            pattern = f"the pattern {violation.expected}"
            message = f"must be {wanted} ({pattern})" if wanted else f"must match {pattern}"
        else:
            message = LIMITS.get(violation.keyword, f"must satisfy {violation.keyword} {{}}").format(violation.expected)
        return self.document.problem(path, message, at_key=violation.in_key)

    def _wrong_type(self, violation: Violation, names: Iterable[str]) -> Problem:
        wanted = " or ".join(TYPE_NAMES[name] for name in names)
        return self.document.problem(violation.path, f"must be {wanted}, not {_type_of(violation.value)}")

    def _missing_keys(self, violation: Violation) -> Iterator[Problem]:
        for key in cast("list[str]", violation.expected):
            if key not in cast("dict[str, JsonValue]", violation.value):
                yield self.document.problem((*violation.path, key), "is missing")

    def _unknown_keys(self, violation: Violation) -> Iterator[Problem]:
        known = sorted(cast("Schema", violation.schema.get("properties", {})))
        for key in cast("dict[str, JsonValue]", violation.value):
            if key not in known:
                near = near_match(key, known)
                path = (*violation.path, key)
                yield self.document.problem(path, "is not a key here", allowed=known, near=near, at_key=True)

    def _choice(self, path: Path, value: JsonValue, allowed: Iterable[object], title: str | None) -> Problem:
        choices = [str(choice) for choice in allowed]
        kind = _a_kind(title) if title else "allowed here"
        near = near_match(value, choices) if isinstance(value, str) else None
        return self.document.problem(path, f"{_quote(value)} is not {kind}", allowed=choices, near=near)

    def _union(self, violation: Violation) -> Iterator[Problem]:
        """Explain the one option that was meant; name the options only when none of them fits in kind."""
        options = cast("list[Schema]", violation.expected)
        discriminator = cast("Schema | None", violation.schema.get("discriminator"))
        if discriminator and isinstance(violation.value, dict):
            yield from self._tagged(violation, violation.value, options, discriminator)
            return
        meant = [errors for errors in violation.branches if not _is_wrong_kind(errors, violation)]
        if not meant:
            kinds = dict.fromkeys(kind for option in options for kind in self._kinds(option))
            yield self._wrong_type(violation, kinds)
            return
        for inner in min(meant, key=len):
            yield from self.explain(inner)

    def _tagged(
        self, violation: Violation, value: dict[str, JsonValue], options: list[Schema], discriminator: Schema
    ) -> Iterator[Problem]:
        tag = str(discriminator["propertyName"])
        references = cast("dict[str, str]", discriminator["mapping"])
        path = (*violation.path, tag)
        given = value.get(tag)
        if given is None:
            yield self.document.problem(path, "is missing", allowed=list(references))
        elif given not in list(references):
            yield self._choice(path, given, references, None)
        else:
            number = [option["$ref"] for option in options].index(references[str(given)])
            for inner in violation.branches[number]:
                yield from self.explain(inner)

    def _kinds(self, option: Schema) -> list[str]:
        if "$ref" in option:
            name = str(option["$ref"]).rsplit("/", 1)[-1]
            return self._kinds(self.root["$defs"][name])
        return [str(option.get("type", "string"))]


def _is_wrong_kind(errors: Iterable[Violation], outer: Violation) -> bool:
    return any(inner.keyword == "type" and inner.path == outer.path for inner in errors)


def _type_of(value: JsonValue) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _quote(value: JsonValue) -> str:
    """Show a short scalar; anything long, nested or like an e-mail address stays out of error texts."""
    text = str(value)
    if isinstance(value, dict | list) or "@" in text or len(text) > LONGEST_QUOTE:
        return "this value"
    return f"'{text}'"


def _a_kind(title: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title).lower()
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
