"""Blinding: nothing held stays in sight, and the way back is verbatim (N8, N6)."""

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.domain.blinding import Blinded, Replacement, Span, blind, identity_parts

LETTERS = st.sampled_from("abABse éßü明_1@.-+' \n(0)/")
TEXTS = st.text(LETTERS, max_size=60)
NAMES = st.lists(st.text(st.sampled_from("abABseéßü明 -'"), min_size=1, max_size=5), max_size=3)
CONTACTS = st.lists(st.text(st.sampled_from("ab1@.-+0"), min_size=1, max_size=6), max_size=2)
PLACEHOLDERS = re.compile(r"\[(?:name|contact|link)\]")


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _has_word(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(_plain(word))}(?![^\W_])", _plain(text), re.IGNORECASE) is not None


@given(TEXTS, NAMES, CONTACTS)
def test_nothing_held_survives(text: str, names: list[str], contacts: list[str]) -> None:
    """Between the neutral words there is no held name as a whole word, and no held contact anywhere."""
    between = PLACEHOLDERS.sub("\x00", blind(text, names=names, contacts=contacts).text)
    assert not [name for name in names if _has_word(name, between)]
    assert not [contact for contact in contacts if contact.lower() in between.lower()]


@given(TEXTS, NAMES, CONTACTS)
def test_the_way_back_is_verbatim(text: str, names: list[str], contacts: list[str]) -> None:
    """Putting each original back in place of its neutral word gives the text, letter by letter."""
    blinded = blind(text, names=names, contacts=contacts)
    at, pieces = 0, []
    for replacement in blinded.replacements:
        assert replacement.blinded.start >= at
        assert PLACEHOLDERS.fullmatch(blinded.text[replacement.blinded.start : replacement.blinded.end])
        pieces.append(blinded.text[at : replacement.blinded.start])
        pieces.append(text[replacement.original.start : replacement.original.end])
        at = replacement.blinded.end
    assert "".join([*pieces, blinded.text[at:]]) == text


@given(TEXTS, NAMES, CONTACTS, st.data())
def test_any_span_maps_to_the_original_words(
    text: str, names: list[str], contacts: list[str], data: st.DataObject
) -> None:
    """A span that touches nothing replaced is the same words; any other covers every replacement it touches."""
    blinded = blind(text, names=names, contacts=contacts)
    start = data.draw(st.integers(0, len(blinded.text)))
    end = data.draw(st.integers(start, len(blinded.text)))
    assume(end > start)
    span = blinded.original_span(start, end)
    assert 0 <= span.start <= span.end <= len(text)
    if not blinded.touches(start, end):
        assert text[span.start : span.end] == blinded.text[start:end]
    for replacement in blinded.replacements:
        if replacement.blinded.start < end and start < replacement.blinded.end:
            assert span.start <= replacement.original.start
            assert replacement.original.end <= span.end


@pytest.mark.parametrize(
    ("text", "blinded"),
    [
        ("I am Ada Quill.", "I am [name]."),
        ("ADA's notes, ada, Adam", "[name]'s notes, [name], Adam"),
        ("Write to ada.quill@example.org or x@y.example today", "Write to [contact] or [contact] today"),
        ("Call +44 20 7946 0018 please", "Call [contact] please"),
        ("see https://example.org/ada?x=1 and www.example.org", "see [link] and [link]"),
        ("I solved 1200 tickets in 2024", "I solved 1200 tickets in 2024"),
        ("0.013824 and 1 - 0.457324 of 4.294.967.296", "0.013824 and 1 - 0.457324 of 4.294.967.296"),
        ("from 2024-01-15 to 3.11.2024, 2019 - 2023", "from 2024-01-15 to 3.11.2024, 2019 - 2023"),
        ("(030) 123 456 or 212.555.1234 or 0170-1234567", "([contact] or [contact] or [contact]"),
        ("Jose and José and Jose\u0301", "[name] and [name] and [name]"),
        ("O’Neil", "[name]"),
        ("0170 1234567Ada", "0170 [contact][name]"),
        ("", ""),
    ],
)
def test_examples(text: str, blinded: str) -> None:
    """Names in any case, accent and apostrophe, held contacts, and all that looks like contact data."""
    names = identity_parts("Ada Quill", "José O'Neil")
    assert blind(text, names=names, contacts=("ada.quill@example.org", "1234567", "")).text == blinded


def test_two_matches_that_overlap_leave_no_rest() -> None:
    """The end of an address that begins inside a name is taken out as well."""
    assert blind("Ask Ada Q.hill@example.org", names=("Ada Q", ""), contacts=()).text == "Ask [name]"


def test_a_name_in_another_script_is_not_taken_for_its_first_sounds() -> None:
    """Only accents are taken off: a Korean syllable stays itself."""
    assert blind("나는 김 씨", names=("김", "기"), contacts=()).text == "나는 [name] 씨"
    assert blind("나는 기 씨", names=("김",), contacts=()).text == "나는 기 씨"


@pytest.mark.parametrize(
    ("text", "blinded"),
    [
        ("anna_smith or anna.smith or smith-anna", "[name] or [name] or [name]"),
        ("AnnaSmith, annasmith, SmithAnna, annasmith92, AnnaSmithDev", "[name], [name], [name], [name]92, [name]Dev"),
        ("Annas Kollege, Smiths Team, Anna’s", "[name]s Kollege, [name]s Team, [name]’s"),
        ("Annasx, Hannas, Susanna, Los, Lob", "Annasx, Hannas, Susanna, Los, Lob"),
        ("我叫Anna。Anna는", "我叫[name]。[name]는"),
        ("Smith, Anna", "[name], [name]"),
        ("xAnna-Smith-Anna", "x[name]"),
        ("xanna-smith-anna", "xanna-[name]"),
    ],
)
def test_names_in_handles_and_genitives(text: str, blinded: str) -> None:
    """Underscores, run-together names, humps, digits and a genitive s hide no name; longer words stay."""
    assert blind(text, names=identity_parts("Anna Smith", "Lo"), contacts=()).text == blinded


@pytest.mark.parametrize(
    ("name", "spellings", "others"),
    [
        ("Müller", ("Müller", "Muller", "Mueller", "MÜLLER", "Mu\u0308ller", "Müllers"), ("Müll", "Muellerei")),
        ("Mueller", ("Müller", "Mueller", "Mu\u0308ller"), ("Muller",)),
        ("Weiß", ("Weiß", "Weiss", "WEISS", "WEIẞ"), ("Weis",)),
        ("Strauss", ("Strauß", "Strauss"), ("Straus",)),
        ("Doe", ("Doe", "Does", "Dö"), ("do", "done")),
        ("O'Neil", ("O’Neil", "oneil", "O'Neil"), ("Neil",)),
        ("Ada B Quill", ("AdaBQuill", "ada.b.quill", "Ada B. Quill"), ("ada b quilling",)),
    ],
)
def test_spellings_of_one_name(name: str, spellings: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Umlauts and sharp s are found in both spellings, marks and separators may be left out; no other word is."""
    for spelling in spellings:
        assert re.fullmatch(r"a \[name\]s? b", blind(f"a {spelling} b", names=(name,), contacts=()).text), spelling
    for other in others:
        assert blind(f"a {other} b", names=(name,), contacts=()).replacements == (), other


@pytest.mark.parametrize(
    ("names", "text", "blinded"),
    [
        (("明", "李"), "我叫李明。李老师说明天见", "我叫[name]。[name]老师说[name]天见"),
        (("明 李",), "我叫李明。叫我明", "我叫[name]。叫我[name]"),
        (("さくら", "田中"), "私は田中さくらです", "私は[name]です"),
        (("สมชาย",), "ผมชื่อสมชายครับ", "ผมชื่อ[name]ครับ"),
        (("민수", "김"), "저는 김민수입니다 김치 김 씨", "저는 [name]입니다 김치 [name] 씨"),
    ],
)
def test_names_in_scripts_without_spaces(names: tuple[str, ...], text: str, blinded: str) -> None:
    """One letter can be a name, and other letters may stand right beside it; Korean glues on particles only."""
    assert blind(text, names=identity_parts(*names), contacts=()).text == blinded


@pytest.mark.parametrize(
    ("text", "blinded"),
    [
        ("see linkedin.com/in/annasmith or de.xing.com:443/x", "see [link] or [link]"),
        ("so...github.com/quill", "so...[link]"),
        ("我的主页linkedin.com/in/li\uff0c谢谢", "我的主页[link]\uff0c谢谢"),
        ("见https://example.org/x。谢谢", "见[link]。谢谢"),
        ("电话13812345678谢谢", "电话[contact]谢谢"),
        ("4.5/5 for Node.js/React, e.g. and/or, version 1.2/3", "4.5/5 for Node.js/React, e.g. and/or, version 1.2/3"),
    ],
)
def test_addresses_without_a_scheme(text: str, blinded: str) -> None:
    """An address needs no scheme and no space around it, and takes no more than itself."""
    assert blind(text, names=(), contacts=()).text == blinded


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "ana" * 20_000,
        "ana" * 20_000 + "x",
        "ana_" * 20_000 + "nax",
        "a." * 30_000,
        "a-" * 30_000,
        "a.a/" * 15_000,
        "1 " * 30_000 + "x",
        "1" * 60_000 + "x",
        "u\u0308e" * 20_000,
        "a@" * 30_000,
        "anana's" * 9_000,
        "明" * 60_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """Names that can be put together in many ways, dots and digits are read once; no answer blocks the machine."""
    names = identity_parts("Ana Na An Anana Naan", "A Ü Ana", "明 明明")
    blinded = blind(text, names=names, contacts=())
    assert blinded.original_span(0, len(blinded.text)) == Span(0, len(text))


@pytest.mark.timeout(20)
def test_a_long_word_takes_no_long_time() -> None:
    """A candidate cannot keep the machine busy: one endless word is read once."""
    assert blind("a" * 200_000, names=("Ada",), contacts=()).replacements == ()


def test_a_span_that_cuts_a_replacement_takes_all_of_it() -> None:
    """Offsets inside a neutral word map to its ends, those after it are shifted."""
    blinded = Blinded("x [name] y", (Replacement(Span(2, 11), Span(2, 8)),))
    assert blinded.original_span(4, 6) == Span(2, 11)
    assert blinded.original_span(2, 8) == Span(2, 11)
    assert blinded.original_span(9, 10) == Span(12, 13)
    assert blinded.original_span(0, 1) == Span(0, 1)
    assert blinded.touches(7, 9)
    assert not blinded.touches(8, 10)


def test_parts_of_a_name() -> None:
    """Whole names and their parts, longest first; single letters, signs and blanks are left out."""
    assert identity_parts("Ada B. Quill-Marsh", "  ") == ("Ada B. Quill-Marsh", "Marsh", "Quill", "Ada")
    assert identity_parts("-", "I.", "明", "김") == ("I. 明", "I. 김", "明 I.", "김 I.", "明", "김")
    assert identity_parts("I.", "-") == ()


def test_an_initial_is_hidden_beside_the_name_only() -> None:
    """A last name held as one letter goes with the first name, and leaves the word that it also is."""
    names = identity_parts("Anna", "I.")
    assert blind("I am Anna I. and anna_i, so I said", names=names, contacts=()).text == (
        "I am [name]. and [name], so I said"
    )
