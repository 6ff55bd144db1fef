"""Make what breaks something small, in a bounded number of tries."""

from collections.abc import Callable, Mapping

MOST_TRIES = 3_000


def shrink_bytes(body: bytes, breaks: Callable[[bytes], bool], *, most_tries: int = MOST_TRIES) -> bytes:
    """The smallest body found that still breaks: chunks are left out, ever smaller ones, until none can be."""
    tries = 0
    size = max(1, len(body) // 2)
    while size:
        at, smaller = 0, False
        while at < len(body) and tries < most_tries:
            tries += 1
            candidate = body[:at] + body[at + size :]
            if breaks(candidate):
                body, smaller = candidate, True
            else:
                at += size
        if tries >= most_tries:
            break
        if not smaller:
            size //= 2
    return body


def shrink_headers(headers: Mapping[str, str], breaks: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """The fewest and shortest headers found that still break."""
    kept = dict(headers)
    for name in headers:
        without = {other: value for other, value in kept.items() if other != name}
        if breaks(without):
            kept = without
        else:
            kept[name] = _shorter(name, kept, breaks)
    return kept


def _shorter(name: str, headers: Mapping[str, str], breaks: Callable[[dict[str, str]], bool]) -> str:
    """The shortest value found for one header: whole characters are left out, each as four bytes."""

    def holds(value: bytes) -> bool:
        return len(value) % 4 == 0 and breaks({**headers, name: value.decode("utf-32-le", "surrogatepass")})

    value = headers[name].encode("utf-32-le", "surrogatepass")
    return shrink_bytes(value, holds, most_tries=300).decode("utf-32-le", "surrogatepass")
