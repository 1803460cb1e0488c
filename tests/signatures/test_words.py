"""Words of any script: what counts as the same, where words end, and what a run of them is worth."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.words import WORD, fold_letters, join_words, split_words, whole, without_invisible


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don\u2019t hand it in, Zoë!", ["don't", "hand", "it", "in", "zoe"]),
        ("我该辞职吗？", list("我该辞职吗")),
        ("我的boss说不行", ["我", "的", "boss", "说", "不", "行"]),
        ("仕事をやめたい", list("仕事をやめたい")),
        ("データ", ["テ", "ー", "タ"]),
        ("그만둘까요", list("그만둘까요")),
        ("हिन्दी में", ["हिनदी", "में"]),
        ("هل يَجِبُ", ["هل", "يجب"]),
        ("...", []),
    ],
)
def test_a_script_has_its_words_or_its_characters(text: str, words: list[str]) -> None:
    assert [word.text for word in split_words(text)] == words


@pytest.mark.parametrize("text", ["ฉันควรลาออกไหม", "ខ្ញុំគួរលាលែងទេ", "ကျွန်တော်ထွက်သင့်လား"])
def test_scripts_of_south_east_asia_are_parted_although_they_have_no_spaces(text: str) -> None:
    found = split_words(text)
    assert len(found) > 4
    assert all(word.worth < WORD for word in found)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("text", ["Zoë läuft", "ＦＵＬＬ　width", "ｶﾞｷﾞ", "가나다", "हिन्दी", "tiếng Việt", "İstanbul"])
def test_normal_forms_width_and_case_make_no_difference(text: str, form: str) -> None:
    other = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    assert split_words(other) == split_words(text) == split_words(text.upper())


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold_letters(text)
    assert fold_letters(once) == once


@given(st.text(), st.sampled_from("\u200b\u200d\u00ad\u034f\u115f\u2066\ufe0f\ufeff\U000e0101"), st.integers(0, 40))
def test_what_does_not_show_makes_no_difference(text: str, letter: str, place: int) -> None:
    assert without_invisible(text[:place] + letter + text[place:]) == without_invisible(text)


def test_a_phrase_is_found_whole_where_words_are_parted_and_anywhere_else() -> None:
    assert whole("nurse").sub("_", "Nurses: a NURSE, 是nurse的") == "Nurses: a _, 是_的"
    assert whole("护士").sub("_", "一位夜班护士说") == "一位夜班_说"


def test_words_are_joined_as_their_script_does() -> None:
    assert join_words(["我", "的", "boss", "is", "bad"]) == "我的 boss is bad"
