"""Whatever proves who somebody is, is compared in constant time."""

import re
from pathlib import Path

import pytest

import adapters
import orchestrator
from tests.unit.architecture.comparisons import hasty_comparisons, signature_makers
from tests.unit.architecture.sources import Source, calls, python

ADAPTERS, ORCHESTRATOR = (Path(package.__file__ or "").parent for package in (adapters, orchestrator))
CHECKED = (ADAPTERS, ORCHESTRATOR / "web", ORCHESTRATOR / "services")
# The address of a file has the digest of its content in it, which every page shows.
PUBLIC = ("web/assets.py",)
CHECKER = "adapters/kit/signatures.py"
# The ATSs that run for trials only sign, and links are looked up, not compared.
ONLY_SIGN = re.compile(r"adapters/\w+/(?:server|simulator)/|services/links\.py")
PATIENT = {"compare_digest", "verify_hmac", "verify_hmac_sha256"}
COMPARERS = {CHECKER, "web/metrics.py"}


@pytest.mark.parametrize(
    "text",
    [
        "if signature == made:\n pass",
        "ok = hmac.new(key, body, sha256).hexdigest() != given",
        "ok = given in (expected, other)",
        "ok = request.headers['x'] == self._bearer_token",
        "ok = expected.__eq__(given)",
        "ok = operator.eq(given, expected_mac)",
    ],
)
def test_a_hasty_comparison_is_found(text: str) -> None:
    """In every way in which it can be written."""
    assert hasty_comparisons(Source("bad.py", text))


@pytest.mark.parametrize(
    "text",
    [
        "ok = hmac.compare_digest(given, expected)",
        "q = select(SessionRow).where(SessionRow.token_hash == token_hash(given))",
        "ok = token is None or signature == ''",
        "ok = tokenizer == other",
        "ok = SIGNATURE in headers",
        "changed = key in expected and now.get(key) != expected[key]",
    ],
)
def test_what_gives_nothing_away_passes(text: str) -> None:
    """Constant time, the database, and whether there is anything at all."""
    assert hasty_comparisons(Source("good.py", text)) == []


def test_no_secret_is_compared_in_haste() -> None:
    """Signatures, digests and tokens, wherever strangers send them."""
    found = [line for source in python(*CHECKED) for line in hasty_comparisons(source)]
    assert [line for line in found if not line.startswith(PUBLIC)] == []
    assert found, "the rule looks at nothing"


def test_who_makes_an_hmac_checks_it_in_constant_time() -> None:
    """By ``hmac.compare_digest`` or by the kit, which does so; and the kit and the metrics do check."""
    sources = python(*CHECKED)
    makers = {line.partition(":")[0] for source in sources for line in signature_makers(source)}
    patient = {
        source.name for source in sources for name, _ in calls(source.tree) if name.rpartition(".")[2] in PATIENT
    }
    assert {name for name in makers if not ONLY_SIGN.match(name)} <= patient
    assert patient >= COMPARERS
