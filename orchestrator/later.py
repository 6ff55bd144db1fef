"""Imports that wait until they are needed."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def later(module: str, name: str) -> Callable[..., Any]:
    """Stand for a function whose module is imported when it is first called.

    For the few that take longer to import than everything else and that most processes never call. Import the function
    under TYPE_CHECKING as well, so that its calls stay checked.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return call
