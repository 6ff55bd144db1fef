"""Addresses: whether they are this machine, whether what goes there can be read, and whether two are the same place."""

import ipaddress
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """The host of an address, or of a bare host and port; empty where there is none."""
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""


def is_local(url: str) -> bool:
    """Whether an address, or a bare host, is this machine itself."""
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def in_clear(url: str) -> bool:
    """Whether what goes there can be read on the way."""
    return url.startswith("http://") and not is_local(url)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, with the usual port where none is named; empty for what is no address."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None


def path_of(url: str) -> str:
    """The path without a slash at its end; empty for what is no address."""
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
