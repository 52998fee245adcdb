"""The finished film: the whole picture copied, the windows' sound as one track, captions."""

from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from ..errors import MediaError
from .adts import PACKET, RATE, packets
from .clips import render
from .conversion import Part
from .publishing import scratch
from .reading import PICTURE, opening

FILM_CLOCK = 90_000
OURS = ("-protocol_whitelist", "file")
# MP4 knows languages by three letters (ISO 639-2); what is not here stays unsaid.
LANGUAGES = dict(
    pair.split(":")
    for pair in (
        "ar:ara bg:bul bn:ben ca:cat cs:ces da:dan de:deu el:ell en:eng es:spa et:est eu:eus "
        "fa:fas fi:fin fr:fra ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun hy:hye id:ind "
        "is:isl it:ita ja:jpn ka:kat kk:kaz kn:kan ko:kor lt:lit lv:lav mk:mkd ml:mal mr:mar "
        "ms:msa nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol pt:por ro:ron ru:rus sk:slk "
        "sl:slv sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel th:tha tl:tgl tr:tur uk:ukr ur:urd "
        "vi:vie zh:zho"
    ).split()
)


def final(pictures, sounds, captions, language, target, seconds, token=None):
    """Write the film as MP4 that can be played while it is fetched. `pictures` is the source
    alone, if its picture can be copied, or the Parts of its conversion; `sounds` are the
    windows' packets in order; `captions` an .srt or None; `language` a tag such as pt-BR."""
    code = LANGUAGES.get(language.partition("-")[0].lower(), "und")
    with scratch(target) as sound, picture_of(pictures, target) as picture:
        joined(sounds, sound, seconds)
        args = [*picture, *OURS, "-f", "aac", "-i", f"file:{sound}"]
        if captions is not None:
            args += [*OURS, "-f", "srt", "-i", f"file:{captions}"]
        args += ["-map", PICTURE, "-map", "1:a:0", "-c:v", "copy", "-c:a", "copy"]
        if captions is not None:
            args += ["-map", "2:s:0", "-c:s", "mov_text"]
            args += ["-metadata:s:s:0", f"language={code}"]
        args += ["-bsf:a", "aac_adtstoasc"]
        args += ["-map_metadata", -1, "-map_chapters", -1, "-metadata:s:a:0", f"language={code}"]
        # Waits for a first picture are told in ticks of the film, by default milliseconds.
        args += ["-movie_timescale", FILM_CLOCK, "-movflags", "+faststart"]
        render(args, target, seconds, token=token)


def joined(sounds, target, seconds):
    """The packets of all windows in one file, as many as are nearest to that long: the
    windows' last one ends up to a packet later, which would make the film longer."""
    wanted, count = max(1, round(seconds * RATE / PACKET)), 0
    with open(target, "wb") as out:
        for path in sounds:
            own = list(packets(Path(path).read_bytes()))[: wanted - count]
            out.writelines(own)
            count += len(own)
    if count < wanted - 1:
        raise MediaError("The sound is shorter than the film. Some windows of it are missing.")


@contextmanager
def picture_of(pictures, target):
    """The arguments that open the picture."""
    first, *more = pictures
    if not isinstance(first, Part):
        if more:
            raise MediaError("Only the parts of a conversion can be put together.")
        yield opening(first)
        return
    with scratch(target) as names:
        names.write_text(listed(pictures), "utf-8")
        args = [*OURS, "-format_whitelist", "concat,mov"]
        # The parts share one description: without this each gets its own before key frames.
        args += ["-f", "concat", "-safe", "0", "-auto_convert", "0"]
        yield [*args, "-i", f"file:{names}"]


def listed(parts):
    """For ffmpeg's concat demuxer: each part, and how long until the next begins. Only of
    files this server has made and named."""
    lines = ["ffconcat version 1.0"]
    for part, following in pairwise([*parts, None]):
        path = str(Path(part.path).absolute())
        if "\n" in path or "\r" in path:
            raise MediaError("The server's data folder has a line break in its name.")
        quoted = path.replace("'", "'\\''")
        lines.append(f"file 'file:{quoted}'")
        end = part.end if following is None else following.start
        lines.append(f"duration {end - part.start:.6f}")
    return "\n".join(lines) + "\n"
