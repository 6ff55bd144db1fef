"""Notes between plain text and what Odoo keeps, which is HTML. Pure."""

from html import escape
from html.parser import HTMLParser

from typing_extensions import override

_ENDS_A_LINE = {"p", "div", "li", "tr"}


def to_html(body: str) -> str:
    """A plain text as Odoo shows it with its lines: nothing in it is read as markup."""
    return f"<p>{'<br>'.join(escape(line, quote=False) for line in body.splitlines())}</p>"


def html_to_text(body: str) -> str:
    """The text of a message, lines kept."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return "".join(reader.parts).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    @override
    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _ENDS_A_LINE:
            self.parts.append("\n")
