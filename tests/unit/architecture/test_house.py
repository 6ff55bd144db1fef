"""The house as it stands obeys its rules."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import orchestrator
import orchestrator.db.models
from orchestrator.db.base import Base
from orchestrator.work import table
from tests.unit.architecture import checkers
from tests.unit.architecture.sources import PRODUCT, ROOT, TESTS, Source, percentile, python, texts

ORCHESTRATOR = Path(orchestrator.__file__ or "").parent
PAGES = (ORCHESTRATOR / "web" / "templates", ORCHESTRATOR / "mail" / "templates")
WORDS_IN_CODE = ("web/phrases.py", "web/answers_text.py", "web/errors.py", "domain/notice.py", "domain/writeback.py")
# The one place that may catch everything: whatever a handler did not foresee is kept as a retry.
BOUNDARIES = {"orchestrator/work/worker.py"}
CLIENT_MAKERS = ("adapters/kit/http.py", "orchestrator/demo/")
MOST_PATCHES = 20


def _all(sources: list[Source], checker: Callable[[Source], list[str]]) -> list[str]:
    return [complaint for source in sources for complaint in checker(source)]


def test_no_file_is_too_long() -> None:
    """No Python file has more than 500 lines, and nine of ten files of the product at most 250."""
    lines = {source.name: source.text.count("\n") for source in python(*PRODUCT, *TESTS)}
    assert {name: count for name, count in lines.items() if count > 500} == {}
    assert percentile([source.text.count("\n") for source in python(*PRODUCT)], 0.9) <= 250


def test_no_function_is_too_long() -> None:
    """No function has more than 80 lines, and nine of ten at most 30, docstrings not counted."""
    sizes = [size for source in python(*PRODUCT) for size in checkers.function_sizes(source)]
    assert [size for size in sizes if size[1] > 80] == []
    assert percentile([count for _, count in sizes], 0.9) <= 30


def test_modules_are_named_for_what_they_hold() -> None:
    """No module is called after nothing in particular."""
    assert checkers.banned_names(source.name for source in python(*PRODUCT, *TESTS)) == []


def test_alembic_is_no_package() -> None:
    """A package of that name would hide the library of that name."""
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert Path(importlib.import_module("alembic.command").__file__ or "").parent.parent != ROOT


def test_only_the_boundary_catches_everything() -> None:
    """A broad handler anywhere else hides a defect."""
    found = _all(python(*PRODUCT, *TESTS), checkers.broad_handlers)
    assert {complaint.partition(":")[0] for complaint in found} == BOUNDARIES
    assert len(found) == len(BOUNDARIES)


def test_only_the_kit_makes_a_client() -> None:
    """Every request to an ATS goes through the kit, with its host check; the demo drives the pages as a browser would."""
    makers = _all(python(*PRODUCT), checkers.client_makers)
    assert [maker for maker in makers if not maker.startswith(CLIENT_MAKERS)] == []
    assert [maker for maker in makers if maker.startswith("adapters/kit/http.py")], "the rule looks at nothing"


def test_every_table_says_what_it_tells_of_people() -> None:
    """Retention and erasure read it: each model's docstring, and each plain table's comment, names its PII class."""
    for module in pkgutil.iter_modules(orchestrator.db.models.__path__, "orchestrator.db.models."):
        importlib.import_module(module.name)
    models = [(mapper.class_.__name__, mapper.class_.__doc__) for mapper in Base.registry.mappers]
    mapped = {mapper.local_table.key for mapper in Base.registry.mappers if hasattr(mapper.local_table, "key")}
    plain = [(str(t.name), t.comment) for t in Base.metadata.sorted_tables if t.key not in mapped]
    assert len(models) > 15
    assert {name for name, _ in plain} >= {table.work.name}
    assert checkers.without_pii_class([*models, *plain]) == []


def test_tests_replace_next_to_nothing() -> None:
    """Fakes behind ports, not patches: at most twenty in the whole suite."""
    assert len(_all(python(*TESTS), checkers.patch_calls)) <= MOST_PATCHES


def test_nothing_leaves_the_house_inside_a_transaction() -> None:
    """No request, mail or grading while a transaction is open: it would hold locks for as long as a stranger likes."""
    sources = [source for source in python(ORCHESTRATOR) if "/demo/" not in source.name]
    assert _all(sources, checkers.calls_in_transactions) == []


def test_no_page_and_no_mail_claims_too_much() -> None:
    """Nobody is told that software selected or turned away, or that it is free of error."""
    spoken = [source for source in python(ORCHESTRATOR) if source.name.removeprefix("orchestrator/") in WORDS_IN_CODE]
    assert len(spoken) == len(WORDS_IN_CODE)
    assert _all([*texts(*PAGES), *spoken], checkers.claims) == []


def test_lock_files_name_no_host() -> None:
    """Where packages come from is the business of whoever installs them."""
    locks = [Source(path.name, path.read_text(encoding="utf-8")) for path in ROOT.glob("*.lock")]
    assert {lock.name for lock in locks} == {"requirements.lock", "requirements-dev.lock", "requirements-bench.lock"}
    assert _all(locks, checkers.addresses) == []


def test_nothing_is_left_unfinished() -> None:
    """No note to oneself, no stub, and no line hidden from the coverage."""
    assert _all(texts(*PRODUCT, *TESTS, ROOT / "docs", ROOT / "alembic"), checkers.unfinished) == []
