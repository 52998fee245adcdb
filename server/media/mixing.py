"""The one ffmpeg that mixes and encodes a stretch of sound: its inputs and its filters.

All lengths and places are in samples from the stretch's beginning.
"""

from .adts import RATE
from .ducking import STEPS
from .probing import probed
from .reading import QUIET, on_clock

# The source is read from a whole second at least this long before it is needed: decoders
# need some packets to get going. A whole one because samples of all rates begin there, so
# whatever the stretch, resampling takes the same places between them.
LEAD_S = 1
# Silence is put where the source's clock says, from this much on: less than can be seen,
# and more than the rounding of clocks that count milliseconds.
GAP_S = 0.01
# The encoder adds up to 1.6 dB to the peaks of square waves; all is to be under -1 dBTP.
LIMIT = 10 ** (-3.0 / 20)
BITRATE = "192k"
OURS = ("-protocol_whitelist", "file")
SAME_ON_BOTH = "pan=stereo|c0=c0|c1=c0"
STEREO = "aformat=sample_fmts=fltp:channel_layouts=stereo"


def mixing(begin, length, source, gains, voices):
    """The arguments that write ADTS to standard output: `length` samples of the video from
    its sample `begin` on. `source` and `gains` may be None."""
    inputs, graph, tracks = [], [], []
    for args, filters in tracks_of(begin, length, source, gains, voices):
        number = len(inputs)
        inputs.append(args)
        graph.append(f"[{number}:a:0]{filters}[{number}]")
        tracks.append(f"[{number}]")
    if gains is not None:
        graph.append(f"{tracks.pop(0)}{tracks.pop(0)}amultiply[low]")
        tracks.insert(0, "[low]")
    if not tracks:
        graph.append(f"anullsrc=r={RATE}:cl=stereo[silence]")
        tracks.append("[silence]")
    joined = f"amix=inputs={len(tracks)}:normalize=0," if len(tracks) > 1 else ""
    graph.append(
        f"{''.join(tracks)}{joined}"
        # Twice the samples, to see most of what rises between them.
        f"aresample={2 * RATE},alimiter=limit={LIMIT:.4f}:attack=5:release=80:level=0:latency=1,"
        f"aresample={RATE},{STEREO},apad,atrim=end_sample={length}[out]"
    )
    args = [*QUIET, *(arg for args in inputs for arg in args)]
    args += ["-filter_complex", ";".join(graph), "-map", "[out]", "-map_metadata", -1]
    # The fast search: half the work, and at this rate as good. Without made-up noise and
    # without one channel guessed from the other, packets of two encoders fit each other.
    args += ["-c:a", "aac", "-b:a", BITRATE, "-aac_coder", "fast", "-aac_pns", 0, "-aac_is", 0]
    return [*args, "-f", "adts", "-"]


def tracks_of(begin, length, source, gains, voices):
    """(arguments, filters) of each input; all are made as long as the stretch."""
    if source is not None:
        yield original(begin, length, source)
    if gains is not None:
        raw = ("-f", "f32le", "-ar", STEPS, "-ac", 1)
        filters = f"aresample={RATE},{SAME_ON_BOTH},{STEREO},apad,atrim=end_sample={length}"
        yield (*OURS, *raw, "-i", f"file:{gains}"), filters
    for voice in voices:
        yield spoken(round(voice.start * RATE) - begin, length, voice)


def original(begin, length, source):
    second = max(0, begin // RATE - LEAD_S)
    about = probed(source)
    both = f"{SAME_ON_BOTH}," if about.mono else ""
    skipped = begin - second * RATE
    filters = (
        f"atrim=start=0,{both}aresample={RATE}:async=1:min_hard_comp={GAP_S}:first_pts=0,"
        f"{STEREO},apad,atrim=start_sample={skipped}:end_sample={skipped + length},"
        "asetpts=N/SR/TB"
    )
    return on_clock(source, second, about.start), filters


def spoken(place, length, voice):
    args = (*OURS, "-format_whitelist", "mp3,wav", "-i", f"file:{voice.path}")
    tempo = f"atempo={voice.tempo:.6f}," if voice.tempo != 1 else ""
    placed = f"adelay={place}S:all=1" if place >= 0 else f"atrim=start_sample={-place}"
    filters = (
        f"{tempo}aresample={RATE},aformat=sample_fmts=fltp:channel_layouts=mono,"
        f"volume={voice.gain:.6f},{placed},asetpts=N/SR/TB,{SAME_ON_BOTH},"
        f"apad,atrim=end_sample={length}"
    )
    return args, filters
