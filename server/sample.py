"""A film of 24 seconds to try everything on, made by ffmpeg alone.

What is in it is known, so that whatever a model says can be checked:

     0:00  sunset: slow warm colours               a soft low chord
     0:05  a game of life, busy and green          a higher chord
     0:09  black                                   silence
     0:10  a bright sea, moving fast               a chord; louder
     0:14  a violet picture that stands still      a single quiet tone
     0:18  a carpet of triangles, rolling up       a chord, and a loud bang at 0:20
     0:22  slow dark blue                          a soft low chord, dying away
"""

from . import media

SECONDS = 24
WIDTH, HEIGHT, FPS = 1280, 720, 25
# Painted small and scaled up: the same soft colours in a quarter of the time.
SOFT = f"gradients=s=160x90:r={FPS}"
UP = f"scale={WIDTH}:{HEIGHT}"
SUNSET = "c0=0xff8c2a:c1=0xd6336c:nb_colors=2:x0=0:y0=0:x1=160:y1=90:seed=4:speed=0.01"
SEA = "c0=0x7fe7ff:c1=0xf4ffff:c2=0x38b6d9:nb_colors=3:seed=9:speed=0.06"
VIOLET = "c0=0x7a3cff:c1=0xd9b3ff:nb_colors=2:seed=2:speed=0.00001"
NIGHT = "c0=0x0a1a4f:c1=0x22408a:nb_colors=2:x0=0:y0=0:x1=160:y1=90:seed=5:speed=0.03"
LIFE = "seed=7:ratio=0.35:mold=12:life_color=0x9be15d:death_color=0x14532d:mold_color=0x0b3d20"
GOLD_ON_RED = "format=gbrp,lutrgb=r=150+val*85/255:g=60+val*100/255:b=40+val*30/255"
STILL = f"trim=end_frame=1,loop=loop={4 * FPS - 1}:size=1:start=0,setpts=N/{FPS}/TB"
# Stretches of picture: seconds, and the ffmpeg filters that paint them.
SCENES = (
    (5, f"{SOFT}:{SUNSET},{UP}"),
    (4, f"life=s=64x36:r={FPS}:{LIFE},{UP}:flags=neighbor"),
    (1, f"color=c=black:s={WIDTH}x{HEIGHT}:r={FPS}"),
    (4, f"{SOFT}:{SEA},{UP}"),
    (4, f"{SOFT}:{VIOLET},{STILL},{UP}"),
    (4, f"cellauto=s=64x36:r={FPS}:rule=30:seed=3:ratio=0.5,{GOLD_ON_RED},{UP}:flags=neighbor"),
    (2, f"{SOFT}:{NIGHT},{UP}"),
)
# Stretches of sound: seconds, loudness, the notes (Hz), and when a bang comes in it.
CHORDS = (
    (5, 0.05, (220, 277, 330), None),
    (4, 0.05, (294, 370, 440), None),
    (1, 0.0, (440,), None),
    (4, 0.12, (262, 330, 392), None),
    (4, 0.04, (330,), None),
    (4, 0.03, (247, 311, 370), 2),
    (2, 0.04, (220, 277, 330), None),
)


def make(path):
    """Write the film. It is there when it is whole."""
    args = []
    for seconds, paint in SCENES:
        args += ["-f", "lavfi", "-t", seconds, "-i", paint]
    for seconds, *chord in CHORDS:
        args += ["-f", "lavfi", "-t", seconds, "-i", tones(seconds, *chord)]
    pictures, sounds = len(SCENES), len(CHORDS)
    graph = [f"[{n}:v]format=yuv420p,setsar=1[v{n}]" for n in range(pictures)]
    graph += ["".join(f"[v{n}]" for n in range(pictures)) + f"concat=n={pictures}[v]"]
    graph += [
        "".join(f"[{pictures + n}:a]" for n in range(sounds)) + f"concat=n={sounds}:v=0:a=1[a]"
    ]
    args += ["-filter_complex", ";".join(graph), "-map", "[v]", "-map", "[a]"]
    args += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", 26, "-g", 2 * FPS]
    args += ["-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart"]
    media.render(args, path, SECONDS, limit_s=120)


def tones(seconds, loudness, notes, bang_at):
    chord = "+".join(f"sin(2*PI*{note}*t)" for note in notes)
    # A breath in and out, so that no chord begins or ends with a click.
    wave = f"{loudness}*min(1,8*min(t,{seconds}-t))*({chord})"
    if bang_at is not None:
        since = f"(t-{bang_at})"
        wave = f"{wave}+gte(t,{bang_at})*0.8*exp(-6*{since})*sin(2*PI*160*{since})"
    return f"aevalsrc={wave!r}:s=8000,aresample=48000,pan=stereo|c0=c0|c1=c0"
