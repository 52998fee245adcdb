"""Text of strangers made plain: one line, no tricks, and for speech nothing but words.

Models write Markdown, SSML, stage directions and worse. What is shown goes through
`one_line`, what is spoken through `speakable`.
"""

import html
import re
import unicodedata

# Joiners shape letters and emoji; every other invisible character only hides something.
JOINERS = {"\u200c", "\u200d"}
TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,300}>")
LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()]{0,1000}\)")
DIRECTION = re.compile(r"\[[^\[\]]{0,100}\]|\{[^{}]{0,100}\}")
EMPHASIS = re.compile(r"[*_`~]+")
MARKS = re.compile(r"[#|<>{}\[\]\\^=]+")
QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "'": "'", "‘": "’"}
# Written without spaces, so words are counted in letters: how many make one of 2.5 a second.
DENSE = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"  # Chinese, Japanese
    "|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"  # Thai, Lao, Burmese, Khmer
)
IDEOGRAPHS_PER_WORD = 2.0
LETTERS_PER_WORD = 5.0


def one_line(text, limit):
    """The text on one line, of at most so many characters, with nothing hidden in it."""
    text = unicodedata.normalize("NFC", text[: limit * 8])
    kept = "".join(char if visible(char) else " " for char in text)
    line = " ".join(kept.split())
    if len(line) <= limit:
        return line
    head, space, _ = line[: limit - 1].rpartition(" ")
    return (head if len(head) > limit // 2 else line[: limit - 1]).rstrip(" ,;:-") + "…"


def visible(char):
    category = unicodedata.category(char)
    return char in JOINERS or category not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def speakable(text, limit):
    """The words of it, as a voice should say them."""
    text = html.unescape(TAG.sub(" ", text[: limit * 8]))
    text = LINK.sub(r"\1", TAG.sub(" ", text))
    text = MARKS.sub(" ", EMPHASIS.sub("", DIRECTION.sub(" ", text)))
    return unquoted(one_line(text, limit)).strip(" -–—:;,")


def unquoted(text):
    """Without the quotation marks around the whole of it."""
    while len(text) > 1 and text[0] in QUOTES and text[-1] in QUOTES[text[0]]:
        if any(mark in text[1:-1] for mark in text[0] + text[-1]) and text[0] != "'":
            break  # two quotations, and not one
        text = text[1:-1].strip()
    return text


def words(text):
    """How many words long it is to say, also where words are not written apart."""
    dense = DENSE.findall(text)
    ideographs = sum(1 for char in dense if char > "\u2fff")
    letters = len(dense) - ideographs
    return len(DENSE.sub(" ", text).split()) + round(
        ideographs / IDEOGRAPHS_PER_WORD + letters / LETTERS_PER_WORD
    )
