"""Personal data: every kind is taken out, what profiles need stays, twice is once, nonsense costs no time."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.scenarios.reddit import personal_data, scrub
from benchmark.scenarios.reddit.scrub import marks
from tests.benchmark.scenarios.reddit.written import entry, written


def wide(text: str) -> str:
    """The same in full-width letters, by which people dodge filters."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


TAKEN = [
    ("mail me at jo.doe+x@mail.example.com", "mail me at [mail]"),
    ("jörg.müller@web.de", "[mail]"),
    ("write anselm dot vogel at gmail dot com please", "write [mail] please"),
    ("jo (at) firm (dot) org", "[mail]"),
    ("see https://example.com/a?b=c#d.", "see [link]"),
    ("[my album](https://imgur.example/x1)", "[link]"),
    ("it is on sites.example.co.uk/me", "it is on [link]"),
    ("thanks /u/some-one and u/other_one2", "thanks [user] and [user]"),
    ("I'm @night.owl there", "I'm [user] there"),
    ("insta: owl_99", "[user]"),
    ("my snapchat is owl99", "[user]"),
    ("owl#1234 on discord", "[user] on discord"),
    ("posted in r/jobs before", "posted in [community] before"),
    ("call (555) 010-9999 now", "call [phone] now"),
    ("call +44 7700 900123", "call [phone]"),
    ("call five five five oh one two three", "call [phone]"),
    (wide("CALL 555-010-9999"), "CALL [phone]"),
    ("SSN 123-45-6789", "[number]"),
    ("passport no. X1234567", "[number]"),
    ("DE89 3704 0044 0532 0130 00", "[number]"),
    ("card 4111 1111 1111 1111", "[number] [phone]"),
    ("from 192.168.10.20", "from [number]"),
    ("at 52.5200, 13.4050", "at [number]"),
    ("pay bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "pay [number]"),
    ("user id 3fa85f64-5717-4562-b3fc-2c963f66afa6", "user id [number]"),
    ("I live at 12 Old Mill Road, Apt 4B", "I live at [address]"),
    ("at 9 Willow Lane", "at [address]"),
    ("in Duluth, MN 55802", "in [address]"),
    ("Hauptstraße 12", "[address]"),
    ("P.O. Box 77", "[address]"),
    ("born 12/05/1998", "born [date]"),
    ("born on May 12th, 1998", "born on [date]"),
    ("on 3 of March", "on [date]"),
    ("My name is Anselm Vogel.", "My name is [name]."),
    ("my husband Radomir said", "my husband [name] said"),
    ("my sister, Ottilie", "my sister, [name]"),
    ("Dr. Petra Lindqvist", "Dr. [name]"),
    ("I told jennifer about it", "I told [name] about it"),
    ("I told Mark about it", "I told [name] about it"),
    ("he met Tobin Garcia", "he met [name]"),
    ("Regards,\nOttokar", "Regards,\n[name]"),
    ("je\u200bnni\u00adfer", "[name]"),
    ("jenn&#105;fer", "[name]"),
    ("&amp;#106;ennifer", "[name]"),
]
KEPT = [
    "I'm 34F and my (29M) boyfriend is 6'2.",
    "I make $120,000, owe 43,500 and pay $1200 rent.",
    "From 2015-2019 I was at university, class of 2019.",
    "I work 40 hours a week, 10:30 to 19:00, a 10 minute drive away.",
    "My mom, I think, is 60. My boss The Terrible? My dad never called.",
    "I have ADHD and PTSD, a master's degree in Computer Science, and a B.A.",
    "Mark my words. Will it help? I hope so. May I ask?",
    "I love Thai food and I miss my ex.",
    "My 401k, my W-2, 50/50 custody, 24/7 care, 3 kids, 5-6 hours of sleep.",
    "I am a nurse, separated, with chronic pain since 2020; self-harm at 19.",
    "5'4 and 180 lbs, down from 210, size 12, GPA 3.85.",
]
DANGEROUS = (
    "Emma|my husband |John |Smith|@|u/|r/|http://|www.|a.com|/x|555|-|(|)| |1234567|12 Oak St|Apt 4|May 5|#123|"
    "name is |at gmail dot com|Mr. |[name]|[|]|\n|&amp;|&lt;|$|+44|five |discord: |passport |DE89|Dr|'s|\u00e9|\u0130|I"
    "|love\n|Mark|, |AB1 2CD|NY 10001|.|\u200b|\uff15\uff15\uff15|\uff0e|\u2019|\u2014"
)
PIECES = st.sampled_from(DANGEROUS.split("|"))


def test_every_kind_is_taken_out() -> None:
    assert {text: scrub(text).text for text, _ in TAKEN} == dict(TAKEN)
    assert [text for text, _ in TAKEN if not personal_data(text) or not sum(scrub(text).taken.values())] == []


def test_what_profiles_need_stays() -> None:
    assert [scrub(text).text for text in KEPT] == KEPT
    assert [text for text in KEPT if personal_data(text)] == []


def test_a_post_full_of_personal_data_keeps_its_story() -> None:
    post = entry(written()["rich-social-with-personal-data"])
    cleaned = scrub(f"{post['title']}\n{post['selftext']}")
    traces = [
        "anselm",
        "vogel",
        "alder",
        "55802",
        "4471902",
        "petra",
        "lindqvist",
        "ottilie",
        "example",
        "gmail",
        "0143",
    ]
    assert [trace for trace in [*traces, "6789", "2217", "1999", "de89", "151"] if trace in cleaned.text.lower()] == []
    assert set(cleaned.taken) == {"name", "address", "number", "mail", "phone", "user", "link", "date"}
    for told in ("I'm 25 and single", "bachelor's degree", "paycheck to paycheck", "depression since college"):
        assert told in cleaned.text


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join)))
def test_scrubbing_twice_changes_nothing_and_leaves_nothing(text: str) -> None:
    once = scrub(text).text
    assert scrub(once).text == once
    assert personal_data(once) == []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TAKEN), st.text(max_size=20), st.text(max_size=20))
def test_personal_data_is_found_in_any_surroundings(case: tuple[str, str], before: str, after: str) -> None:
    cleaned = scrub(f"{before}\n{case[0]}\n{after}").text
    assert personal_data(cleaned) == []
    assert any(f"[{mark}]" in cleaned for mark in marks())


def test_nonsense_of_any_kind_takes_no_time() -> None:
    for piece in ("a", "a.", "1-", "a-", "u/", "@", "five ", "my friend ", "[x](", "&amp;", "A ", "12 a "):
        began = time.process_time()
        scrub((piece * 12_000)[:12_000])  # as long as a post may be
        assert time.process_time() - began < 3, piece
