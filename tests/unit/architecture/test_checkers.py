"""Each checker finds the fault that it is there for, and lets the good twin pass."""

from collections.abc import Callable

import pytest

from tests.unit.architecture import checkers
from tests.unit.architecture.sources import Source, percentile

Checker = Callable[[Source], list[str]]

TRANSACTION = "async def f(self):\n async with self._database.transaction() as tx:\n  {}\n"
FINISH = "async def f(job):\n async with job.finish() as tx:\n  {}\n"
METHOD = """
class Service:
    async def run(self):
        async with self._database.transaction() as tx:
            await self._step(tx)
    async def _step(self, tx):
        await self._deeper(tx)
    async def _deeper(self, tx):
        await self._step(tx)
        {}
"""

BAD: list[tuple[Checker, str]] = [
    (checkers.broad_handlers, "try:\n f()\nexcept Exception:\n log()"),
    (checkers.broad_handlers, "try:\n f()\nexcept:\n pass"),
    (checkers.broad_handlers, "try:\n f()\nexcept (ValueError, BaseException) as e:\n raise Other from e"),
    (checkers.broad_handlers, "with contextlib.suppress(Exception):\n f()"),
    (checkers.client_makers, "c = httpx.AsyncClient(timeout=3)"),
    (checkers.client_makers, "with httpx.Client() as c:\n pass"),
    (checkers.client_makers, "httpx.get('http://localhost')"),
    (checkers.patch_calls, "monkeypatch.setattr('a.b', 1)"),
    (checkers.patch_calls, "mock.patch('a.b')"),
    (checkers.patch_calls, "with patch.object(a, 'b'):\n pass"),
    (checkers.patch_calls, "@patch('a.b')\ndef test(): ..."),
    (checkers.unfinished, "# TO" + "DO later"),
    (checkers.unfinished, "raise NotImplemented" + "Error"),
    (checkers.unfinished, "x = 1  # pragma: no " + "cover"),
    (checkers.claims, "<p>You were rejected.</p>"),
    (checkers.claims, "AI selected the best"),
    (checkers.claims, "A bias-free, objective reading"),
    (checkers.claims, "failed candidates"),
    (checkers.addresses, "--index-url https://registry.invalid/simple"),
    (checkers.addresses, "x @ file:///tmp/x.whl"),
    (checkers.calls_in_transactions, TRANSACTION.format("await c.adapter.read_fields(x)")),
    (checkers.calls_in_transactions, TRANSACTION.format("await self._mailer.send(m)")),
    (checkers.calls_in_transactions, FINISH.format("await self._grader.grade(m)")),
    (checkers.calls_in_transactions, FINISH.format("await take_token(d, k)")),
    (checkers.calls_in_transactions, FINISH.format("async with self._sync.exchange(c):\n   pass")),
    (checkers.calls_in_transactions, METHOD.format("await connection.adapter.write_fields(x)")),
]
GOOD: list[tuple[Checker, str]] = [
    (checkers.broad_handlers, "try:\n f()\nexcept ValueError:\n pass"),
    (checkers.broad_handlers, "try:\n f()\nexcept BaseException:\n undo()\n raise"),
    (checkers.client_makers, "c = adapters.kit.http.Http(url)\nawait c.get('x')"),
    (checkers.patch_calls, "monkeypatch.setenv('A', 'b')\nsetattr(a, 'b', 1)\nclient.patch_up()"),
    (checkers.unfinished, "# what is to do is done"),
    (checkers.claims, "<p>A person reads every answer. Our objections are noted.</p>"),
    (checkers.addresses, "httpx==0.28.1 \\\n    --hash=sha256:ab\n    # via evenhand (pyproject.toml)"),
    (checkers.calls_in_transactions, TRANSACTION.format("await rows.save(tx)") + " await c.adapter.read_fields(x)"),
    (checkers.calls_in_transactions, TRANSACTION.format("c.adapter.parse(h, b)")),
    (checkers.calls_in_transactions, METHOD.format("await rows.save(tx)")),
]


def _named(rows: list[tuple[Checker, str]]) -> list[object]:
    return [pytest.param(*row, id=f"{row[0].__name__}-{number}") for number, row in enumerate(rows)]


@pytest.mark.parametrize(("checker", "text"), _named(BAD))
def test_a_fault_is_found(checker: Checker, text: str) -> None:
    """Every rule can fail."""
    assert checker(Source("bad.py", text))


@pytest.mark.parametrize(("checker", "text"), _named(GOOD))
def test_what_is_right_passes(checker: Checker, text: str) -> None:
    """No rule fails on what it does not mean."""
    assert checker(Source("good.py", text)) == []


def test_sizes_are_counted_without_docstrings() -> None:
    """A function's size is its signature and its body."""
    text = 'def f(\n    a,\n):\n    """One.\n\n    Three.\n    """\n    return a\n\n\nclass C:\n    async def g(self):\n        return 1\n'
    assert list(checkers.function_sizes(Source("a.py", text))) == [("a.py:1 f", 4), ("a.py:12 g", 2)]


def test_banned_names_are_whole_names() -> None:
    """Files and folders count, parts of words do not."""
    names = ["a/utils.py", "a/helpers/b.py", "a/data.py", "a/database.py", "a/commonplace.py"]
    assert checkers.banned_names(names) == names[:3]


def test_a_table_without_its_class_is_found() -> None:
    """The class must be said, not only announced."""
    kinds = [("A", "A row. PII class: none."), ("B", "A row."), ("C", None), ("D", "PII class: ")]
    assert checkers.without_pii_class(kinds) == ["B", "C", "D"]


@pytest.mark.parametrize(("share", "value"), [(0.9, 9), (0.91, 10), (1.0, 10), (0.05, 1)])
def test_percentile(share: float, value: int) -> None:
    """Of ten values, nine do not exceed the ninth."""
    assert percentile(list(range(10, 0, -1)), share) == value
