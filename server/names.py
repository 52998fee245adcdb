"""What a file of the library may be called. Pure: text in, text out, no disk.

A name comes from a client and ends up in a path and before ffmpeg, which reads schemes
(`http:`, `concat:`), options (`-i`) and patterns (`%d`) out of names. So a name is plain
or it is refused, before anything is opened.
"""

import re
import unicodedata

from .errors import InvalidQuestion

MAX_CHARS = 255
PATTERN = re.compile(r"%[0-9]*[a-z]", re.IGNORECASE)
TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # of writing direction
# Where clients of older servers, who knew the folder, say a file is.
FOLDERS = ("data/videos/", "videos/")
ROUTES = {"list"}  # what /api/videos/<this> is already

CONTENT_TYPES = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "ts": "video/mp2t",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
    "3gp": "video/3gpp",
    "ogv": "video/ogg",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-wmv",
}
# The same from what ffmpeg calls the format, for a name that does not tell.
EXTENSIONS = {
    "matroska": "mkv",
    "avi": "avi",
    "mpegts": "ts",
    "mpeg": "mpg",
    "ogg": "ogv",
    "flv": "flv",
    "asf": "wmv",
}


def plain(name):
    """The name, or InvalidQuestion that says why it is none."""
    why = fault(name)
    if why:
        raise InvalidQuestion(
            f"This is not the name of a library file: {why}. GET /api/videos lists the names."
        )
    return name.removeprefix("./")


def fault(name):
    """What is wrong with a name, or None."""
    if len(name) > MAX_CHARS:
        return f"it is longer than {MAX_CHARS} characters"
    if not name or any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        return "it is empty or holds control characters"
    if name.startswith("/") or "\\" in name or ":" in name:
        return "it must be relative, without `:` and `\\`"
    if PATTERN.search(name):
        return "it holds a `%` pattern"
    parts = name.removeprefix("./").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "it holds an empty, `.` or `..` part"
    if any(part.startswith("-") for part in parts):
        return "a part of it begins with `-`"
    return None


def is_video(name):
    """Whether a file of that name belongs to the library at all."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and extension(name) in CONTENT_TYPES


def extension(name):
    stem, dot, end = name.rpartition(".")
    return end.lower() if stem and dot else ""


def extension_for(title, format):
    """An upload keeps the extension its sender gave it, where that is a video's."""
    given = extension(title)
    if given in CONTENT_TYPES:
        return given
    return EXTENSIONS.get(format.partition(",")[0], "mp4")


def stem(name):
    return name.rpartition(".")[0]


def content_type(name):
    return CONTENT_TYPES[extension(name)]


def spellings(name):
    """The name as given, then without the folder an older client puts before it."""
    yield name
    for folder in FOLDERS:
        if name.startswith(folder) and len(name) > len(folder):
            yield name.removeprefix(folder)


class Index:
    """Which file a client means. An id is the file's stem, or the whole name where the
    stem alone would mean another file, or several."""

    def __init__(self, names):
        self.names = sorted(names)
        self._exact = set(self.names)
        self._alike: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        for name in self.names:
            self._alike.setdefault(composed(name), []).append(name)
            self._stems.setdefault(composed(stem(name)), []).append(name)

    def find(self, text):
        """The one name meant, or None. Raises InvalidQuestion when it could be several."""
        if text in self._exact:
            return text
        alike = composed(text)
        found = self._alike.get(alike) or self._stems.get(alike) or []
        if len(found) > 1:
            raise InvalidQuestion(f"Several files could be meant; name one: {', '.join(found)}.")
        return found[0] if found else None

    def id(self, name):
        alike = composed(stem(name))
        # In a folder always the whole name: `clips/thumbnail` would be a path of its own.
        if "/" in name or alike in ROUTES or alike in self._alike:
            return name
        return stem(name) if len(self._stems[alike]) == 1 else name


def composed(name):
    """One form for names that look the same: macOS writes letters and accents apart."""
    return unicodedata.normalize("NFC", name)


def title(filename):
    """What an uploaded file was called, fit to be shown: no folders, one line."""
    last = re.split(r"[/\\]", filename)[-1]
    shown = "".join(
        char
        for char in composed(last)
        if unicodedata.category(char) not in ("Cc", "Cs") and char not in TURNS
    )
    return shown.strip()[:MAX_CHARS] or "video"


def file_stem(shown):
    """A title as the beginning of a file's name: without a video's extension, in no folder,
    not hidden."""
    if extension(shown) in CONTENT_TYPES:
        shown = stem(shown)
    return shown.replace("/", "_").lstrip(".-") or "video"
