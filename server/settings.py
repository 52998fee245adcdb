"""The environment, read once into a frozen value.

`credentials.py` is the other reader of the environment: keys and base URLs are read
there, in the thread that needs them. Everything else is here, one line per variable.
"""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path

from .values import (
    above_zero,
    at_least_one,
    names,
    not_negative,
    notation,
    number,
    one_of,
    path,
    path_prefix,
    proxies,
    redis_address,
    token,
    whole,
)

SHIPPED_MODELS = Path(__file__).parent / "models.toml"


def env(name, default, help, parse=None, secret=False):
    """A setting: the variable it comes from, what it is without one, what it does, and
    whether no message may show it."""
    known = {"env": name, "parse": parse or type(default), "help": help, "secret": secret}
    return field(default=default, metadata=known)


@dataclass(frozen=True)
class Settings:
    host: str = env("HOST", "127.0.0.1", "the address to listen on")
    port: int = env("PORT", 8000, "the port to listen on", whole(1, 65535))
    data_dir: Path = env("DATA_DIR", Path("data"), "everything the server writes", path)
    models_file: Path = env("MODELS_FILE", SHIPPED_MODELS, "the list of models", path)
    auth_token: str = env(
        "AUTH_TOKEN", "", "what every request must bear, in printable ASCII", token, True
    )
    no_color: str = env("NO_COLOR", "", "when set, the command line uses no colours")

    trusted_proxies: str = env(
        "FORWARDED_ALLOW_IPS",
        "127.0.0.1,::1",
        "addresses, not names or networks, of proxies whose X-Forwarded-* is believed, or *",
        proxies,
    )
    x_accel_prefix: str = env(
        "X_ACCEL_PREFIX",
        "",
        "under which internal path nginx serves DATA_DIR, such as /_data",
        path_prefix,
    )

    # At least one each for streams, media, and health and cancel.
    threads: int = env("THREADS", 128, "server threads, 3 at least", whole(3))
    max_runs: int = env("MAX_RUNS", 100, "runs at a time", at_least_one)

    max_models: int = env("MAX_MODELS", 9, "models in one run", at_least_one)
    max_query_chars: int = env("MAX_QUERY_CHARS", 20_000, "length of a question", at_least_one)
    max_answer_chars: int = env(
        "MAX_ANSWER_CHARS", 400_000, "length of one model's answer", at_least_one
    )
    max_upload_mb: int = env("MAX_UPLOAD_MB", 2048, "size of an uploaded video", at_least_one)
    rate_limit: str = env(
        "RATE_LIMIT",
        "1200/minute",
        "runs and uploads a client may start, such as 20/second;600/hour",
        notation,
    )

    max_commentaries: int = env("MAX_COMMENTARIES", 2, "commentaries made at a time", at_least_one)
    commentary_workers: str = env(
        "COMMENTARY_WORKERS",
        "inside",
        "where commentaries are made: inside the server, or rq (by `python -m server worker`)",
        one_of("inside", "rq"),
    )
    commentary_timeout_s: float = env(
        "COMMENTARY_TIMEOUT_S", 4 * 3600.0, "a commentary's whole time", above_zero
    )
    commentary_retention_s: float = env(
        "COMMENTARY_RETENTION_S", 7 * 86400.0, "how long an unused commentary is kept", above_zero
    )
    max_commentary_mb: int = env(
        "MAX_COMMENTARY_MB", 20480, "room on the disk for commentaries", at_least_one
    )

    redis_url: str = env(
        "REDIS_URL",
        "",
        "the Redis (redis://... or rediss://...) that several machines share",
        redis_address,
        True,
    )
    max_history_mb: int = env("MAX_HISTORY_MB", 512, "room for remembered runs", at_least_one)

    first_text_timeout_s: float = env(
        "FIRST_TEXT_TIMEOUT_S", 120.0, "a model's time to its first text", above_zero
    )
    idle_timeout_s: float = env(
        "IDLE_TIMEOUT_S", 60.0, "a model's longest silence after that", above_zero
    )
    model_timeout_s: float = env("MODEL_TIMEOUT_S", 600.0, "a model's whole time", above_zero)

    # Ids die. ElevenLabs' own examples speak with the first of these voices.
    elevenlabs_voice: tuple[str, ...] = env(
        "ELEVENLABS_VOICE",
        ("JBFqnCBsd6RMkjVDRZzb", "EXAVITQu4vr4xnSDxMaL"),
        "ElevenLabs' voices for the first commentator, the second ... as ids or names",
        names,
    )
    elevenlabs_model: str = env(
        "ELEVENLABS_MODEL", "eleven_flash_v2_5", "the model ElevenLabs speaks with"
    )
    voice_concurrency: int = env(
        "VOICE_CONCURRENCY", 5, "lines spoken at once by a vendor", at_least_one
    )
    voice_fallback: str = env(
        "VOICE_FALLBACK",
        "offline",
        "what follows when a voice's quota is used up: offline or captions",
        one_of("offline", "captions"),
    )
    voice_timeout_s: float = env(
        "VOICE_TIMEOUT_S", 30.0, "a vendor's time to speak one line", above_zero
    )

    heartbeat_s: float = env("HEARTBEAT_S", 10.0, "longest silence on a stream", above_zero)
    cores: str = env(
        "CORES",
        "one",
        "the cores a serving process uses for itself: one or all",
        one_of("one", "all"),
    )
    yield_delay_ms: float = env(
        "YIELD_DELAY_MS",
        2.0,
        "the yield delay: words that come faster are sent together",
        number(1000, zero=True),
    )
    disconnect_grace_s: float = env(
        "DISCONNECT_GRACE_S", 15.0, "how long a run waits for a dropped reader", not_negative
    )
    send_timeout_s: float = env(
        "SEND_TIMEOUT_S",
        30.0,
        "how long a reader may refuse to read",
        number(2e6),  # poll() counts ms in 31 bits
    )
    run_retention_s: float = env(
        "RUN_RETENTION_S", 3600.0, "how long an ended run is remembered", not_negative
    )

    @property
    def videos_dir(self):
        return self.data_dir / "videos"

    @property
    def address(self):
        """Host and port, as addresses on the web have them."""
        host = f"[{self.host}]" if ":" in self.host and self.host[0] != "[" else self.host
        return f"{host}:{self.port}"

    # A stream holds a server thread for minutes. These shares of the threads are kept
    # back from streams, so that media and then health and cancel always find one.
    @property
    def spare_threads(self):
        return max(1, self.threads // 16)

    @property
    def media_threads(self):
        return max(1, self.threads // 8)

    @property
    def body_threads(self):
        """Beside all of those: who sends a large body slowly takes none of them."""
        return max(4, self.media_threads + 1)

    @property
    def stream_threads(self):
        return max(1, self.threads - self.spare_threads - self.media_threads)


class InvalidSetting(Exception):
    pass


def refusal(item, text):
    name, default = item.metadata["env"], item.default
    shown = f"The value of {name}" if item.metadata["secret"] else f"{name}={text!r}"
    return (
        f"{shown} does not make sense. It sets {item.metadata['help']}; the default is "
        f"{'none' if default == '' else default}. docs/configuration.md says more."
    )


def load(environ=None):
    """Settings from the environment. An empty value counts as unset."""
    environ = os.environ if environ is None else environ
    found = {}
    for item in fields(Settings):
        text = environ.get(item.metadata["env"], "").strip()
        if not text:
            continue
        try:
            found[item.name] = item.metadata["parse"](text)
        except (ValueError, RuntimeError):  # the latter of a home that nobody has
            raise InvalidSetting(refusal(item, text)) from None
    if found.get("commentary_workers") == "rq" and "redis_url" not in found:
        raise InvalidSetting(
            "COMMENTARY_WORKERS=rq needs REDIS_URL: the Redis in which server and workers meet."
        )
    return Settings(**found)


def load_dotenv(path=".env", environ=os.environ):
    """Fill unset (or empty) variables from `.env`; one that is set wins."""
    from dotenv import dotenv_values

    try:
        found = dotenv_values(path).items()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{path} must be text in UTF-8 that may be read: {error}") from None
    environ |= {name: value for name, value in found if value and not environ.get(name)}
