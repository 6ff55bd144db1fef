"""Style sheets, scripts and pictures: read once from the package, served under a URL that carries their hash.

The hash covers all files together, so that one file may name another by a relative path, and so that every answer may be
kept for a year. A URL with an old hash still answers (an old page may ask during a deploy), but is not kept.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

PREFIX = "/static"
_KEEP = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Assets:
    """The files under ``static/``; ``url`` gives their addresses."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = dict(contents)
        digest = hashlib.sha256()
        for name in sorted(self._contents):
            digest.update(name.encode() + b"\0" + self._contents[name] + b"\0")
        self.digest = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Address of a file.

        Raises:
            KeyError: there is no such file; a page must not name it.
        """
        if name not in self._contents:
            raise KeyError(name)
        return f"{PREFIX}/{self.digest}/{name}"

    def handler(self) -> HTTPRouteHandler:
        """The route that serves the files."""

        @get(f"{PREFIX}/{{digest:str}}/{{name:path}}", include_in_schema=False)
        async def asset(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
            content = self._contents.get(name.lstrip("/"))
            if content is None:
                raise NotFoundException
            return Response(
                content,
                media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                headers={"Cache-Control": _KEEP if digest == self.digest else _ASK_AGAIN},
            )

        return asset


@cache
def packaged_assets() -> Assets:
    """The files that the package ships."""
    return Assets(dict(_walk(files("orchestrator.web") / "static", "")))


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found.extend(_walk(entry, f"{prefix}{entry.name}/"))
        else:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
