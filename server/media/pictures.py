"""Still pictures of a video: the frame that is on screen at a given time.

"On screen" matters: with a variable frame rate the frame shown at 0:07 may have begun
at 0:03, and seeking alone would give the one after. So each pass starts at the key frame
before, and `fps=100:round=up` holds every frame until the next: its nth picture is
what is on screen n/100 s into the pass.
"""

from ..errors import MediaError
from .process import Failed, output
from .reading import PICTURE, QUIET, opening

TICKS = 100
# A time is an expression that ffmpeg evaluates for every tick of the pass.
TIMES_IN_A_PASS = 32
# Times closer than this share one pass: decoding three seconds costs about what a new
# ffmpeg and its way from the key frame do.
SHARED_PASS_S = 3.0
# A pass starts this much early, so that a time just after the last frame finds it.
# Should even that find nothing (the sound goes on without the picture), look further back.
LEAD_S = (1.0, 60.0, float("inf"))
STILLS_S = 120.0


def frames(path, times, long_side, token=None):
    """Yields (time, JPEG) in order, upright, no side longer than `long_side`."""
    size = f"w='if(gte(iw,ih),min({long_side},iw),-1)':h='if(gte(iw,ih),-1,min({long_side},ih))'"
    return stills(path, times, size, token)


def thumbnail(path, at, width):
    for _, jpeg in stills(path, [at], f"w='min({width},iw)':h=-1"):
        return jpeg


def stills(path, times, size, token=None):
    for together in passes(sorted(times)):
        for lead in LEAD_S:
            begin = max(0.0, together[0] - lead)
            made = 0
            for jpeg in one_pass(path, begin, together, size, token):
                yield together[made], jpeg
                made += 1
            if made == len(together):
                break
            together = together[made:]
        else:
            raise MediaError(
                f"At {together[0]:.2f} s this video has no picture that can be decoded."
            )


def passes(times):
    """Sorted times, in groups close enough to be made in one go."""
    groups = []
    for time in times:
        full = groups and len(groups[-1]) == TIMES_IN_A_PASS
        if not groups or full or time - groups[-1][-1] > SHARED_PASS_S:
            groups.append([])
        groups[-1].append(time)
    return groups


def one_pass(path, begin, times, size, token):
    # The small sum keeps 2.0 - 1.0 from becoming tick 99 for want of a last binary digit.
    ticks = [int((time - begin) * TICKS + 1e-6) for time in times]
    chosen = "+".join(f"eq(n,{tick})" for tick in sorted(set(ticks)))
    filters = (
        f"fps={TICKS}:start_time=0:round=up,tpad=stop=-1:stop_mode=clone,"
        f"select={chosen!r},setpts=N/{TICKS}/TB,"
        f"scale=iw*sar:ih,setsar=1,scale={size}:out_range=pc,format=yuvj420p"
    )
    args = [*QUIET, *opening(path, begin, exact=False), "-map", PICTURE, "-vf", filters]
    args += ["-frames:v", len(set(ticks)), "-c:v", "mjpeg", "-q:v", 4, "-f", "mpjpeg", "-"]
    made = parts(output(args, token, STILLS_S))
    previous, jpeg = None, None
    try:
        for tick in ticks:
            if tick != previous:
                jpeg = next(made, None)
            if jpeg is None:
                return
            previous = tick
            yield jpeg
    except Failed:
        return  # some ffmpegs fail when there was nothing to encode; the next lead may find it
    finally:
        made.close()


def parts(data):
    """The pictures in a multipart stream, each as soon as it is whole."""
    buffer = bytearray()
    try:
        for block in data:
            buffer += block
            while True:
                head, mark, _ = bytes(buffer[:200]).partition(b"\r\n\r\n")
                if not mark:
                    break
                length = int(head.lower().split(b"content-length:")[1])
                begin = len(head) + len(mark)
                if len(buffer) < begin + length:
                    break
                yield bytes(buffer[begin : begin + length])
                del buffer[: begin + length + len(b"\r\n")]
    finally:
        data.close()
