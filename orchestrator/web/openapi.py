"""The whole application as an OpenAPI 3.1 document, made from its own routes.

The document is written into the documentation and served by nobody: a description of every door is for whoever runs
Evenhand, not for whoever knocks. What a route's signature does not say (forms, statuses) stands in
``operation_table.py``; a route without a row there, or a row without a route, is an error.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from orchestrator.web.errors import PROBLEM
from orchestrator.web.operation_table import JSON, OPERATIONS, PAGE, Operation

VERSION = "3.1.0"
FORM = "application/x-www-form-urlencoded"
# The design system (in the demo and in development only), and metrics, which are there for whoever set a token.
NOT_DESCRIBED = frozenset({"/design", "/metrics"})
_TAGS = {
    "hooks": "Webhooks of the ATSs. Each delivery is verified on its raw bytes, stored, then answered.",
    "partner": "What an ATS asks where recruiters order interviews in it. The vendor's documentation has the addresses.",
    "candidate": "The candidate's pages. The link's token is the only key to them.",
    "result-link": "What a result link shows to somebody without an account. Its token is the only key to it.",
    "team": "Pages of the hiring team, behind a session.",
    "sign-in": "Sessions of the hiring team.",
    "machinery": "For load balancers and browsers.",
}
_PATHS: Mapping[type, Mapping[str, object]] = {
    str: {"type": "string", "minLength": 1},
    int: {"type": "integer"},
    UUID: {"type": "string", "format": "uuid"},
    Path: {"type": "string", "minLength": 1},
}
_BEFORE_ROUTES = (
    "Any request may be answered before it reaches a route: 405 for a method that the path does not have, 408, 414 or "
    "431 for one that takes too long or is too large, 429 or 503 with `Retry-After` where there are too many."
)
_PROBLEMS: Mapping[str, str] = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in, or the delivery is not signed by the holder of the secret.",
    "403": "The form could not be checked (CSRF), or the account has not the right.",
    "404": "There is no such thing, or it is not for whoever asks.",
    "409": "Something changed meanwhile.",
    "413": "The body is too large.",
    "422": "Something has to be mended; `errors` says what, by field.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "503": "Busy, or not ready; try again, after `Retry-After` where it is given.",
}
_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "hooks": ("400", "401", "404", "413", "429", "503"),
    "partner": ("400", "401", "404", "413", "429", "503"),
    "candidate": ("400", "404", "503"),
    "result-link": ("404", "429", "503"),
    "team": ("400", "401", "403", "404", "503"),
    "sign-in": ("400", "503"),
    "machinery": (),
}
_POSTED: Mapping[str, tuple[str, ...]] = {
    "candidate": ("403", "413", "429"),
    "team": ("409", "413"),
    "sign-in": ("403", "413", "429"),
}
_ONLY: Mapping[str, tuple[str, ...]] = {"saveDraft": ("409", "422"), "readiness": ("503",), "asset": ("404",)}
_NO_PAGES = frozenset({"hooks", "partner"})
_WITH_RETRY = frozenset({"429", "503"})

Json = dict[str, Any]


class Undescribed(LookupError):
    """Routes and table do not agree; the message names every route and row that has no partner."""


def describe(app: Litestar, *, version: str) -> Json:
    """The document, ready to be written as JSON. ``version`` is Evenhand's.

    Raises:
        Undescribed: a route has no row in the table, or a row no route.
    """
    routes = {(method, path): handler for method, path, handler in _routes(app)}
    if alone := sorted(f"{method} {path}" for method, path in routes.keys() ^ OPERATIONS.keys()):
        raise Undescribed(f"described or served, but not both: {', '.join(alone)}")
    paths: dict[str, Json] = {}
    for (method, path), handler in sorted(routes.items(), key=lambda item: (item[0][1], item[0][0])):
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, handler)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Evenhand",
            "version": version,
            "summary": "Automated first interviews that live inside the applicant tracking system.",
            "description": _BEFORE_ROUTES,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name, "description": words} for name, words in _TAGS.items()],
        "paths": paths,
        "components": _components(),
    }


def _routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format not in NOT_DESCRIBED:
            for handler in route.route_handlers:
                # Litestar answers OPTIONS by itself, on every route.
                for method in handler.http_methods - {"OPTIONS"}:
                    yield str(method), route.path_format or "/", handler


TEAM = frozenset({"review", "results", "operations", "calibration", "rehearsal", "rescorings"})


def _tag(path: str) -> str:
    first = path.split("/")[1]
    known = {"hooks": "hooks", "partner": "partner", "i": "candidate", "r": "result-link"}
    known |= {"sign-in": "sign-in", "sign-out": "sign-in"}
    return known.get(first, "team" if first in TEAM else "machinery")


def _operation(method: str, path: str, handler: HTTPRouteHandler) -> Json:
    row, tag = OPERATIONS[method, path], _tag(path)
    made: Json = {
        "operationId": row.id,
        "summary": row.summary,
        "tags": [tag],
        "parameters": [*_path_parameters(path, handler), *_query_parameters(row)],
        "responses": _responses(method, tag, row),
    }
    if tag == "team":
        made["security"] = [{"session": [], "csrf": []} if method == "POST" else {"session": []}]
    elif row.form is not None:
        made["security"] = [{"csrf": []}]
    if row.form is not None:
        made["requestBody"] = {"content": {FORM: {"schema": _form(row)}}, "required": bool(row.needed)}
    elif tag == "hooks" or (tag == "partner" and method == "POST"):
        made["requestBody"] = {"content": {JSON: {"schema": True}}, "required": True}
        made["description"] = "The body is what the vendor documents, and so are the headers of its signature."
    return made


def _path_parameters(path: str, handler: HTTPRouteHandler) -> Iterator[Json]:
    types = _parameter_types(handler)
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            yield {"name": name, "in": "path", "required": True, "schema": dict(_PATHS[types.get(name, str)])}


def _parameter_types(handler: HTTPRouteHandler) -> Mapping[str, type]:
    found = {
        name: field.annotation
        for name, field in handler.parsed_fn_signature.parameters.items()
        if field.annotation in _PATHS
    }
    return MappingProxyType(found)


def _query_parameters(row: Operation) -> Iterator[Json]:
    for name, words in row.query.items():
        yield {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}


def _form(row: Operation) -> Json:
    fields = {**(row.form or {}), "_csrf_token": "The form's token, where it is not in the header X-CSRFToken."}
    schema: Json = {
        "type": "object",
        "properties": {name: {"type": "string", "description": words} for name, words in fields.items()},
    }
    return {**schema, "required": list(row.needed)} if row.needed else schema


def _responses(method: str, tag: str, row: Operation) -> Json:
    made: Json = {status: _answer(words, media) for status, (words, media) in row.answers.items()}
    if tag == "team" and method == "GET":
        made["303"] = _answer("Nobody is signed in and a browser asks: on to the sign-in form.", "")
    refusals = (*_ALWAYS[tag], *(_POSTED.get(tag, ()) if method == "POST" else ()), *_ONLY.get(row.id, ()))
    for status in refusals:
        name = f"{'Problem' if tag in _NO_PAGES else 'Refusal'}{status}"
        if status in made:
            # The page of the form itself, or the kind page: both are pages; a machine gets the problem document.
            made[status]["content"][PROBLEM] = {"schema": {"$ref": "#/components/schemas/Problem"}}
        else:
            made[status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(made.items()))


def _answer(words: str, media: str) -> Json:
    if media:
        return {"description": words, "content": {media: {} if media != PAGE else {"schema": {"type": "string"}}}}
    return {"description": words, "headers": {"Location": {"schema": {"type": "string"}}}}


def _components() -> Json:
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    page = {PAGE: {"schema": {"type": "string"}}}
    responses: Json = {}
    for status, words in _PROBLEMS.items():
        headers = {"headers": {"Retry-After": {"schema": {"type": "string"}}}} if status in _WITH_RETRY else {}
        responses[f"Problem{status}"] = {"description": words, "content": problem, **headers}
        responses[f"Refusal{status}"] = {"description": words, "content": {**problem, **page}, **headers}
    used = {"Problem": _ALWAYS["hooks"], "Refusal": tuple(_PROBLEMS)}
    return {
        "schemas": {"Problem": _problem_schema()},
        "responses": {name: answer for name, answer in responses.items() if name[-3:] in used[name[:-3]]},
        "securitySchemes": {
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "evenhand_session",
                "description": "The session; over https the cookie is called __Host-evenhand.",
            },
            "csrf": {
                "type": "apiKey",
                "in": "header",
                "name": "X-CSRFToken",
                "description": "The value of the cookie evenhand_csrf; a form may carry it as _csrf_token.",
            },
        },
    }


def _problem_schema() -> Json:
    return {
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "errors": {
                "type": "object",
                "description": "What to mend, by field.",
                "additionalProperties": {"type": "string"},
            },
            "saved": {"type": "object", "description": "What is saved, where another device was faster."},
        },
    }
