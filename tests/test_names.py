"""What a file may be called, which one is meant, and what it is called by its owner."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import names
from server.errors import InvalidQuestion

NOT_NAMES = [
    "/etc/passwd",
    "../clip.mp4",
    "a/../../clip.mp4",
    "a/..",
    "..",
    ".",
    "",
    "a//b.mp4",
    "a/",
    "a\\b.mp4",
    "..\\clip.mp4",
    "a\0.mp4",
    "a\nb.mp4",
    "a\x7f.mp4",
    "http://127.0.0.1/clip.mp4",
    "concat:a.mp4|b.mp4",
    "subfile,,start,0,end,9,,:clip.mp4",
    "data:video/mp4;base64,AAAA",
    "tcp://127.0.0.1:9",
    "pipe:0",
    "fd:3",
    "file:clip.mp4",
    "a:b.mp4",
    "-i.mp4",
    "a/-x.mp4",
    "a%d.mp4",
    "a%03d.mp4",
    "%2e%2e/clip.mp4",
    "\udc80.mp4",
    "x" * 256,
    "x" * 5000,
]


@pytest.mark.parametrize("name", NOT_NAMES, ids=lambda name: repr(name[:20]))
def test_what_is_no_plain_name_is_refused(name):
    with pytest.raises(InvalidQuestion):
        names.plain(name)


@given(st.text())
def test_a_plain_name_never_leads_out(name):
    if names.fault(name) is None:
        joined = os.path.normpath(os.path.join("/library", names.plain(name)))
        assert joined.startswith("/library/")


file_names = st.lists(
    st.tuples(
        st.sampled_from(["", "a/", "b/"]),
        st.sampled_from(["a", "list", "a.mp4", "thumbnail", "\u00e9", "e\u0301"]),
        st.sampled_from([".mp4", ".mkv", ".MP4"]),
    ).map("".join),
    unique=True,
)


@given(file_names)
def test_every_id_means_one_file_and_no_other_route(all_names):
    index = names.Index(all_names)
    ids = {name: index.id(name) for name in all_names}
    assert len(set(ids.values())) == len(all_names)
    for name, id in ids.items():
        assert index.find(id) == name
        assert id != "list" and not id.endswith("/thumbnail")


@pytest.mark.parametrize(
    "given, kept",
    [
        ("Match.mp4", "Match.mp4"),
        ("C:\\films\\Матч 1.mp4", "Матч 1.mp4"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nb\0.mp4", "ab.mp4"),
        ("\u202egpj.mp4", "gpj.mp4"),
        ("", "video"),
        ("x" * 999, "x" * 255),
    ],
)
def test_a_title_is_one_plain_line(given, kept):
    assert names.title(given) == kept
