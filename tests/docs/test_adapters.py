"""The table of adapters is current, and every proof that it names is a test."""

import inspect

import pytest

from adapters.contract.manifest import Capability
from adapters.kit.quality import RULES
from adapters.registry import VENDORS
from tests.adapters.suite import AdapterConformance
from tests.docs.adapters import CAPABILITIES, FILE, PROOFS, page, replaced
from tests.docs.pages import ROOT, text

METHODS = {name for name, _ in inspect.getmembers(AdapterConformance, inspect.isfunction) if name.startswith("test_")}


def test_the_page_is_current() -> None:
    """The file is what the code says now; `python -m tests.docs.adapters` writes it anew."""
    assert FILE.read_text("utf-8") == page()


def test_every_rule_and_capability_has_a_proof_that_exists() -> None:
    """A rule or a capability that nobody proves cannot be claimed."""
    assert set(PROOFS) == set(RULES)
    assert set(CAPABILITIES) == set(Capability)
    for name in {name for names in (*PROOFS.values(), *CAPABILITIES.values()) for name in names}:
        assert (ROOT / name).is_file() if "/" in name else name in METHODS, name


def test_own_tests_are_few() -> None:
    """Every vendor runs the suite; who replaces a test of it stands on the page, and most replace none."""
    own = {key: replaced(key) for key in VENDORS}
    assert sum(bool(tests) for tests in own.values()) <= len(VENDORS) // 4
    assert all(set(tests) <= METHODS for tests in own.values())


@pytest.mark.parametrize("key", sorted(set(VENDORS) - {"sandbox"}))
def test_every_vendor_tells_the_administrator_what_to_do(key: str) -> None:
    """Its README names every credential and option that is needed, and has more to say. (The sandbox is nobody's ATS.)"""
    page_of_it = text(f"adapters/{key}/README.md")
    manifest = VENDORS[key].manifest
    needed = [need.name for need in (*manifest.credentials, *manifest.options) if not need.optional]
    assert [name for name in needed if name not in page_of_it] == []
    assert len(page_of_it.splitlines()) > 20
