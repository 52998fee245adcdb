"""Messages that are the last one with another text: nothing but their text is read, and that
must never be seen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ProviderError
from server.providers import completions
from server.providers.repeating import TRIES, Repeating


def message(text, **more):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "chatcmpl-1", "created": 1, "choices": [choice], **more}


def said(data):
    """The texts and all else of a stream of these, to its failure if it fails."""
    return heard([f"data: {each}\n\n".encode() for each in data])


def heard(chunks):
    found = []
    try:
        for item in completions.read(iter(chunks)):
            found.append(item)
    except ProviderError as error:
        found.append((error.code, error.message))
    return found


TEXTS = st.sampled_from(
    ["a", "word ", "\n", '"', "\\", "ü", "\u2028", "\u202f!", "\x7f", "{}", '","x":"', ""]
)
USUAL = TEXTS.map(message)
UNUSUAL = st.sampled_from(
    [
        {"error": {"message": "No.", "code": 429}},
        message("x", error={"message": "No."}),
        message("x", usage={"prompt_tokens": 1, "completion_tokens": 2}),
        message("x", created=2),
        message("x", obfuscation="abc"),
        message(None),
        message(["x"]),
        {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]},
        {"choices": [{"delta": {"content": "x", "refusal": "No."}}]},
        {"choices": [{"delta": {"content": "x"}}, {"delta": {"content": "y"}}]},
        {"choices": [{"delta": {"content": "x"}, "message": {"content": "y"}}]},
        {"choices": []},
        [],
        "x",
    ]
)


@given(st.lists(USUAL | USUAL | UNUSUAL, max_size=12), st.booleans(), st.booleans())
def test_nothing_is_read_otherwise(messages, ascii, wide):
    separators = (", ", ": ") if wide else (",", ":")
    data = [json.dumps(m, ensure_ascii=ascii, separators=separators) for m in messages]
    read = said(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Repeating, "texts", lambda self, chunk: None)
        assert said(data) == read


FRAMES = st.sampled_from(
    ["data: %s\n\n"] * 4
    + [
        "data:%s\n\n",
        "data: %s\r\n\r\n",
        "data:  %s\n\n",
        ": alive\n\ndata: %s\n\n",
        "event: message\ndata: %s\n\n",
        "event: message\n\ndata: %s\n\n",
        "data: %s\ndata: \n\n",
        "data: %s\n and more\n\n",
        "\n\ndata: %s\n\n\n",
        "data: [DONE]\n\ndata: %s\n\n",
        "\ufeffdata: %s\n\n",
        "data: %s\ufffd\n\n",
    ]
)


@given(st.lists(st.tuples(USUAL | USUAL | UNUSUAL, FRAMES), max_size=12), st.data())
def test_nothing_is_read_otherwise_however_it_is_framed_and_cut(framed, draw):
    events = [(frame % json.dumps(m, ensure_ascii=False)).encode() for m, frame in framed]
    if events and draw.draw(st.booleans()):  # an event a chunk, or as the network likes it
        stream = b"".join(events)
        cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        events = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)])]
    read = heard(events)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Repeating, "texts", lambda self, chunk: None)
        assert heard(events) == read


def test_a_text_that_came_in_parts_is_not_looked_for_elsewhere():
    delta = {"content": [{"type": "text", "text": "a"}]}
    data = [{"choices": [{"delta": delta, "message": {"content": text}}]} for text in "ab"]
    assert said(map(json.dumps, data))[:2] == ["a", "a"]


@pytest.mark.parametrize(
    "frame", ["data: %s\n\n", "data:%s\n\n", "data: %s\r\n\r\n", ": x\n\ndata: %s\n\n"]
)
def test_it_is_taken_out_in_every_frame(parsed, frame):
    data = dumped(*"abc")
    assert heard([(frame % each).encode() for each in data])[:3] == list("abc")
    assert parsed == data[:1]


@pytest.fixture(name="parsed")
def counted_parsing(monkeypatch):
    """What was parsed."""
    seen, parsed = [], completions.parsed
    monkeypatch.setattr(completions, "parsed", lambda data: seen.append(data) or parsed(data))
    return seen


def dumped(*texts, **more):
    return [json.dumps(message(text, **more)) for text in texts]


def test_what_is_around_the_text_is_parsed_once(parsed):
    data = dumped(*"abcdef")
    assert said(data)[:6] == list("abcdef")
    assert parsed == data[:1]


def test_a_text_with_escapes_is_parsed_and_the_next_is_not(parsed):
    data = dumped("a", "b\n", "c")
    assert said(data)[:3] == ["a", "b\n", "c"]
    assert parsed == data[:2]


def test_what_is_not_printable_needs_no_parsing_either(parsed):
    data = [json.dumps(message(text), ensure_ascii=False) for text in ("a", "\u202f!", "\u200d")]
    assert said(data)[:3] == ["a", "\u202f!", "\u200d"]
    assert parsed == data[:1]


@pytest.mark.parametrize("bad", ['a"b', "a\\", "a\x01", "\\u00e4", ""])
def test_what_is_no_plain_text_is_not_taken_for_one(bad):
    known = dumped("a")[0].encode()
    repeating = Repeating()
    repeating.learn(known, "a")
    assert repeating.texts(known) == ["a"] and repeating.texts(2 * known) == ["a", "a"]
    other = known.replace(b'"a"', f'"{bad}"'.encode())
    assert repeating.texts(other) is None and repeating.texts(known + other) is None


def test_bytes_that_are_no_text_are_not_taken_for_one():
    known = dumped("a")[0].encode()
    repeating = Repeating()
    repeating.learn(known, "a")
    assert repeating.texts(known.replace(b'"a"', b'"\xff"')) is None


def test_two_places_for_a_text_are_not_learned():
    repeating = Repeating()
    data = json.dumps({"x": {"content": "a"}, **message("a")}).encode()
    repeating.learn(data, "a")
    assert repeating.texts(data) is None


def test_several_in_one_chunk_are_taken_out_together(parsed):
    data = dumped(*"abcdef")
    events = [f"data: {each}\n\n".encode() for each in data]
    assert heard([events[0], b"".join(events[1:4]), b"".join(events[4:])])[:6] == list("abcdef")
    assert parsed == data[:1]


@pytest.mark.parametrize(
    "form",
    [
        r'{"choices":[{"delta":{"\u0063ontent":"a"}}],"x":{"content":"TEXT"}}',
        r'{"choices":[{"delta":{"content":"TEXT","c\u006fntent":"a"}}]}',
        r'{"choices":[{"delta":{"\u0063ontent":"a"}}],"x\"content":"TEXT"}',
    ],
)
def test_a_name_with_escapes_leads_to_no_other_place(form):
    assert said([form.replace("TEXT", text) for text in "abc"])[:3] == ["a"] * 3


@pytest.mark.parametrize(
    "event",
    [
        ': "content":"TEXT"\ndata: {"choices":[{"delta":{"content":\ndata: "a"}}]}\n\n',
        'data: {"choices":[{"delta":{"content"\n: "TEXT"\ndata: :"a"}}]}\n\n',
    ],
)
def test_a_comment_is_no_place_for_a_text(event):
    assert heard([event.replace("TEXT", text).encode() for text in "abc"])[:3] == ["a"] * 3


def test_a_stream_that_does_not_repeat_itself_is_given_up(parsed):
    data = [json.dumps(message("x", pad="p" * n)) for n in range(2 * TRIES)]
    data += dumped("y", "z")
    assert said(data)[: len(data)] == ["x"] * 2 * TRIES + ["y", "z"]
    assert parsed == data, "it was not learned any more"
