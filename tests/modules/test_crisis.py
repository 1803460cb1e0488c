"""The deterministic crisis guard: plain statements fire, figures of speech and denials do not."""

import gzip
import math
import signal
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.crisis.concepts import LEXICON, NEAR, concept_features, tag_concepts
from modules.crisis.guard import CONTACTS, help_first, plainly_acute, read_crisis, says_acute
from modules.crisis.ngrams import PLACES, LabelledLines, NgramTable, count_ngrams, letters_of
from modules.crisis.phrases import STATEMENTS, languages, read_danger
from modules.crisis.sources import sources_by_country
from modules.crisis.text import LETTERS, TOKEN, fold_text, spell_english
from modules.crisis.weights import (
    FILE,
    WINDOW,
    Features,
    Weights,
    extract_features,
    is_english,
    load_weights,
    save_weights,
    windows,
)


def test_plain_statements_of_acute_danger_fire() -> None:
    cases = [
        "I want to kill myself",
        "i wanna kill my self",
        "I'm going to end my life tonight.",
        "I\u2019m going to hang myself",  # typed on a phone: curly apostrophe
        "im going to kill myself",
        "I'll kill myself if she leaves",
        "I just want to die",
        "I WANT TO DIE",
        "I am thinking of ending it all",
        "I'm about to jump off the bridge",
        "I swallowed a whole bottle of pills and I don't want to wake up",
        "Should I leave a suicide note?",
        "I'm planning to attempt suicide",
        "I've said my goodbyes",
        "I\u2019ve said my goodbyes",
        "I won't be alive tomorrow",
        "I won\u2019t be alive tomorrow",
        "I am going to kill my wife",
        "My brother is going to kill himself",
        "Thanks for asking. Money is fine. But I want to end my life.",
        # a denial of something else in the same breath does not take the statement back
        "I'm not okay and I want to kill myself",
        "I do not care anymore, I want to die",
        "I can't sleep and I want to kill myself",
        "I'm not joking, I'm going to kill myself tonight",
        "I can't stop thinking about killing myself",
        "I can't wait to kill myself",
        # nor does something that happened long ago
        "She left me two years ago and I want to die",
        "I lost my job six months ago and now I'm going to kill myself",
        "I want to end my life because of what happened when I was a child",
    ]
    assert [words for words in cases if not plainly_acute(words)] == []


def test_figures_of_speech_do_not_fire() -> None:
    cases = [
        "this job is killing me",
        "I'm dying to know what she thinks",
        "I could kill for a coffee",
        "I want to die of embarrassment",
        "I'm dying of laughter",
        "my boss is going to kill me",
        "I'm killing it at work",
        "I'm going to kill the weeds",
        "the deadline nearly killed us",
        "I want to take my life back after the divorce",
        "Should I jump into a new career?",
        "",
    ]
    assert [words for words in cases if plainly_acute(words)] == []


def test_denied_statements_do_not_fire() -> None:
    cases = [
        "I do not want to kill myself",
        "I don't want to kill myself",
        "I don\u2019t want to kill myself",
        "I'm not going to kill myself",
        "I am not going to kill myself",
        "I would never commit suicide",
        "I will never kill myself",
        "I no longer want to end my life",
        "I don't want to die",
        "I'd never hang myself",
        "いや、死にたいとかは全然ないです",
        "ฉันไม่อยากตาย",
        "মরতে চাই না",
    ]
    assert [words for words in cases if plainly_acute(words)] == []


def test_one_denied_statement_does_not_hide_another() -> None:
    assert plainly_acute("I never wanted to die before. Now I want to kill myself.")


@pytest.mark.parametrize(
    "text",
    [
        "I tried to hang myself in 2015 and I'm trying again tonight, the rope is up already",
        "When I was 17 I took an overdose and lived. I've just done it again and nobody is at home.",
        "I used to want to die. These days I don't feel anything, and I've loaded my dad's gun and locked the door.",
        "I don't want to die in front of the kids, so it will be the garage, once they're at school",
    ],
)
def test_what_is_denied_or_past_does_not_hide_danger_beside_it(text: str) -> None:
    assert plainly_acute(text)


def test_a_painful_memory_is_not_acute() -> None:
    cases = [
        "I tried to kill myself ten years ago",
        "Years ago I attempted suicide",
        "I tried to kill myself in 2015",
        "I attempted suicide once",
        "I used to want to die",
    ]
    assert [
        words for words in cases if plainly_acute(words)
    ] == []  # it is the honest answer to the question about self-harm history


@given(st.text(), st.sampled_from([" ", "\n", ". ", "! "]))
def test_a_statement_fires_after_any_preamble_that_does_not_deny_it(preamble: str, gap: str) -> None:
    assert plainly_acute(f"{preamble}.{gap}I want to kill myself.{gap}{preamble}")


def test_help_names_whom_to_call_where_the_person_lives() -> None:
    assert "988" in help_first("US")
    assert help_first("us") == help_first("US")
    assert "116 123" in help_first("GB")


def test_help_falls_back_to_contacts_that_exist_everywhere() -> None:
    cases = ["", "XX", "Atlantis"]
    assert [country for country in cases if CONTACTS[""] not in help_first(country)] == []


def test_contacts_of_ones_own_replace_the_known_ones_and_leave_the_others() -> None:
    own = {"US": "the campus line on 555-0100", "": "the front desk"}
    assert "555-0100" in help_first("us", own)
    assert "116 123" in help_first("GB", own)
    assert "the front desk" in help_first("XX", own)


def test_every_country_code_can_be_found_and_every_contact_can_be_called() -> None:
    assert all(code == code.upper() and len(code) in {0, 2} for code in CONTACTS)
    assert all(any(c.isdigit() for c in contact) for code, contact in CONTACTS.items() if code)


def test_every_contact_has_a_source_and_a_date() -> None:
    sources = sources_by_country()
    assert sources.keys() == CONTACTS.keys()
    assert all(found.source and (found.confirmed or found.written) <= date.today() for found in sources.values())


PLAIN = (
    "I want to kill myself",
    "I'm going to end my life tonight",
    "I've just swallowed all my pills",
    "I don't want to live any more",
    "My brother is going to kill himself",
    "I'm going to kill my wife",
    "Voy a matarme",
    "Ich will mich umbringen",
    "Je veux mourir",
    "我要自杀",
    "Хочу умереть",
)
NEUTRAL = (
    "Thanks for listening.",
    "My rent is due on Monday!",
    "The weather is grey here.",
    "I have two cats and a garden.",
    "Could you keep it short?",
    "I work in an office.",
    "",
)


@given(st.sampled_from(PLAIN), st.lists(st.sampled_from(NEUTRAL)), st.lists(st.sampled_from(NEUTRAL)))
def test_ordinary_sentences_around_a_plain_statement_do_not_hide_it(
    statement: str, before: list[str], after: list[str]
) -> None:
    assert plainly_acute(" ".join([*before, f"{statement}.", *after]))


@settings(deadline=None)
@given(st.sampled_from(PLAIN), st.integers(0, 30))
def test_a_plain_statement_is_found_anywhere_in_a_long_message(statement: str, place: int) -> None:
    sentences = ["The bus was late and the soup was cold. " * 20] * 30
    sentences.insert(place, f"{statement}. ")
    assert plainly_acute("".join(sentences))


@given(st.sampled_from(PLAIN))
def test_case_and_kind_of_apostrophe_make_no_difference(statement: str) -> None:
    for same in (statement.upper(), statement.lower(), statement.replace("'", "\u2019")):
        assert plainly_acute(same)


@given(st.text(st.characters(codec=None)))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert plainly_acute(text) in {True, False}


PIECES = (
    "a", "i ", "want to ", "my brother is ", "he says he ", "i am going to ", "a.b.", "1a1", "'", "\u6b7b",
    "x" * 50 + " ", "took all my ", "me voy a quiero ", "i will not be ", "( ", "s u i ",
)  # fmt: skip


def steps(text: str) -> int:
    """Calls and returns that reading ``text`` takes, of Python functions and of built-in ones."""
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += 1

    sys.setprofile(count)
    try:
        plainly_acute(text)
    finally:
        sys.setprofile(None)
    return counted


def test_the_work_grows_with_the_length_of_a_message_and_no_faster() -> None:
    plainly_acute("warm up")
    for piece in PIECES:
        # the number in front moves the rest, so that nothing of the longer text is remembered from the shorter one
        short, long = (steps(f"{length}: {piece * length}"[:length]) for length in (4_000, 16_000))
        assert long <= 8 * short, piece  # about 4 times, and 16 times if it grew with the square


def test_no_pattern_backtracks_without_end() -> None:
    # steps inside a pattern cannot be counted; one that goes wrong takes hours, all of these take a second or two
    def give_up(*_: object) -> None:
        raise TimeoutError(f"not done with {piece!r} after five minutes")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(300)
    try:
        for piece in PIECES:
            plainly_acute((piece * 20_000)[:20_000])
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_threads_agree() -> None:
    texts = [*PLAIN, *NEUTRAL] * 20
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(plainly_acute, texts)) == [plainly_acute(text) for text in texts]


def test_folding_gives_one_spelling() -> None:
    cases = [
        ("im gonna k1ll mysefl 2nite", "i am going to kill myself tonight"),
        ("I CAN\u2019T", "i can not"),
        ("s u i c i d e", "suicide"),
        ("s-u-i-c-i-d-e", "suicide"),
        ("su!c1de", "suicide"),
        ("wanna dieee", "want to die"),
        ("café", "cafe"),
        ("won't", "will not"),
        ("at 10pm, 4.5 km, 2 cats", "at 10pm, 4.5 km, 2 cats"),
        ("i want 2 die, its 4 the best", "i want to die, it is for the best"),
        ("a billing question", "a billing question"),
    ]
    assert [(typed, meant) for typed, meant in cases if spell_english(fold_text(typed)) != meant] == []


@pytest.mark.parametrize("letter", "\u200b\u200c\u00ad\u034f\u115f\u2063\u2066\u3164\ufe00\U000e0101")
def test_letters_that_do_not_show_hide_nothing(letter: str) -> None:
    assert fold_text(letter.join("kill myself")) == "kill myself"


@pytest.mark.parametrize(
    "text",
    ["आत्महत्या करना चाहता हूँ", "আমি আর বাঁচতে চাই না", "ฉันไม่อยากมีชีวิตอยู่", "நான் சாக விரும்புகிறேன்"],
    ids=["Hindi", "Bengali", "Thai", "Tamil"],
)
def test_words_of_scripts_that_write_vowels_as_marks_stay_whole(text: str) -> None:
    fold = fold_text(text)
    words = fold.split()
    assert letters_of(fold, english=False) == fold
    assert TOKEN.findall(fold) == LETTERS.findall(fold) == words
    assert set(words) <= extract_features(fold, is_in_english=False)[0]


@pytest.mark.parametrize("first", [0x1D400, 0x1D5D4, 0xFF21, 0x24B6], ids=["bold", "sans", "wide", "circled"])
def test_decorative_capitals_are_letters(first: int) -> None:
    shown = "".join(chr(first + ord(c) - ord("A")) if c.isalpha() else c for c in "I WANT TO DIE")
    assert fold_text(shown) == "i want to die"


def test_a_triage_that_says_it_in_wide_letters_says_it() -> None:
    assert says_acute("ＡＣＵＴＥ")
    assert not says_acute("ＮＯＴ acute")


def test_a_reading_tells_which_words_state_the_danger_and_whether_they_were_taken_back() -> None:
    assert "kill myself" in (read_danger(fold_text("I want to kill myself")).danger or "")
    denied = read_danger(fold_text("I do not want to kill myself"))
    assert denied.danger is None
    assert denied.denied
    assert not read_danger(fold_text("Which train do I take?")).denied


def test_talk_about_a_topic_does_not_fire() -> None:
    cases = [
        'What do I answer if a caller says "I want to die"?',
        "In my novel the narrator wants to kill himself.",
        "I'm writing an essay on suicide",
    ]
    assert [words for words in cases if plainly_acute(words)] == []


def test_every_language_has_statements_or_signs_and_names_do_not_repeat() -> None:
    for language in languages():
        names = [(family.name, family.how) for family in language.families]
        assert len(set(names)) == len(names)
        assert any(family.how in {*STATEMENTS, "sign"} for family in language.families)


def test_windows_cover_a_long_text() -> None:
    text = " ".join(f"word{i}" for i in range(1000))
    pieces = windows(text)
    assert len(pieces) > 1
    assert all(len(piece) <= WINDOW for piece in pieces)
    assert {word for piece in pieces for word in piece.split()} == set(text.split())


def weights_of(**words: tuple[float, float]) -> Weights:
    return Weights(-1.0, 0.0, (words, {"<end>": (4.0, 2.0)}))


def found(*words: str, concepts: tuple[str, ...] = ()) -> Features:
    return frozenset(words), frozenset(concepts)


def test_a_score_does_not_depend_on_what_is_unknown() -> None:
    weights = weights_of(a=(2.0, 1.0))
    assert weights.score(found("a")) == weights.score(found("a", "unknown")) == 1.0
    assert weights.score(found()) == -1.0


def test_words_and_concepts_are_each_divided_by_the_norm_of_their_rarities() -> None:
    weights = weights_of(a=(6.0, 3.0), b=(4.0, 4.0))
    assert weights.score(found("a", "b")) == pytest.approx(-1 + 10 / 5)
    assert weights.score(found("a", "b", concepts=("<end>",))) == pytest.approx(-1 + 10 / 5 + 4 / 2)


def test_the_heaviest_of_many_windows_must_weigh_more() -> None:
    weights = weights_of(a=(3.0, 1.0))
    assert weights.heaviest([found("a")]) == 2.0
    assert 0 < weights.heaviest([found("a"), found()]) < 2.0


def test_the_shipped_weights_are_what_saving_them_again_gives(tmp_path: Path) -> None:
    for name in ("one.json.gz", "two.json.gz"):
        save_weights(load_weights(), tmp_path / name)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.json.gz", "two.json.gz"))
    assert one == two
    assert one[:10] == FILE.read_bytes()[:10]  # no name and no time in the header
    assert gzip.decompress(one) == gzip.decompress(FILE.read_bytes())


def test_weights_of_nothing_and_thresholds_that_nothing_passes_come_back(tmp_path: Path) -> None:
    bare = {True: Weights(0.5, -math.inf, ({}, {})), False: weights_of(a=(3.0, 1.0))}
    save_weights(bare, tmp_path / "bare.json.gz")
    assert load_weights(tmp_path / "bare.json.gz") == bare


def test_concepts_are_read_from_whole_words_beginnings_and_phrases() -> None:
    (sentence,) = tag_concepts("the baby is not breathing, she swallowed tablets")
    held = dict(sentence)
    assert "child" in held["baby"]
    assert "unresponsive" in held["not"]  # the phrase begins there
    assert "unresponsive" not in held["breathing"]
    assert "ingest" in held["swallowed"]
    assert "drug" in held["tablets"]
    assert held["the"] == frozenset()


def test_concepts_pair_up_within_a_sentence_only() -> None:
    near = concept_features("i swallowed the tablets tonight")
    assert {"<drug>", "drug+now", "ingest>drug", "the_<drug>", "<drug>_tonight"} <= near
    assert "drug+now" not in concept_features("i swallowed the tablets. what is on tonight?")


WORDS = ["not", "die", "tonight", "pills", "i", "me", "want", "lost", "everything", "table", ".", "goodbye"]


@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_concepts_are_near_up_to_four_words_apart(words: list[str]) -> None:
    found = {feature for feature in concept_features(" ".join(words)) if ">" in feature and "<" not in feature}
    expected = set()
    for sentence in tag_concepts(" ".join(words)):
        places = [(i, concept) for i, (_, concepts) in enumerate(sentence) for concept in concepts]
        expected |= {f"{a}>{b}" for i, a in places for j, b in places if 0 < j - i <= NEAR}
    assert found == expected


def test_every_phrase_of_the_lexicon_is_found_where_it_is_written() -> None:
    lexicon = tomllib.loads(LEXICON.read_text(encoding="utf-8"))
    for concept, phrases in lexicon.items():
        for phrase in phrases.split():
            words = spell_english(fold_text(phrase.replace("_", " ").replace("*", "")))
            assert f"<{concept}>" in concept_features(words), (concept, phrase)


def test_english_is_told_from_other_languages() -> None:
    cases = [
        ("I'd like to know when the train leaves.", True),
        ("wanna go out tonight", True),
        ("Term or whole life insurance?", True),
        ("Me voy a tirar del puente esta noche", False),
        ("Ich stehe auf dem Dach", False),
        ("\u6211\u60f3\u6b7b", False),
    ]
    assert [(text, english) for text, english in cases if is_english(fold_text(text)) is not english] == []


def test_ill_is_no_i_will_but_where_a_clause_begins() -> None:
    for text in ("And if I am ill?", "My mother is ill", "what if i fall ill abroad", "seriously ill"):
        assert not plainly_acute(text), text
    assert spell_english(fold_text("ill kill myself")) == "i will kill myself"
    assert spell_english(fold_text("he left, and ill be gone by monday")) == "he left, and i will be gone by monday"
    assert plainly_acute("if she leaves ill kill myself tonight")


def test_a_reading_tells_its_score_and_the_phrase_that_decided() -> None:
    plain, calm = read_crisis("I want to kill myself"), read_crisis("Which train goes to the museum on a Sunday?")
    assert plain.acute
    assert "kill myself" in (plain.phrase or "")
    assert not calm.acute
    assert calm.phrase is None
    assert 0 <= calm.score < 0.5 < plain.score <= 1


@pytest.mark.parametrize(
    "typed",
    ["iwanttokillmyself", "please iwannadie", "imgoingtohangmyself tonight.", "quieromorir", "ichwillnichtmehrleben",
     "jeveuxmourir", "#killmyself", "i w4nt t0 d13"],
)  # fmt: skip
def test_words_that_are_run_together_are_read(typed: str) -> None:
    assert plainly_acute(typed)


def test_words_of_more_than_what_runs_together_stay_whole() -> None:
    for word in ("existence", "everything", "candidato", "tokillamockingbird", "convivere", "krankenversicherung"):
        assert fold_text(word) == word
    assert fold_text("i" * 60 + "x") == "i" * 60 + "x"
    assert fold_text("Go,iwanttodie!") == "go,i want to die!"


def test_where_a_phrase_decides_the_score_is_that_of_its_sentence() -> None:
    plain = read_crisis("I want to kill myself.")
    around = read_crisis("Which train goes to the museum? I want to kill myself. Please book two seats by the window.")
    assert (around.acute, around.phrase) == (True, plain.phrase)
    assert around.score == pytest.approx(plain.score)


def test_no_share_of_false_alarms_silences_a_plain_phrase() -> None:
    assert read_crisis("I want to kill myself", 0.0).acute


@given(st.text(max_size=60))
def test_a_score_is_a_share_and_a_higher_share_of_false_alarms_hides_nothing(text: str) -> None:
    readings = [read_crisis(text, share) for share in (0.0, 0.01, 0.04, 0.1, 1.0)]
    assert all(0 <= reading.score <= 1 for reading in readings)
    assert [reading.acute for reading in readings] == sorted(reading.acute for reading in readings)


def test_many_harmless_statements_do_not_hide_a_plain_one() -> None:
    songs = 'Who sang "I want to die" in that film? ' * 40
    assert plainly_acute(f"{songs} I want to kill myself.")
    assert plainly_acute(f"I want to kill myself. {songs}")


@given(st.text(), st.lists(st.text(max_size=20), max_size=5))
def test_ngrams_of_a_text_do_not_depend_on_its_neighbours(text: str, others: list[str]) -> None:
    owner, places, counts = count_ngrams([*others, text])
    mine = owner == len(others)
    _, alone, counts_alone = count_ngrams([text])
    assert np.array_equal(places[mine], alone)
    assert np.array_equal(counts[mine], counts_alone)


def test_a_line_is_nearest_to_itself() -> None:
    texts = ["the rope is in the garage", "the train is in the station", "my cat is in the garden"]
    lines = LabelledLines(texts[:1], texts[1:], np.ones(PLACES, dtype=np.float32))
    for i, text in enumerate(texts):
        found = lines.similarities(*count_ngrams([text])[1:])
        assert found.argmax() == i
        assert found[i] == pytest.approx(1.0, abs=1e-5)


def test_the_vote_is_the_four_nearest_lines_of_each_label_against_each_other() -> None:
    acute = [f"the rope is in the {place}" for place in ("garage", "shed", "cellar", "attic", "garden", "loft")]
    harmless = [f"the train is in the {place}" for place in ("station", "depot", "tunnel", "valley", "garage", "yard")]
    lines = LabelledLines(acute, harmless, np.ones(PLACES, dtype=np.float32))
    _, places, counts = count_ngrams(["the rope is in the hall"])
    found = lines.similarities(places, counts)
    wanted = sum(sorted(found[:6])[-4:]) - sum(sorted(found[6:])[-4:])
    assert lines.vote(places, counts) == pytest.approx(wanted, abs=1e-9)
    assert wanted > 0.5


def test_a_text_without_known_ngrams_weighs_nothing() -> None:
    table = NgramTable(np.zeros(PLACES, dtype=np.float32), np.ones(PLACES, dtype=np.float32), -0.5)
    assert table.score(*count_ngrams(["anything"])[1:]) == -0.5
