"""A stretch of a video as a file of its own, published only when it is whole."""

from contextlib import closing

from ..errors import MediaError
from .probing import probe
from .process import LONG, output, run
from .publishing import published
from .reading import LONGEST_S, PICTURE, QUIET, opening


def clip(
    path,
    start,
    end,
    target,
    *,
    height=None,
    video_kbps=None,
    most_fps=None,
    token=None,
    on_progress=None,
):
    """Write `start` to `end` of a video as MP4 (H.264, AAC); small if asked, and then quick."""
    rows = f"min({height},ih)" if height else "ih"
    # First of all filters: what is dropped need not be scaled.
    fewer = f"fps='min(source_fps,{most_fps})'," if most_fps else ""
    # H.264 in 4:2:0 wants even sides; the pixels become square on the way.
    filters = f"{fewer}scale=w='trunc(iw*sar*({rows})/ih/2)*2':h='trunc(({rows})/2)*2',setsar=1"
    args = [*opening(path, start, end), "-map", PICTURE, "-map", "0:a:0?", "-dn", "-sn"]
    args += ["-vf", f"{filters},format=yuv420p", "-c:v", "libx264"]
    args += ["-preset", "superfast" if video_kbps else "veryfast"]
    args += ["-threads", 2, "-map_metadata", -1, "-map_chapters", -1]
    if video_kbps:
        args += ["-b:v", f"{video_kbps}k", "-maxrate", f"{video_kbps * 3 // 2}k"]
        args += ["-bufsize", f"{video_kbps * 3}k", "-c:a", "aac", "-b:a", "64k", "-ac", 1]
    else:
        args += ["-crf", 23, "-c:a", "aac", "-b:a", "128k", "-ac", 2]
    args += ["-movflags", "+faststart"]
    render(args, target, end - start, token=token, on_progress=on_progress)


def render(
    args,
    target,
    seconds=None,
    *,
    token=None,
    limit_s=LONGEST_S,
    on_progress=None,
):
    """Run ffmpeg into `target`: there is either the whole file or none. With `seconds`,
    what comes out must be about that long: ffmpeg calls half a damaged file a success.
    `on_progress` is called now and then while ffmpeg gets on, and may raise."""
    with published(target) as part:
        command = [*QUIET, *args, "-f", "mp4", "-y", f"file:{part}"]
        if on_progress is None:
            run(command, token, limit_s, LONG)
        else:
            command = ["-progress", "pipe:1", *command]
            with closing(output(command, token, limit_s, LONG)) as progress:
                for _ in advances(progress):
                    on_progress()
        if seconds is not None:
            made = probe(part, token).duration
            if made < seconds - max(1.0, seconds * 0.02):
                raise MediaError(
                    f"Only {made:.1f} of {seconds:.1f} s could be read. The file is damaged there."
                )


def advances(progress):
    """How far it is, each time it is further: ffmpeg repeats itself when it stands still."""
    furthest, rest = 0, b""
    for data in progress:
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b"=")
            if name == b"out_time_us" and value.isdigit() and int(value) > furthest:
                furthest = int(value)
                yield furthest
