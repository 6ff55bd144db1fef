"""Which language a text is written in, told by its commonest little words. No model, and no answer where there are too few.

It asks one thing only: is this clearly another language than the one that the interview is held in? Dialect, mistakes, names
of products and words of code have no little words of another language, so they pass.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to a in is was i that it for with my they we have had this were on not be as at but she her his them"
        " from when what there so if about which our because then who me would could after before how did do you by or an",
        "de": "der die das und ich ist nicht ein eine einen einem einer zu den dem des mit auf für von war habe hatte wir sie es"
        " dass als auch wie bei nach aus noch oder wenn aber sich mich mein meine haben wurde dann so im am um zum zur man nur",
        "fr": "le la les et je est une un des du de que qui dans pour pas sur avec nous vous ce cette il elle au aux mon ma mes"
        " été était ont avait ai plus mais ou comme se sont son sa leur fait j'ai c'est d'un d'une lui ne très tout quand",
        "es": "el la los las y que de en un una es por con para no se su lo como más pero mi me fue era yo al del le cuando muy"
        " sin sobre este esta ya todo también hasta desde nos había ha he son porque ser si uno después donde entonces",
        "it": "il la le gli e di che è un una per con non sono mi ho ha del della dei nel nella alla al ma come più anche era"
        " questo questa lo si abbiamo hanno mio mia quando perché molto dopo stato stata fatto dal dalla ci se tutti poi",
        "nl": "de het een en van ik is dat niet in op te met voor was zijn er aan ook maar om heb had we wij ze hij naar bij die"
        " als uit nog dan wel door over mijn toen deze dit hebben werd kon omdat heeft geen wat daar kan meer hun",
        "pt": "o a os as e que de do da em um uma é por com para não se seu sua eu como mais mas foi era ao dos das no na nos nas"
        " meu minha me quando muito também já tem ter são ele ela isso esta este porque depois até pelo pela estava então",
    }.items()
}
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_MIN_WORDS = 8
_MIN_TELLING = 3
_MARGIN = 3
_MIN_SHARE = 0.12
_MIN_LETTERS = 12
_LATIN_END = 0x24F
_HALF = 0.5
# Latin letters with marks of Vietnamese and transcriptions lie behind the first blocks.
_MORE_LATIN = range(0x1E00, 0x1F00)


def other_language(text: str, expected: str) -> str | None:
    """Name the language (ISO 639-1) that a text is clearly in instead of ``expected``; None if it may be the expected one.

    ``expected`` may carry a region (``en-GB``). A text in another script than Latin is named ``und``. A language that this
    module does not know passes as whatever is expected.
    """
    wanted = expected[:2].casefold()
    if wanted not in _WORDS:
        return None
    letters = [letter for letter in unicodedata.normalize("NFC", text) if letter.isalpha()]
    if len(letters) >= _MIN_LETTERS and sum(map(_is_foreign, letters)) > _HALF * len(letters):
        return "und"
    words = [word.casefold().replace("’", "'") for word in _TOKEN.findall(text)]
    if len(words) < _MIN_WORDS:
        return None
    instead = {language: _instead(words, language, wanted) for language in _WORDS if language != wanted}
    likeliest = max(instead, key=lambda language: instead[language])
    return likeliest if instead[likeliest] else None


def function_share(text: str) -> float:
    """The share (0 to 1) of words that are little words of the language that fits best."""
    words = [word.casefold().replace("’", "'") for word in _TOKEN.findall(text)]
    return max(sum(word in known for word in words) for known in _WORDS.values()) / len(words) if words else 0.0


def _instead(words: Sequence[str], language: str, wanted: str) -> int:
    """How many words speak for a language and not for the wanted one; 0 if not clearly so.

    Only what one of the two has counts against the other: most neighbours share half of their little words.
    """
    known, ours = _WORDS[language], _WORDS[wanted]
    telling = sum(word in known and word not in ours for word in words)
    against = sum(word in ours and word not in known for word in words)
    if telling < max(_MIN_TELLING, _MARGIN * against, _MIN_SHARE * len(words)):
        return 0
    return sum(word in known for word in words)


def _is_foreign(letter: str) -> bool:
    return ord(letter) > _LATIN_END and ord(letter) not in _MORE_LATIN and unicodedata.category(letter) != "Lm"
