"""How long a comparison takes must not tell how much of a guess was right: ``==`` stops at the first difference."""

import ast
import re

from tests.unit.architecture.sources import Source, calls, dotted

SECRET_WORDS = {
    "signature",
    "signatures",
    "digest",
    "hexdigest",
    "token",
    "tokens",
    "mac",
    "hmac",
    "expected",
}


def hasty_comparisons(source: Source) -> list[str]:
    """Comparisons by ``==``, ``!=``, ``in`` or ``__eq__`` of something that is named as a secret is."""
    found = [
        f"{source.name}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare) and _about_a_secret(_compared(node))
    ]
    called = [
        f"{source.name}:{call.lineno}"
        for name, call in calls(source.tree)
        if name.endswith(("__eq__", "operator.eq", "operator.ne")) and _about_a_secret([call.func, *call.args])
    ]
    return found + called


def signature_makers(source: Source) -> list[str]:
    """Where an HMAC is made, which somebody may then compare."""
    return [f"{source.name}:{call.lineno}" for name, call in calls(source.tree) if name in {"hmac.new", "hmac.digest"}]


def _compared(node: ast.Compare) -> list[ast.expr]:
    """What is compared one by one: the sides of ``==``, the members of a tuple; the keys of a mapping are hashed."""
    sides: list[ast.expr] = []
    for left, kind, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        if isinstance(kind, ast.Eq | ast.NotEq):
            sides += [left, right]
        elif isinstance(kind, ast.In | ast.NotIn) and isinstance(right, ast.Tuple | ast.List | ast.Set):
            sides += [left, *right.elts]
    return sides


def _about_a_secret(sides: list[ast.expr]) -> bool:
    """Whether one is named so, and none is a constant (the name of a header) or a column (the database compares)."""
    if any(_is_constant(side) or _is_column(side) for side in sides):
        return False
    return any(set(_words(side)) & SECRET_WORDS for side in sides)


def _words(side: ast.expr) -> list[str]:
    # expected[key] is a value of a field, as the caller of write_fields knew it.
    name = dotted(side.value).removesuffix("expected") if isinstance(side, ast.Subscript) else dotted(side)
    return re.split(r"[._]", name.lower())


def _is_constant(side: ast.expr) -> bool:
    return isinstance(side, ast.Constant) or dotted(side).rpartition(".")[2].isupper()


def _is_column(side: ast.expr) -> bool:
    # SessionRow.token_hash, work.c.token: SQLAlchemy makes a condition of it.
    name = dotted(side)
    return isinstance(side, ast.Attribute) and (name.partition(".")[0].endswith("Row") or ".c." in name)
