"""Who may import what. Arrows go one way: views -> analysis, commentary -> asking ->
providers, voices -> vendors -> leaves."""

import ast
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[1] / "server"
FILES = sorted(SERVER.rglob("*.py"))

# What may be touched in one place only.
HOMES = {
    "flask": ["views/", "app.py"],
    "werkzeug": ["views/", "app.py"],
    "subprocess": ["process.py"],
    "openai": ["providers/openai.py"],
    "google": ["providers/gemini"],
    "twelvelabs": ["providers/pegasus"],
    "elevenlabs": ["voices/elevenlabs"],
    "redis": ["stores/redis.py"],
    "rq": ["commentary/crew.py", "commentary/worker.py"],
}

FORBIDDEN = [
    (
        "vendors/",
        ("providers", "voices", "asking", "analysis", "commentary", "views", "runs", "services"),
    ),
    ("providers/", ("analysis", "commentary", "asking", "views", "runs", "services")),
    ("voices/", ("analysis", "commentary", "asking", "views", "runs", "services", "providers")),
    ("asking/", ("analysis", "commentary", "voices", "views", "runs", "services", "app")),
    ("analysis/", ("commentary", "views", "app")),
    ("commentary/", ("analysis", "views", "app")),
    ("cli/", ("views", "app")),
    ("", ("app",)),
]

FOLDERS = {"vendors", "providers", "voices", "asking", "analysis", "commentary", "views", "cli"}
# They put together what the others are; `docs/architecture.md` says why.
ABOVE_LEAVES = {"models.py", "library.py", "contents.py", "ollama.py"}
AT_THE_TOP = {"services.py", "app.py", "doctor.py", "__main__.py", "__init__.py"}
UNKNOWN_TO_LEAVES = FOLDERS | {"models", "library", "services", "app", "doctor"}


def imports(path):
    """Every module a file imports, ours as `server.x.y`."""
    package = ("server", *path.relative_to(SERVER).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SERVER)))
def test_imports_follow_the_arrows(path):
    name = str(path.relative_to(SERVER))
    for module in imports(path):
        top = module.split(".")[0]
        if top in HOMES:
            assert name.startswith(tuple(HOMES[top])), f"{name} imports {module}"
        if module.startswith("server.cli"):
            assert name.startswith("cli/") or name == "__main__.py", f"{name} imports {module}"
        for folder, banned in FORBIDDEN:
            if name.startswith(folder) and name not in ("__init__.py",):
                ours = module.removeprefix("server.").split(".")[0]
                bad = module.startswith("server.") and ours in banned
                assert not bad, f"{name} imports {module}"


LEAVES = [
    path
    for path in FILES
    if path.relative_to(SERVER).parts[0] not in FOLDERS | ABOVE_LEAVES | AT_THE_TOP
]


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: str(path.relative_to(SERVER)))
def test_leaves_know_libraries_and_each_other(path):
    ours = [module.split(".")[1] for module in imports(path) if module.startswith("server.")]
    assert not UNKNOWN_TO_LEAVES & set(ours)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SERVER)))
def test_the_environment_is_read_in_two_places(path):
    if path.name in ("settings.py", "credentials.py"):
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")) or (
            # A WSGI request has an environ too.
            isinstance(node.value, ast.Name)
            and node.value.id == "request"
        ), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SERVER)))
def test_every_module_says_what_it_is_and_stays_small(path):
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path.name} has no docstring"
    assert text.count("\n") <= 300, f"{path.name}: a second noun is hiding inside"


@pytest.mark.parametrize(
    "path, words",
    [
        ("views/analyze.py", "ThreadPoolExecutor(len("),
        ("analysis/worker.py", "credentials"),
        ("credentials.py", "os.environ.get("),
        ("channel.py", "(queue.Queue)"),
        ("analysis/run.py", "RoundRobin("),
        ("analysis/interleave.py", "per-model buffers"),
        ("views/streaming.py", "sleep(yield_delay_s)\n        yield sse.DONE"),
    ],
)
def test_the_way_of_a_request_is_told_where_reading_begins(path, words):
    told = ast.get_docstring(ast.parse((SERVER / "views/analyze.py").read_text("utf-8")))
    assert words in (SERVER / path).read_text("utf-8")
    assert path in told or path == "views/analyze.py"
