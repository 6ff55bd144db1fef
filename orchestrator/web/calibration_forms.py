"""What the forms of calibration send: levels and notes by competency, and what a new session is made of."""

from uuid import UUID

from litestar.datastructures import FormMultiDict

from orchestrator.domain.calibration import LONGEST_NOTE, Rating
from orchestrator.errors import InputInvalid
from orchestrator.services.calibration.views import ItemView, NewSession
from orchestrator.web.typed import cleaned

NOT_ENOUGH = "none"
_LEVELS = frozenset("12345")
_LONGEST_TITLE = 120


def one(form: FormMultiDict, name: str) -> str:
    """The value of a field; empty where it is missing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def every(form: FormMultiDict, name: str) -> tuple[str, ...]:
    """The values of all fields of a name, such as the boxes that were ticked."""
    return tuple(value for value in form.getall(name, []) if isinstance(value, str))


def chosen(form: FormMultiDict) -> NewSession:
    """What a new session is made of.

    Raises:
        InputInvalid: the title is too long, or something was chosen that is on no list.
    """
    title = " ".join(cleaned(one(form, "title")).split())
    if len(title) > _LONGEST_TITLE:
        words = f"Please keep the title under {_LONGEST_TITLE} characters."
        raise InputInvalid(words, fields={"title": words})
    return NewSession(
        title=title,
        rubric=cleaned(one(form, "rubric")),
        interviews=_ids(form, "interviews"),
        gold=tuple(cleaned(key) for key in every(form, "gold")),
        raters=_ids(form, "raters"),
    )


def _ids(form: FormMultiDict, name: str) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(value) for value in every(form, name))
    except ValueError:
        words = "Please choose from the list."
        raise InputInvalid(words, fields={name: words}) from None


def ratings_in(form: FormMultiDict) -> dict[str, Rating]:
    """Levels and notes by competency; what was not chosen is left out.

    Raises:
        InputInvalid: a note without a level, or a note that is too long.
    """
    given: dict[str, Rating] = {}
    wrong: dict[str, str] = {}
    names = dict.fromkeys(name.partition("-")[2] for name in form if name.startswith(("level-", "note-")))
    for competency in names:
        level, note = one(form, f"level-{competency}"), cleaned(one(form, f"note-{competency}")).strip()
        if len(note) > LONGEST_NOTE:
            wrong[f"note-{competency}"] = f"Please keep the note under {LONGEST_NOTE:,} characters."
        elif level == NOT_ENOUGH or level in _LEVELS:
            given[cleaned(competency)] = Rating(None if level == NOT_ENOUGH else int(level), note)
        elif level or note:
            wrong[f"level-{competency}"] = "Choose a level, or “not enough evidence”."
    if wrong:
        raise InputInvalid(next(iter(wrong.values())), fields=wrong)
    return given


def kept(view: ItemView) -> dict[str, str]:
    """What the form's fields hold at first: one's own rating, or what was agreed."""
    values: dict[str, str] = {}
    for competency in view.competencies:
        rating = competency.agreed if view.may_agree else competency.mine
        if rating is not None:
            values[f"level-{competency.id}"] = NOT_ENOUGH if rating.level is None else str(rating.level)
            values[f"note-{competency.id}"] = rating.note
    return values
