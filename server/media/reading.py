"""How a file of a stranger is opened, and what filters say about it."""

from .process import LONG, output

# Without the list of formats, a playlist called .mp4 makes ffmpeg read other files of
# this server, whatever the protocols: measured.
FORMATS = "mov,matroska,webm,avi,mpegts,flv,ogg,mpeg,asf"
# A little more than 8K. A small file can claim a picture of many gigabytes.
MAX_PIXELS = 40_000_000
QUIET = ("-loglevel", "error", "-nostats")
# The real picture, not the cover art some files carry as another video stream.
PICTURE = "0:V:0"
LONGEST_S = 3600.0


def opening(path, start=None, end=None, exact=True, quick=False):
    """The arguments that open a file, from `start` to `end` of it. Times in filters then
    count from `start`; without `exact` frames before it, back to a key frame, come too
    and have negative times. `quick` leaves out frames that no other is made from, which
    halves the work for most files."""
    args = ["-protocol_whitelist", "file", "-format_whitelist", FORMATS]
    args += ["-max_pixels", str(MAX_PIXELS), "-threads", "2"]
    if start:
        args += ["-ss", f"{start:.6f}"]
    if end is not None:
        args += ["-t", f"{end - (start or 0.0):.6f}"]
    if not exact:
        args += ["-noaccurate_seek"]
    if quick:
        args += ["-skip_frame", "noref"]
    # `file:` keeps a name with a colon, or a leading dash, a name.
    return [*args, "-i", f"file:{path}"]


def on_clock(path, second, start):
    """The arguments that open a file from before `second` of it, with times that count from
    there, whatever of it is read. `start` is its probe's.

    Left to itself ffmpeg counts from the first packet of the streams it reads, in formats
    whose clock may jump: sound that comes late would come at once. An old one does so
    whenever the offset is the start to the microsecond, so it is one less."""
    args = ["-copyts", "-itsoffset", f"{1e-6 - start - second:.6f}"]
    return [*args, *opening(path, second, exact=False)]


def lines(path, args, window=None, token=None, limit_s=LONGEST_S, quick=False):
    """What ffmpeg prints to standard output while these filters watch the window.

    For `metadata=print:file=-:direct=1` and its like: each line comes when its frame has
    been measured. Times in them count from the start of the window.
    """
    start, end = window or (None, None)
    command = [*QUIET, *opening(path, start, end, quick=quick), *args, "-f", "null", "-"]
    rest = b""
    for data in output(command, token, limit_s, LONG):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
