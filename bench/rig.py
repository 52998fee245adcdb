"""What every measurement needs: the vendor, the relay and the server, up and down again."""

import contextlib
import itertools
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import clips
from tests.live import free_port, serving, until

MODELS = 9
_numbers = itertools.count()


@contextlib.contextmanager
def running(module, *arguments):
    """`python -m module PORT …`; its port and process id once it answers."""
    port = free_port()
    child = subprocess.Popen([sys.executable, "-m", module, str(port), *map(str, arguments)])
    try:
        until(lambda: answers(port))
        yield port, child.pid
    finally:
        child.kill()
        child.wait()


def children_of(pid):
    """The processes that this one started: gunicorn's workers."""
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def parallax(vendor_port, shapes, **variables):
    """The server, as `make run` starts it, with nine models per shape: `50x5` and so on."""
    with tempfile.TemporaryDirectory() as folder:
        models_file = Path(folder) / "models.toml"
        models_file.write_text(
            "".join(
                f'[{name(shape, number)}]\nprovider = "openai"\nupstream = "{shape}#{number}"\n'
                f'base_url = "http://127.0.0.1:{vendor_port}/v1"\noptions = {{ frames = 1 }}\n'
                for shape in shapes
                for number in range(MODELS)
            )
        )
        data = Path(folder) / "data"
        (data / "videos").mkdir(parents=True)
        with serving(data, MODELS_FILE=models_file, **variables) as server:
            yield server


def name(shape, number):
    return f"m{number}-{shape.replace('.', '_')}"


def question(shapes):
    """A question to one model per shape, in words the server takes."""
    models = [name(shape, number) for number, shape in enumerate(shapes)]
    # Words of its own, or the answer would come from the cache.
    return {"input_data": f"When? {next(_numbers)}", "models": models, "refresh": True}


def film(path, minutes, size="1280x720", *options):
    """A film of that length, quick to make. Its sound is no pure tone: an encoder spends three
    times the work on one, looking for a use for its bits."""
    hum = "anoisesrc=c=pink:a=0.05:d=10:r=48000:seed=1[noise];sine=330:d=10:r=48000[tone]"
    once = path.with_suffix(".once.mp4")
    clips.ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=10"),
        *("-f", "lavfi", "-i", f"{hum};[noise][tone]amix=normalize=0"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", 50, "-pix_fmt", "yuv420p", *options),
        *("-c:a", "aac", "-shortest", once),
    )
    clips.ffmpeg(
        *("-stream_loop", round(minutes * 6) - 1, "-i", once, "-c", "copy", "-t", minutes * 60),
        path,
    )
    once.unlink()
    return path
