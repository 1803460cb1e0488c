"""Personal details are found where they must not be, and common speech is not taken for one."""

import unicodedata

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario
from modules import RAISE
from optimizers.leaks import LeakGuard, leaked, refuse_private
from signatures import Profile, RaiseError

NURSE = Profile(
    age="35-44 years",
    profession="night nurse",
    mental_health_status="severe depression",
    self_harm_history="none",
    emotional_state="worn out and crying in the staff toilet before every shift",
)


def scenario(name: str, query: str, profile: Profile = NURSE, source: str = "authored") -> Scenario:
    return Scenario(id=name, domain="work", situation=f"work/{name}", source=source, query=query, profile=profile)


MINE = scenario("mine", "Should I hand in my notice before the rota meeting on Friday?")
OTHER = scenario("other", "How do I tell my landlord that the boiler broke again?", Profile(age="25-34 years"))


@pytest.mark.parametrize(
    "text",
    [
        "If somebody wants to hand in my notice before the rota meeting, be careful.",
        "Mind people who are worn out, and crying in the Staff Toilet before work.",
        "For a night nurse of 35-44 years with severe depression, say less.",
    ],
)
def test_details_of_one_person_are_found(text: str) -> None:
    assert [leak.scenario for leak in leaked(text, [MINE, OTHER])] == ["mine"]


@pytest.mark.parametrize(
    "text",
    [
        "Name the risk, and ask about severe depression and past self-harm.",
        "A night nurse may sleep badly. People of 35-44 years differ. Severe depression needs care.",
        "Before every shift, rest.",
        "",
    ],
)
def test_what_could_be_anybody_is_not(text: str) -> None:
    assert leaked(text, [MINE, OTHER]) == []


OTHER_SCRIPTS = {
    "Chinese": ("我该不该在周五的排班会议之前把辞职信交上去？", "请先问清楚对方的处境，再给出温和的建议。"),
    "Japanese": (
        "金曜日のシフト会議の前に退職届を出すべきでしょうか？",
        "まず相手の状況をたずね、やさしく助言してください。",
    ),
    "Korean": ("금요일 근무 회의 전에 사직서를 내야 할까요?", "먼저 상대의 사정을 묻고 부드럽게 조언하세요."),
    "Thai": ("ฉันควรยื่นใบลาออกก่อนการประชุมตารางเวรวันศุกร์ไหม", "ถามสถานการณ์ของผู้ใช้ก่อน แล้วให้คำแนะนำอย่างอ่อนโยน"),
    "Khmer": ("តើខ្ញុំគួរដាក់លិខិតលាឈប់មុនប្រជុំថ្ងៃសុក្រទេ?", "សូមសួរអំពីស្ថានភាពរបស់គេជាមុនសិន ហើយណែនាំដោយទន់ភ្លន់។"),
    "Hindi": ("क्या मुझे शुक्रवार की बैठक से पहले इस्तीफा दे देना चाहिए?", "पहले उसकी स्थिति के बारे में पूछें, फिर कोमल सलाह दें।"),
    "Arabic": ("هل يجب أن أقدم استقالتي قبل اجتماع يوم الجمعة؟", "اسأل أولا عن ظروف الشخص ثم قدم نصيحة لطيفة."),
    "mixed": ("我的manager说周五meeting之前要交notice，我该怎么办？", "Ask first，再给出温和的建议。"),
}
CHINESE = Profile(
    age="三十五至四十四岁",
    profession="夜班护士",
    mental_health_status="重度抑郁",
    marital_status="离异",
    economic_status="负债累累",
    gender="女",
)


@pytest.mark.parametrize("script", OTHER_SCRIPTS)
def test_a_quoted_query_is_found_in_any_script(script: str) -> None:
    query, public = OTHER_SCRIPTS[script]
    guard = LeakGuard([scenario("mine", query, Profile()), OTHER])
    disguised = unicodedata.normalize("NFKD", query.upper()).replace(" ", "\u00a0")
    hidden = "\u2060".join(query)
    for text in (f"{public}{query}", f"{public} {disguised}", f"{public}\u200b{hidden}"):
        assert [leak.scenario for leak in guard.leaked(text)] == ["mine"]
    assert guard.leaked(public) == []


def test_values_of_one_person_are_found_where_words_are_not_parted() -> None:
    person = scenario("mine", "怎么办？", CHINESE)
    (leak,) = leaked("对于负债累累、离异并且重度抑郁的夜班护士，少说一些。", [person])
    assert leak.words == "离异, 夜班护士, 负债累累, 重度抑郁"
    assert leaked("夜班护士可能睡不好。离异的人各有不同。重度抑郁需要关心。", [person]) == []
    assert leaked("女性也许不同，护士也一样。", [person]) == []


def test_common_speech_and_public_words_are_nobodys() -> None:
    asking = [scenario(f"s{i}", "What should I do about this?", Profile(age="25-34 years")) for i in range(3)]
    assert leaked("Asked what should I do about this, stay calm.", asking[:2])
    assert leaked("Asked what should I do about this, stay calm.", asking) == []
    guard = LeakGuard([MINE], public=["They hand in my notice before they think."])
    assert guard.leaked("hand in my notice before") == []
    assert guard.leaked("in my notice before the")


def test_a_demonstration_may_tell_of_its_own_person_and_of_nobody_else() -> None:
    program = RAISE()
    program.respond.demos = [
        dspy.Example(augmented=True, query=MINE.query, context="- age: 35-44 years", response="Wait.")
    ]
    guard = LeakGuard([MINE, OTHER])
    assert guard.leaks_of(program, shown=["mine"]) == []
    assert [leak.place for leak in guard.leaks_of(program, shown=["other"])] == ["respond: demonstration 1"]
    program.plan.signature = program.plan.signature.with_instructions(f"Think of one who asked: {MINE.query}")
    assert [leak.place for leak in guard.leaks_of(program, shown=["mine"])] == ["plan: instructions"]


def test_an_uncompiled_program_tells_nothing(test_scenarios: list[Scenario]) -> None:
    assert LeakGuard(test_scenarios).leaks_of(RAISE()) == []


def test_demonstrations_of_real_people_are_refused_unless_allowed() -> None:
    real = scenario("r", "Should I quit?", source="reddit")
    imported = scenario("h", "Should I stay?", source="hub")
    assert refuse_private([MINE, real, imported]) == [MINE]
    assert refuse_private([real, imported], allow=True) == [real, imported]
    with pytest.raises(RaiseError, match="--allow-private-demos"):
        refuse_private([real, imported])
    assert refuse_private([]) == []


@given(before=st.text(max_size=30), after=st.text(max_size=30), start=st.integers(0, 6))
def test_a_quoted_run_of_words_is_found_anywhere(before: str, after: str, start: int) -> None:
    words = MINE.query.split()
    quoted = " ".join(words[start : start + 6])
    assert any(leak.scenario == "mine" for leak in leaked(f"{before} {quoted} {after}", [MINE]))


FIRST_LETTERS = {
    "Chinese": 0x4E00,
    "kana": 0x3042,
    "Korean": 0xAC00,
    "Thai": 0x0E01,
    "Khmer": 0x1780,
    "Burmese": 0x1000,
}
LENGTH = 20
"""Characters of any script that say as much as five words."""


@given(data=st.data(), script=st.sampled_from(sorted(FIRST_LETTERS)))
def test_where_words_are_not_parted_a_quote_is_found_and_other_words_are_not(data: st.DataObject, script: str) -> None:
    letters = [chr(FIRST_LETTERS[script] + i) for i in range(32)]
    query = data.draw(st.text(letters[::2], min_size=LENGTH, max_size=60))
    other = data.draw(st.text(letters[1::2], max_size=60))
    start = data.draw(st.integers(0, len(query) - LENGTH))
    guard = LeakGuard([scenario("mine", query, Profile())])
    assert guard.leaked(other + query[start : start + LENGTH] + other)
    assert guard.leaked(other) == []
