"""The conformance suite × every adapter, with each proof: ``python -m tests.docs.adapters`` writes docs/adapters.md anew."""

import importlib
import importlib.util
import inspect
from collections.abc import Mapping, Sequence

from adapters.contract.manifest import Capability
from adapters.kit.quality import RULES, Exempt
from adapters.registry import VENDORS, quality
from tests.adapters import main_job
from tests.adapters.suite import AdapterConformance
from tests.docs.pages import ROOT

FILE = ROOT / "docs" / "adapters.md"

PROOFS: Mapping[str, tuple[str, ...]] = {
    "signature-bad": ("test_signature_bad",),
    "signature-missing": ("test_signature_missing",),
    "signature-rotation": ("test_signature_rotation",),
    "signature-empty-secret": ("test_signature_empty_secret",),
    "signature-stale": ("test_signature_stale",),
    "signature-byte-exact": ("test_signature_byte_exact",),
    "event-ping": ("test_event_ping",),
    "event-unknown": ("test_event_unknown", "test_event_broken"),
    "event-duplicate": ("test_event_duplicate", "test_event_entry"),
    "capabilities-exercised": ("test_unclaimed", "test_claims"),
    "errors-by-status": (
        "test_errors_permanent",
        "test_errors_scope",
        "test_errors_server",
        "test_errors_network",
        "test_errors_drift",
    ),
    "rate-limit-retry-after": ("test_rate_limit_retry_after", "test_rate_limit_http_date"),
    "paging-ends": ("test_polling",),
    "allowed-hosts": ("test_allowed_hosts",),
    "no-secret-in-logs": ("test_no_secret_in_logs",),
    "outcome-unknown-read-back": ("test_outcome_unknown",),
    "no-disposition": ("tests/adapters/test_no_rejection.py",),
    "advance-refuses-terminal": ("tests/adapters/test_no_rejection.py",),
    "admin-readme": ("tests/docs/test_adapters.py",),
}
"""By rule of the quality files: the tests of the suite, or the file, that prove it for every vendor."""

CAPABILITIES: Mapping[Capability, tuple[str, ...]] = {
    Capability.WEBHOOKS: ("test_event_stage_changed", "test_event_duplicate"),
    Capability.SIGNED_WEBHOOKS: ("test_signature_accepted", "test_signature_bad", "test_signature_rotation"),
    Capability.POLLING: ("test_polling",),
    Capability.STAGES: ("test_stages",),
    Capability.CUSTOM_FIELDS: ("test_fields",),
    Capability.CONDITIONAL_WRITES: ("test_conditional_writes",),
    Capability.NOTES: ("test_notes",),
    Capability.PRIVATE_NOTES: ("test_notes",),
    Capability.ADVANCE: ("test_advance",),
}
"""By capability: the test of the suite that exercises it where it is claimed."""


def classes(key: str, module: str, base: type) -> list[str]:
    """The vendor's own test classes on a base, as test ids."""
    name = f"tests.adapters.{key}.{module}"
    if importlib.util.find_spec(name) is None:
        return []
    found = inspect.getmembers(importlib.import_module(name), inspect.isclass)
    path = f"tests/adapters/{key}/{module}.py"
    return [f"{path}::{label}" for label, one in found if issubclass(one, base) and one is not base]


def conformance(key: str) -> str:
    """The id of the class that runs the suite for a vendor; raises LookupError where none does."""
    found = classes(key, "test_conformance", AdapterConformance)
    if len(found) != 1:
        raise LookupError(f"tests/adapters/{key}/test_conformance.py has no class of its own on AdapterConformance")
    return found[0]


def replaced(key: str) -> tuple[str, ...]:
    """Tests of the suite in whose place a vendor has its own."""
    path, _, name = conformance(key).partition("::")
    own = vars(getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name))
    return tuple(sorted(method for method in own if method.startswith("test_") and hasattr(AdapterConformance, method)))


def page() -> str:
    """The page of this version."""
    keys = sorted(VENDORS)
    parts = [_HEAD, *_capabilities(keys), "", _RULES, *_rules(keys), "", _EXEMPT]
    parts += [*_exemptions(keys), "", _PROOFS, *_proofs(keys)]
    return "\n".join(parts) + "\n"


def _capabilities(keys: Sequence[str]) -> list[str]:
    def cell(key: str, capability: Capability) -> str:
        return "yes" if capability in VENDORS[key].manifest.capabilities else "–"

    rows = [
        [
            f"[{VENDORS[key].manifest.title}](../adapters/{key}/README.md)",
            *(cell(key, one) for one in Capability),
            VENDORS[key].manifest.entry.value,
            "yes" if _main_job(key) else "–",
            "yes" if _ordered(key) else "–",
        ]
        for key in keys
    ]
    names = [one.value.replace("_", " ") for one in Capability]
    return _table(["ATS", *names, "a stage entry is known by", "main job", "orders"], rows)


def _rules(keys: Sequence[str]) -> list[str]:
    grades = {key: quality(key) for key in keys}

    def cell(key: str, rule: str) -> str:
        grade = grades[key][rule]
        return "exempt" if isinstance(grade, Exempt) else grade

    rows = [[f"`{rule}`", *(cell(key, rule) for key in keys)] for rule in RULES]
    return _table(["rule", *keys], rows)


def _exemptions(keys: Sequence[str]) -> list[str]:
    rows = [
        [key, f"`{rule}`", grade.exempt]
        for key in keys
        for rule, grade in quality(key).items()
        if isinstance(grade, Exempt)
    ]
    return _table(["ATS", "rule", "why"], rows)


def _proofs(keys: Sequence[str]) -> list[str]:
    rules = [[f"`{rule}`", _ids(PROOFS[rule])] for rule in RULES]
    able = [[one.value.replace("_", " "), _ids(CAPABILITIES[one])] for one in Capability]
    runs = [
        [
            key,
            f"`{conformance(key)}`",
            _ids(replaced(key)) or "–",
            _ids(_main_job(key)) or "–",
            _ids(_ordered(key)) or "–",
        ]
        for key in keys
    ]
    return [
        *_table(["rule", "proved by"], rules),
        "",
        *_table(["capability", "proved by"], able),
        "",
        *_table(["ATS", "runs the suite", "with tests of its own for", "runs the main job", "takes orders"], runs),
    ]


def _main_job(key: str) -> list[str]:
    return classes(key, "test_main_job", main_job.MainJob)


def _ordered(key: str) -> list[str]:
    """The test that orders an interview in a vendor where one can be ordered; raises LookupError where there is none."""
    if VENDORS[key].orders is None:
        return []
    path = f"tests/adapters/{key}/test_orders.py"
    if not (ROOT / path).is_file():
        raise LookupError(f"{path}: interviews can be ordered in {key}, and no test orders one")
    return [path]


def _ids(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


_HEAD = """# Adapters

Written by `python -m tests.docs.adapters` from the code; a test compares it. Every adapter passes one suite
(`tests/adapters/suite.py`) against a simulator of its vendor, over HTTP. How to add one: [Add an ATS](adding-an-adapter.md).

## What each can do

What is not claimed is refused before anything is sent. *Main job*: the whole of Evenhand ran against the vendor's
simulator, with faults switched on. *Orders*: a recruiter orders the interview in the ATS, as
[Order an interview](how-to/order-an-interview.md) says, with faults switched on and the result back at the order.
"""
_RULES = """## The suite × every adapter

*done*: the tests below pass. *exempt*: the rule does not apply, for the reason in the next table.
"""
_EXEMPT = """## Exemptions
"""
_PROOFS = """## Proofs

A test without a path is a method of the suite: its id is the vendor's class below, two colons, and the name. A vendor that
cannot do it the usual way has a test of its own of the same name.
"""

if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
