"""What may be written down of an error: its types and places, never its words."""

import traceback
from collections.abc import Iterator


def trace(error: BaseException) -> str:
    """The types along the chain of causes, then the frames of each, outermost first.

    An error's words may repeat what it was given: an answer, an address, a password.
    """
    chain = list(_chain(error))
    names = " from ".join(type(one).__name__ for one in chain)
    frames = [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for one in chain
        for frame, line in traceback.walk_tb(one.__traceback__)
    ]
    return f"{names} at {'; '.join(frames)}" if frames else names


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
