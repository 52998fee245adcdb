"""`ask` and `watch`: what a person and a script see of them, from here and by URL."""

import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest

from server import sample
from server.__main__ import main
from server.cli import shapes
from server.cli.heard import Heard
from tests import sabotage
from tests.live import DEADLINE_S, ROOT, SOON_S, free_port, serving, until
from tests.vendors import openai_server as speak
from tests.vendors.openai_server import OpenAIServer

KEY = "sk-canary-0123456789abcdef"
ONE = "demo@first=0.05,rate=200,tokens=4"
TWO = "demo@first=0.05,rate=200,tokens=3,start=1"
FAILING = "demo@first=0.05,rate=200,tokens=9,fail_after=2,fail=quota"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no `.env` is
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / 'mein "Film".mp4'
    sample.make(path)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory, film):
    data = tmp_path_factory.mktemp("cli") / "data"
    (data / "videos").mkdir(parents=True)
    (data / "videos" / "sample.mp4").write_bytes(film.read_bytes())
    with serving(data) as server:
        yield server


@pytest.fixture(params=["here", "by URL"])
def where(request):
    """What is added to a command line to ask from here, or a server."""
    if request.param == "here":
        return []
    server = request.getfixturevalue("server")
    return ["--url", f"http://127.0.0.1:{server.port}"]


@pytest.fixture
def vendor(monkeypatch):
    with OpenAIServer(speak.says("Hel", "lo")) as vendor:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        yield vendor


# -- what is printed, and the exit status


def test_one_models_answer_is_the_output_and_nothing_else(where, capsys):
    assert main(["ask", "Hi", "-m", ONE, *where]) == 0
    assert capsys.readouterr() == ("This is a demo \n", "")


def test_several_answers_are_whole_blocks_in_the_order_asked(where, capsys):
    slow = "demo@first=0.3,rate=200,tokens=2"
    assert main(["ask", "Hi", "-m", slow, "-m", TWO, *where]) == 0
    assert capsys.readouterr().out == f"==> {slow} <==\nThis is \n\n==> {TWO} <==\nis a demo \n"


def test_some_failed_is_3_and_says_so_beside_the_answers(where, capsys):
    assert main(["ask", "Hi", "-m", FAILING, "-m", ONE, *where]) == 3
    out, err = capsys.readouterr()
    assert f"{FAILING}: quota: " in err
    assert "quota:" not in out and "This is a demo \n" in out


def test_none_answered_is_1(where, capsys):
    assert main(["ask", "Hi", "-m", FAILING, *where]) == 1
    assert main(["ask", "Hi", "-m", "gpt4o", *where]) == 1
    assert "gpt4o: auth: " in capsys.readouterr().err


def test_no_key_and_no_word_of_the_vendors_is_printed(vendor, capsys):
    vendor.plays(speak.status(401, error={"message": f"bad key {KEY}", "type": "t", "code": None}))
    for shape in ([], ["--json"], ["--jsonl"]):
        assert main(["ask", "Hi", "-m", "gpt4o", *shape]) == 1
    said = "".join(capsys.readouterr())
    assert "auth" in said and "canary" not in said and "bad key" not in said


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["ask", "Hi"], "-m/--model"),
        (["ask", "Hi", "-m", "x", "--json", "--jsonl"], "not allowed with"),
        (["smoke", "--models", "a,a"], "named once"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_2(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["ask", "Hi", "-m", "no-such"], "no-such"),
        (["ask", "Hi", "-m", "demo", "-m", "demo"], "once"),
        (["ask", "Hi", "-m", "demo@speed=3"], "speed"),
        (["ask", " ", "-m", "demo"], "empty"),
        (["ask", "Hi", "-m", "demo", "--history", "none.json"], "none.json"),
        (["watch", "none.mp4", "Hi", "-m", "demo"], "none.mp4"),
    ],
)
def test_so_is_a_question_that_makes_no_sense(where, arguments, complaint, capsys):
    assert main([*arguments, *where]) == 2
    out, err = capsys.readouterr()
    assert complaint in err and not out and err.count("\n") == 1


def test_a_server_that_is_not_there_is_1_and_named(capsys):
    url = f"http://127.0.0.1:{free_port()}"
    assert main(["ask", "Hi", "-m", "demo", "--url", url]) == 1
    assert url in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a:b"])
def test_what_is_no_address_is_2(url, capsys):
    assert main(["smoke", "--url", url]) == 2
    assert "http://HOST:PORT" in capsys.readouterr().err


@pytest.mark.parametrize("prompt", [[], ["-"]])
def test_the_prompt_comes_from_standard_input_when_there_is_none(
    vendor, prompt, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("From a pipe\n"))
    assert main(["ask", *prompt, "-m", "gpt4o"]) == 0
    assert capsys.readouterr().out == "Hello\n"
    assert vendor.exchanges[0].json["messages"][-1]["content"] == "From a pipe\n"


def test_a_prompt_nobody_wrote_and_nobody_pipes_is_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", open("/dev/null"))
    assert main(["ask", "-m", "demo"]) == 2
    main_end, terminal = pty.openpty()
    monkeypatch.setattr(sys, "stdin", os.fdopen(terminal))
    assert main(["ask", "-m", "demo"]) == 2
    assert "pipe one in" in capsys.readouterr().err
    os.close(main_end)


def test_what_was_said_before_is_sent_along(vendor, tmp_path):
    said = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "One."}]
    (tmp_path / "said.json").write_text(json.dumps(said))
    assert main(["ask", "2?", "-m", "gpt4o", "--history", "said.json"]) == 0
    assert vendor.exchanges[0].json["messages"] == [*said, {"role": "user", "content": "2?"}]
    (tmp_path / "said.json").write_text('[{"role": "robot", "content": "x"}]')
    assert main(["ask", "2?", "-m", "gpt4o", "--history", "said.json"]) == 2


def test_json_is_one_document_with_everything_in_it(where, capsys):
    assert main(["ask", "Hi", "-m", ONE, "-m", FAILING, "--json", *where]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["query"] == "Hi"
    assert told["models"][ONE]["text"] == "This is a demo "
    assert told["models"][ONE]["metrics"]["word_count"] == 4
    assert told["models"][FAILING]["error"]["code"] == "quota"


def test_jsonl_is_the_events_each_once(where, capsys):
    assert main(["ask", "Hi", "-m", ONE, "-m", FAILING, "--jsonl", *where]) == 3
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["type"] for event in events if event.get("model") == FAILING]
    assert kinds == ["start", "chunk", "chunk", "error", "done"]
    assert events[-1]["type"] == "complete"


def test_json_is_what_was_heard_where_the_server_does_not_tell_it(capsys):
    slots = [
        "demo@first=0,rate=200,tokens=4",
        "demo@first=0,rate=200,tokens=9,fail_after=2,fail=quota",
    ]
    with sabotage.playing(sabotage.ForgetsItsRuns()) as url:
        arguments = ["ask", "Hi", "-m", slots[0], "-m", slots[1], "--json", "--url", url]
        assert main(arguments) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "complete" and "No such run" in told["as_heard"]
    well, failed = told["models"].values()
    assert (well["state"], well["text"], well["error"]) == ("done", "This is a demo ", None)
    assert (failed["state"], failed["text"]) == ("failed", "This is ")
    assert failed["error"]["code"] == "quota" and failed["metrics"] is None


# -- videos


def test_a_film_is_watched_where_it_lies(film, capsys, tmp_path):
    before = film.stat()
    assert main(["watch", str(film), "What?", "-m", "cuts", "--start", "9", "--end", "12"]) == 0
    assert capsys.readouterr().out.count("Cut at") == 1
    assert film.stat() == before and not (tmp_path / "data" / "videos").exists()


def test_a_window_outside_of_the_film_is_2(where, film, capsys):
    assert main(["watch", str(film), "What?", "-m", "cuts", "--start", "99", *where]) == 2
    assert main(["watch", str(film), "x", "-m", "cuts", "--start", "9", "--end", "9", *where]) == 2


def test_what_is_no_film_is_2(where, tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"no film")
    assert main(["watch", "a.mp4", "What?", "-m", "cuts", *where]) == 2
    assert main(["watch", str(tmp_path), "What?", "-m", "cuts", *where]) == 2
    assert not capsys.readouterr().out


def test_a_film_the_server_has_is_not_uploaded_and_another_is_and_can_be_named(
    server, film, capsys
):
    where = ["--url", f"http://127.0.0.1:{server.port}"]
    count = len(server.get("/api/videos")[1]["videos"])
    assert main(["watch", "sample", "What?", "-m", "cuts", *where]) == 0
    assert len(server.get("/api/videos")[1]["videos"]) == count
    first = capsys.readouterr()
    assert first.out.count("Cut at") == 6 and first.err == ""

    assert main(["watch", str(film), "What?", "-m", "cuts", *where]) == 0
    uploaded = capsys.readouterr()
    assert uploaded.out == first.out
    id = re.search(r"keeps it as (\w+);", uploaded.err)[1]
    videos = {video["id"]: video for video in server.get("/api/videos")[1]["videos"]}
    assert len(videos) == count + 1
    assert videos[id]["size"] == film.stat().st_size

    assert main(["watch", id, "What?", "-m", "cuts", *where]) == 0
    assert len(server.get("/api/videos")[1]["videos"]) == count + 1


def test_an_upload_that_is_refused_half_way_is_told_in_the_servers_words(tmp_path, capsys):
    with serving(tmp_path / "served", MAX_UPLOAD_MB=1) as small:
        with open(tmp_path / "big.mp4", "wb") as file:
            file.truncate(64 * 1024 * 1024)
        url = f"http://127.0.0.1:{small.port}"
        assert main(["watch", "big.mp4", "What?", "-m", "cuts", "--url", url]) == 2
    assert "larger than 1 MB" in capsys.readouterr().err


# -- as a process


class Command:
    """`python -m server ...`, in a process of its own."""

    def __init__(self, *arguments, stdin=b"", stdout=subprocess.PIPE, **variables):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "DATA_DIR")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", *arguments],
            env={**kept, "PYTHONPATH": str(ROOT), **variables},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            bufsize=0,  # a read takes no more than it asks for
        )
        self.process.stdin.write(stdin)
        self.process.stdin.close()
        self.process.stdin = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def two_that_speak_and_stall(vendor):
    vendor.plays(speak.speaks_then("So far", then=speak.stalls), about="one")
    vendor.plays(speak.never_answers, about="two")


@pytest.fixture
def two_models(vendor, tmp_path, monkeypatch):
    path = tmp_path / "models.toml"
    path.write_text(
        "".join(
            f'[{name}]\nprovider = "openai"\nupstream = "{name}"\n'
            f'base_url = "{vendor.base_url}"\nkey_env = ["OPENAI_API_KEY"]\n'
            for name in ("one", "two")
        )
    )
    two_that_speak_and_stall(vendor)
    return {"MODELS_FILE": str(path), "OPENAI_API_KEY": KEY}


def interrupted(vendor, *arguments, **variables):
    """What the command printed, after Ctrl-C in the middle of an answer."""
    with Command("ask", "Hi", "-m", "one", "-m", "two", "--jsonl", *arguments, **variables) as run:
        for line in run.process.stdout:
            if b"So far" in line:
                break
        exchanges = vendor.wait_for(2)
        pressed = time.monotonic()
        run.process.send_signal(signal.SIGINT)
        for exchange in exchanges:
            assert exchange.hung_up.wait(SOON_S)
            assert exchange.hung_up_at - pressed < SOON_S
        out, err = run.process.communicate(timeout=DEADLINE_S)
        assert run.process.returncode == 130
        assert b"Traceback" not in err
        return [json.loads(line) for line in out.splitlines()]


def check_ended(events):
    """Every model says that it was stopped, and the run is complete."""
    errors = {event["model"]: event["code"] for event in events if event["type"] == "error"}
    assert errors == {"one": "cancelled", "two": "cancelled"}
    assert events[-1]["type"] == "complete"


def test_ctrl_c_hangs_up_on_the_vendors_at_once(vendor, two_models):
    check_ended(interrupted(vendor, **two_models))


def test_ctrl_c_cancels_on_the_server_too(vendor, two_models, tmp_path):
    with serving(tmp_path / "served", DISCONNECT_GRACE_S=60, **two_models) as server:
        check_ended(interrupted(vendor, "--url", f"http://127.0.0.1:{server.port}"))
        until(lambda: "parallax_runs_open 0.0" in metrics(server))


def said_so_far(server):
    """The number of the newest message of the newest run."""
    runs = server.get("/api/runs")[1]["runs"]
    return server.get(f"/api/runs/{runs[0]['run_id']}")[1]["last_event_id"] if runs else 0


def metrics(server):
    return server.request("GET", "/metrics")[2].decode()


def test_a_server_that_dies_meanwhile_is_told_and_what_came_is_kept(tmp_path):
    with serving(tmp_path / "served") as server:
        url = f"http://127.0.0.1:{server.port}"
        with Command("ask", "Hi", "-m", "demo@tokens=1000", "--url", url) as run:
            assert run.process.stdout.read(4) == b"This"
            server.kill_worker()
            out, err = run.process.communicate(timeout=DEADLINE_S)
            assert run.process.returncode == 1
            assert out.startswith(b" ") and out.endswith(b"\n") and b"broke off" in err


def test_json_of_a_run_whose_server_died_says_that_no_end_was_heard(tmp_path):
    with serving(tmp_path / "served") as server:
        url = f"http://127.0.0.1:{server.port}"
        with Command("ask", "Hi", "-m", "demo@tokens=1000", "--json", "--url", url) as run:
            until(lambda: said_so_far(server) >= 5)  # so the beginning of it was sent
            server.kill()  # another worker would know what was written down of it
            out, err = run.process.communicate(timeout=DEADLINE_S)
            assert run.process.returncode == 1
            told = json.loads(out)
            assert (told["state"], told["models"]["demo@tokens=1000"]["state"]) == ("unknown",) * 2
            assert told["as_heard"] and b"broke off" in err


def test_whoever_reads_the_output_may_leave_and_the_vendor_is_hung_up_on(
    where, vendor, tmp_path, monkeypatch
):
    vendor.plays(speak.says(*["on "] * 2000, every=0.005))
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": vendor.base_url}
    with serving(tmp_path / "served", DISCONNECT_GRACE_S=60, **variables) as server:
        if where:
            where = ["--url", f"http://127.0.0.1:{server.port}"]
        with Command("ask", "Hi", "-m", "gpt4o", *where, **variables) as run:
            assert run.process.stdout.read(3) == b"on "
            run.process.stdout.close()
            assert run.process.wait(DEADLINE_S) == 141
            assert run.process.stderr.read() == b""
            assert vendor.exchanges[0].hung_up.wait(SOON_S)


READER_LEFT = [
    ["doctor"],
    ["sample"],
    ["smoke", "--help"],
    ["ask", "Hi", "-m", ONE, "--json"],
    ["ask", "Hi", "-m", ONE, "--jsonl"],
    ["ask", "Hi", "-m", ONE, "-m", TWO],
]


@pytest.mark.parametrize("arguments", READER_LEFT, ids=" ".join)
def test_no_command_complains_when_nobody_reads_it(arguments):
    ours, theirs = os.pipe()
    os.close(ours)
    with Command(*arguments, stdout=theirs) as run:
        os.close(theirs)
        assert run.process.wait(DEADLINE_S) == 141
        assert run.process.stderr.read() == b""


@pytest.mark.parametrize("arguments", [["doctor"], ["ask", "Hi", "-m", ONE]], ids=" ".join)
def test_a_full_disk_under_what_is_printed_is_said(arguments):
    with open("/dev/full", "wb") as full, Command(*arguments, stdout=full) as run:
        assert run.process.wait(DEADLINE_S) == 1
        said = run.process.stderr.read()
    assert b"No space left" in said and b"Traceback" not in said and b"ignored" not in said


def test_output_that_is_closed_from_the_start_is_no_failure():
    command = [sys.executable, "-m", "server", "ask", "Hi", "-m", ONE]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    asked = subprocess.run(closed, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert (asked.returncode, asked.stderr) == (0, "")


def test_nor_does_the_smoke_test(server):
    ours, theirs = os.pipe()
    os.close(ours)
    url = f"http://127.0.0.1:{server.port}"
    arguments = ["smoke", "--system", "compare", "--models", f"{ONE},{TWO}", "--url", url]
    with Command(*arguments, stdout=theirs) as run:
        os.close(theirs)
        assert run.process.wait(DEADLINE_S) == 141
        assert b"Traceback" not in run.process.stderr.read()


@contextmanager
def deaf():
    """The port of a server whose queue is full: whoever connects is not answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        for _ in range(4):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def connecting_to(port, but=()):
    """The sockets of this machine that wait to be answered there."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in list(table)[1:]]
    syn_sent = [row[1] for row in rows if row[3] == "02" and row[2].endswith(f":{port:04X}")]
    return set(syn_sent) - set(but)


@pytest.mark.parametrize("arguments", [["--url"], ["--jsonl"]], ids=["server", "vendor"])
def test_ctrl_c_while_nobody_answers_a_connect_ends_at_once(arguments):
    with deaf() as port:
        before = connecting_to(port)
        url = f"http://127.0.0.1:{port}"
        if "--url" in arguments:
            arguments = ["-m", "demo", "--url", url]
        else:
            arguments = ["-m", "gpt4o", "--jsonl"]
        variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}
        with Command("ask", "Hi", *arguments, **variables) as run:
            until(lambda: connecting_to(port, before))
            check_prompt_end(run)
            assert not connecting_to(port, before)


def check_prompt_end(run):
    pressed = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(DEADLINE_S) == 130
    assert time.monotonic() - pressed < SOON_S
    assert b"Traceback" not in run.process.stderr.read()


# A look-up is one call into C. No signal gets Python's attention before it is over.
STUCK = """
import signal, socket, threading

def stuck(*args, **kwargs):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    print("looking up", flush=True)
    for _ in range(600):
        threading.Event().wait(0.1)

socket.getaddrinfo = stuck
"""


@pytest.mark.parametrize(
    "arguments", [["-m", "demo", "--url", "http://a.example"], ["-m", "gpt4o"]]
)
def test_ctrl_c_while_a_name_is_looked_up_ends_at_once(arguments, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://b.example/v1"}
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    with Command("ask", "Hi", *arguments, **{**variables, "PYTHONPATH": path}) as run:
        assert run.process.stdout.read(10) == b"looking up"
        check_prompt_end(run)


def test_what_is_no_text_is_no_prompt():
    for prompt in ("\udcff", "-"):
        with Command("ask", prompt, "-m", ONE, stdin=b"\xff") as run:
            out, err = run.process.communicate(timeout=DEADLINE_S)
        assert (run.process.returncode, out) == (2, b"")
        assert err == b"The prompt is not text in UTF-8.\n"


def test_a_letter_the_output_cannot_hold_ends_nothing(vendor):
    vendor.plays(speak.says("caf", "\u00e9", "!"))
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": vendor.base_url}
    with Command("ask", "Hi", "-m", "gpt4o", PYTHONIOENCODING="ascii", **variables) as run:
        assert run.process.communicate(timeout=DEADLINE_S) == (b"caf?!\n", b"")
        assert run.process.returncode == 0


def on_terminal(*arguments, **variables):
    """What a command prints on a terminal, and how it ended."""
    ours, theirs = pty.openpty()
    with Command(*arguments, stdout=theirs, **variables) as run:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:
            pass  # how a terminal ends on Linux
        os.close(ours)
        return shown.decode().replace("\r\n", "\n"), run.process.wait(DEADLINE_S)


def test_on_a_terminal_lines_of_several_models_stand_behind_their_names():
    arguments = ["ask", "Hi", "-m", "demo@tokens=40", "-m", "demo@tokens=40,start=9"]
    shown, status = on_terminal(*arguments, NO_COLOR="1")
    assert status == 0 and "\x1b" not in shown
    speakers = re.findall(r"^\[(.*?)\] ", shown, re.MULTILINE)
    assert len(speakers) == shown.count("\n") >= 4
    assert speakers != sorted(speakers), "the second waited for the first"
    assert speakers != sorted(speakers, reverse=True)
    coloured, _ = on_terminal(*arguments)
    assert re.sub(r"\x1b\[\d+m", "", coloured).count("\n") == shown.count("\n")
    assert "\x1b[36m[demo@tokens=40]\x1b[0m " in coloured


# -- the shapes


def text(slot, words):
    return None, Heard("text", slot, words)


def test_on_a_terminal_words_cannot_steer_it_and_in_a_pipe_they_are_as_they_came():
    nasty = "a\x1b[2Jb\rc\u202ed\te\n"
    for terminal, expected in ((True, "a\ufffd[2Jb\ufffdc\ufffdd\te\n"), (False, nasty)):
        out = []
        shape = shapes.Raw(["a"], out.append, terminal)
        shape.take(*text("a", nasty))
        shape.finish(None)
        assert "".join(out) == expected


def test_a_live_line_is_full_or_complete_and_nothing_is_lost():
    out = []
    shape = shapes.Live(["a", "b"], out.append, 24, colour=False)
    for slot, words in (("a", "one two three four"), ("b", "x\ny"), ("a", " five six " + "z" * 30)):
        shape.take(*text(slot, words))
    for slot in "ab":
        shape.take(None, Heard("end", slot))
    lines = "".join(out).splitlines()
    assert max(map(len, lines)) <= 24
    assert lines[0] == "[b] x"  # a's line was not full yet
    said = [line[4:] for line in lines if line.startswith("[a] ")]
    assert "".join(said).replace(" ", "") == "onetwothreefourfivesix" + "z" * 30
    assert lines[-1] == "[b] y"


def test_blocks_cut_short_are_printed_all_the_same():
    out = []
    shape = shapes.Blocks(["a", "b"], out.append)
    shape.take(*text("b", "half"))
    shape.finish(None)
    assert "".join(out) == "==> a <==\n\n==> b <==\nhalf\n"
