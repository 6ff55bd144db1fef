"""House rules that no linter knows, as pure functions: sources in, complaints out."""

import ast
import re
from collections.abc import Iterable, Iterator

from tests.unit.architecture.sources import Source, calls, dotted

BANNED_MODULES = {"utils", "util", "common", "helpers", "helper", "manager", "data", "info"}
CLIENTS = {"httpx.AsyncClient", "httpx.Client", "AsyncClient"}
SHORTCUTS = {
    f"httpx.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
}
BROAD = {"Exception", "BaseException"}
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + r"Error|pragma:\s*no " + r"cover")
# Claims that nobody can make of an interview scored by software, and words that put an end into its mouth.
CLAIMS = re.compile(
    r"(?i)\bAI[- ]selected\b|\breject(?:ed|ion|s)?\b|\bfail(?:ed|ing)? candidates?\b|\b(?:bias|error)[- ]free\b|\bunbiased\b|\bobjective(?:ly)?\b"
)
# Receivers whose calls leave the house. An adapter's verify and parse are pure and do not.
OUTGOING = {"adapter", "ats", "_mailer", "mailer", "_grader", "grader", "_sync", "httpx", "_client", "client", "_http"}
PURE_VERBS = {"verify", "parse"}


def function_sizes(source: Source) -> Iterator[tuple[str, int]]:
    """Name and lines of each function, without decorators and docstring."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            told = (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            )
            docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if told else 0
            yield (
                f"{source.name}:{node.lineno} {node.name}",
                (node.end_lineno or node.lineno) - node.lineno + 1 - docstring,
            )


def banned_names(names: Iterable[str]) -> list[str]:
    """Module and folder names that say nothing."""
    return [name for name in names if set(name.removesuffix(".py").split("/")) & BANNED_MODULES]


def broad_handlers(source: Source) -> list[str]:
    """Handlers that swallow everything. One that ends by raising again swallows nothing."""
    found = [
        f"{source.name}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_again(node)
    ]
    suppressed = [
        f"{source.name}:{call.lineno}"
        for name, call in calls(source.tree)
        if name.endswith("suppress") and any(_is_broad(kind) for kind in call.args)
    ]
    return found + suppressed


def _is_broad(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or dotted(one) in BROAD for one in kinds)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def client_makers(source: Source) -> list[str]:
    """Where an HTTP client of httpx is made, or a request sent without one."""
    return [f"{source.name}:{call.lineno} {name}" for name, call in calls(source.tree) if name in CLIENTS | SHORTCUTS]


def patch_calls(source: Source) -> list[str]:
    """Where a test replaces something under the feet of the code."""
    return [f"{source.name}:{call.lineno}" for name, call in calls(source.tree) if _patches(name)]


def _patches(name: str) -> bool:
    *owner, verb = name.split(".")
    if verb in {"setattr", "delattr", "setitem"}:
        return bool(owner)
    return verb in {"patch", "create_autospec"} or (verb in {"object", "dict", "multiple"} and owner[-1:] == ["patch"])


def unfinished(source: Source) -> list[str]:
    """Notes to oneself, stubs, and lines hidden from the coverage."""
    return [f"{source.name}: {found.group()}" for found in UNFINISHED.finditer(source.text)]


def claims(source: Source) -> list[str]:
    """Words that no page and no mail may say."""
    return [f"{source.name}: {found.group()}" for found in CLAIMS.finditer(source.text)]


def addresses(source: Source) -> list[str]:
    """Addresses of any host, and options that name a registry: a lock file holds names, versions and hashes only."""
    return re.findall(r"[a-z+]+://\S+|--(?:extra-)?index-url\S*|--find-links\S*|\s@\s\S+", source.text)


def calls_in_transactions(source: Source) -> list[str]:
    """Calls that leave the house while a transaction is open, in its block or in the methods that the block calls."""
    found: list[str] = []
    for owner in (node for node in ast.walk(source.tree) if isinstance(node, ast.Module | ast.ClassDef)):
        methods = {node.name: node for node in owner.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        for method in methods.values():
            for block in _transactions(method):
                found += [f"{source.name}:{line} {name}" for line, name in _outgoing(block, methods, frozenset())]
    return list(dict.fromkeys(found))


def _transactions(node: ast.AST) -> Iterator[ast.Module]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.AsyncWith) and any(_opens_one(item.context_expr) for item in inner.items):
            yield ast.Module(body=inner.body, type_ignores=[])


def _opens_one(expression: ast.expr) -> bool:
    name = dotted(expression)
    return name.endswith((".transaction", ".finish")) or name == "transaction"


def _outgoing(
    node: ast.AST, methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef], seen: frozenset[str]
) -> Iterator[tuple[int, str]]:
    for name, call in calls(node):
        *owner, verb = name.split(".")
        if name == "take_token" or (set(owner) & OUTGOING and verb not in PURE_VERBS):
            yield call.lineno, name
        called = verb if owner in ([], ["self"]) else ""
        if called in methods and called not in seen:
            yield from _outgoing(methods[called], methods, seen | {called})


def without_pii_class(kinds: Iterable[tuple[str, str | None]]) -> list[str]:
    """Names of tables whose description does not say what it tells of people."""
    return [name for name, description in kinds if not re.search(r"PII class: \w", description or "")]
