"""The API description as it stands in the documentation: ``python -m tests.docs.openapi`` writes it anew."""

import json
import tomllib
from typing import Any

from litestar import Litestar

from orchestrator.web.app import create_app
from orchestrator.web.candidate import CandidateController
from orchestrator.web.openapi import describe
from orchestrator.web.partner import partner
from orchestrator.web.team import team_routes
from orchestrator.web.webhooks import receive, receive_at_capability
from tests.docs.pages import ROOT, text

FILE = ROOT / "docs" / "reference" / "openapi.json"


def whole_app() -> Litestar:
    """Every route of the product. Its services are never asked."""
    return create_app(
        handlers=[CandidateController, *team_routes(), receive, receive_at_capability, partner],
        services=None,
        secret_key="a secret that signs nothing here",
        base_url="http://127.0.0.1",
    )


def document() -> dict[str, Any]:
    """The description of this version."""
    version: str = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    return describe(whole_app(), version=version)


def description() -> str:
    """The document as text."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(description(), "utf-8")
