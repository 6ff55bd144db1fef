"""Static files and the themes."""

import re

from litestar.testing import TestClient

from orchestrator.web.assets import Assets, packaged_assets
from tests.fixtures.fake_services import candidate_app


def _block(css: str, opening: str) -> list[str]:
    found = re.search(re.escape(opening) + r"\s*\{(.*?)\}", css, re.DOTALL)
    assert found is not None, opening
    return [line.strip() for line in found.group(1).splitlines() if line.strip()]


def test_files_are_kept_for_a_year_under_their_hash() -> None:
    """An address with today's hash never needs to be asked for again; with an old one it does."""
    assets = packaged_assets()
    with TestClient(candidate_app()) as client:
        fresh = client.get(assets.url("css/base.css"))
        old = client.get("/static/0123456789abcdef/css/base.css")
        assert client.get(f"/static/{assets.digest}/css/nothing.css").status_code == 404
        assert client.get(f"/static/{assets.digest}/../app.py").status_code == 404
    assert fresh.headers["content-type"].startswith("text/css")
    assert "immutable" in fresh.headers["cache-control"]
    assert old.headers["cache-control"] == "no-cache"
    assert old.content == fresh.content


def test_the_hash_follows_the_content() -> None:
    """A change in any file changes every address."""
    assert Assets({"a": b"1"}).url("a") != Assets({"a": b"2"}).url("a")


def test_repeated_theme_blocks_are_equal() -> None:
    """The reader's setting and data-theme give the same colours (CSS cannot share the block)."""
    with TestClient(candidate_app()) as client:
        css = client.get(packaged_assets().url("css/themes.css")).text
    for media, theme in (
        ("(prefers-color-scheme: dark)", "dark"),
        ("(prefers-contrast: more)", "contrast"),
        ("(prefers-contrast: more) and (prefers-color-scheme: dark)", "contrast-dark"),
    ):
        automatic = _block(css.split(f"@media {media} {{")[1], ":root:not([data-theme])")
        assert automatic == _block(css, f'[data-theme="{theme}"]')


def test_themes_name_the_same_colours() -> None:
    """No theme lacks a colour that another has."""
    with TestClient(candidate_app()) as client:
        css = client.get(packaged_assets().url("css/themes.css")).text
    names = [
        {line.split(":")[0] for line in _block(css, f'[data-theme="{theme}"]')}
        for theme in ("light", "dark", "contrast", "contrast-dark")
    ]
    assert names[0] == names[1] == names[2] == names[3]
