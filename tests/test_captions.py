"""Captions in step with the voice."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.commentary.base import Clip, Cue, Line
from server.commentary.captions import captions, letters, srt, vtt
from server.commentary.wrapping import COLUMNS, pages, width
from tests.clips import ffmpeg

LONG = (
    "A red car comes round the corner, far too fast for the wet road. It slides, it turns, "
    "and it hits the barrier! Nobody seems to be hurt, but the race will be stopped now."
)


def cue(text, start=10.0, seconds=None, words=None, tempo=1.0, index=0, speaker=""):
    spoken = text.split()
    if words is None:  # half a second each
        words = tuple((n / 2, n / 2 + 0.4, word) for n, word in enumerate(spoken))
    seconds = seconds or len(spoken) / 2
    line = Line(start, start + 99, text, speaker)
    clip = Clip(line, Path("clip.wav"), seconds, words)
    return Cue(index, start, start + seconds / tempo, tempo, clip)


def test_a_short_line_is_one_caption_while_it_is_spoken():
    assert vtt([cue("Here it comes.")]) == (
        "WEBVTT\n\n00:00:10.000 --> 00:00:11.500\nHere it comes.\n"
    )
    assert srt([cue("Here it comes.", start=3725.0)]) == (
        "1\n01:02:05,000 --> 01:02:06,500\nHere it comes.\n"
    )


def test_before_the_first_line_there_is_an_empty_file():
    assert vtt([]) == "WEBVTT\n" and srt([]) == ""


@pytest.mark.parametrize("tempo", [1.0, 1.15])
def test_each_part_of_a_long_line_is_shown_as_its_first_word_is_spoken(tempo):
    shown = captions([cue(LONG, tempo=tempo)])
    assert len(shown) > 1
    said = 0
    for each in shown:
        assert each.start == pytest.approx(10 + said / 2 / tempo, abs=0.01)
        said += len(" ".join(each.rows).split())
    assert " ".join(row for each in shown for row in each.rows) == LONG
    assert shown[-1].end == pytest.approx(10 + said / 2 / tempo)


def test_a_pause_in_the_voice_is_a_pause_in_the_captions():
    first, second = "One two three four five six seven.", "Eight nine ten eleven twelve thirteen."
    text = f"{first} {first} {second} {second}"
    words = [(n / 2, n / 2 + 0.4, word) for n, word in enumerate(text.split())]
    words = [(a + 5 * (n >= 14), b + 5 * (n >= 14), w) for n, (a, b, w) in enumerate(words)]
    shown = captions([cue(text, seconds=18.0, words=tuple(words))])
    gap = [
        b.start - a.end for a, b in zip(shown, shown[1:], strict=False) if b.start - a.end > 0.01
    ]
    assert gap == [pytest.approx(5.1, abs=0.01)]


def test_a_voice_that_spells_otherwise_is_followed_all_the_same():
    words = ((0.0, 1.0, "twenty"), (1.0, 2.0, "three"), (2.0, 6.0, "cars"))
    shown = captions([cue(f"23 cars. {LONG}", seconds=6.0, words=words)])
    assert shown[0].start == 10 and shown[-1].end == 16
    assert all(a.end <= b.start for a, b in zip(shown, shown[1:], strict=False))


def test_without_words_the_time_is_shared_by_letters():
    shown = captions([cue(LONG, seconds=10.0, words=())])
    for each in shown:
        share = sum(map(letters, each.rows)) / letters(LONG)
        assert each.end - each.start == pytest.approx(10 * share)


def test_nothing_in_a_line_is_markup_or_a_time():
    hostile = "1 < 2 & <b>x</b> --> 00:00:00.000"
    assert "1 &lt; 2 &amp; &lt;b&gt;x&lt;/b&gt; --&gt; 00:00:00.000" in vtt([cue(hostile)])
    assert srt([cue(hostile)]).count("-->") == 1
    assert vtt([cue("a\n\nWEBVTT\n\nb")]).count("\n\n") == 1


def test_two_commentators_are_told_apart():
    both = [cue("Hello.", speaker="A<na"), cue("Well.", start=12.0, speaker="Bo")]
    assert "<v A&lt;na>Hello." in vtt(both) and "<v Bo>Well." in vtt(both)
    assert "<v" not in vtt(both[:1])


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "比赛开始了，红队从左边进攻，蓝队全力防守，守门员扑出了一个很漂亮的球，观众们都站了起来。"
        * 2,
        "試合が始まりました。「すごい！」と観客が叫びます。" * 3,
        "السيارة الحمراء تنعطف بسرعة كبيرة على الطريق المبلل، ثم تنزلق وتصطدم بالحاجز! " * 2,
        "รถสีแดงเลี้ยวโค้งด้วยความเร็วสูงเกินไปบนถนนเปียกแล้วชนรั้วกั้นไม่มีใครได้รับบาดเจ็บ" * 2,
        "x" * 200,
    ],
)
def test_captions_are_two_rows_of_42_columns_in_every_script(text):
    shown = pages(text)
    assert len(shown) > 1
    for rows in shown:
        assert 1 <= len(rows) <= 2
        for row in rows:
            assert 0 < width(row) <= COLUMNS and row[0] not in "。、！，」"
    assert re.sub(r"\s", "", "".join(map("".join, shown))) == re.sub(r"\s", "", text)


def test_captions_are_broken_where_one_would_pause():
    first = pages(LONG)[0]
    assert first[-1].endswith((".", ",", "!"))


WORDS = st.lists(st.tuples(st.floats(-1, 20), st.floats(-1, 20), st.text(max_size=9)), max_size=12)


@given(
    st.lists(st.tuples(st.text(max_size=200), st.floats(0.05, 9), WORDS), max_size=4),
    st.floats(1, 1.15),
)
def test_captions_never_overlap_whatever_a_voice_says_of_its_words(drawn, tempo):
    cues, at = [], 0.0
    for text, seconds, words in drawn:
        cues.append(cue(text, at, seconds, tuple(words), tempo))
        at = cues[-1].end + 0.1
    last, shown = 0.0, captions(cues)
    for each in shown:
        assert last - 1e-9 <= each.start < each.end
        last = each.end
    assert last <= at


def test_a_player_reads_them(tmp_path):
    cues = [cue(LONG), cue("Ende & <gut>.", start=60.0, index=1)]
    for name, text in (("c.vtt", vtt(cues)), ("c.srt", srt(cues))):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        ffmpeg("-i", path, tmp_path / f"{name}.ass")
        said = (tmp_path / f"{name}.ass").read_text("utf-8")
        assert said.count("Dialogue:") == len(captions(cues))
        assert "0:01:00.00" in said
