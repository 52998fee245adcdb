"""The container and service files: what they start is started, the rest is read closely."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from server.settings import Settings, load
from tests.live import ROOT, Server, serving, until
from tests.proxy import TEMPLATE

DEPLOY = ROOT / "deploy"
KNOWN = {item.metadata["env"] for item in fields(Settings)}


def instructions(path=DEPLOY / "Dockerfile"):
    """(instruction, its words as one line), in order."""
    text = re.sub(r"(?m)^#.*\n", "", path.read_text("utf-8")).replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def stage(last=-1):
    """The instructions of the image that is kept."""
    found = instructions()
    starts = [n for n, (name, _) in enumerate(found) if name == "FROM"]
    return found[starts[last] :]


def environment():
    return dict(
        pair.split("=", 1) for name, words in stage() if name == "ENV" for pair in words.split()
    )


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


# -- the image


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The files the image gets, in a folder: what is forgotten in a COPY is missing."""
    folder = tmp_path_factory.mktemp("image") / "app"
    folder.mkdir()
    for name, words in stage():
        if name == "COPY" and not words.startswith("--from"):
            *sources, target = words.split()
            for source in sources:
                assert f"!{source}" in (DEPLOY / "Dockerfile.dockerignore").read_text().split()
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, folder / target, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, folder / target)
    return folder


class Contained(Server):
    """Started by the image's own command, in what the image holds and nothing else."""

    def __init__(self, image, data_dir):
        super().__init__(data_dir)
        self._image = image

    def start(self):
        given = {"DATA_DIR": str(self.data_dir), "PORT": str(self.port), "HOST": "127.0.0.1"}
        ((_, words),) = [each for each in stage() if each[0] == "CMD"]
        program, *arguments = yaml.safe_load(words)
        command = [sys.executable, "-m", program, *arguments]
        own = {**environment(), **given, "PATH": os.environ["PATH"]}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self._image, env=own, stdout=log, stderr=log
            )
        until(self._answers)
        return self


def test_the_image_holds_what_its_command_needs_and_its_health_check_tells(image, tmp_path):
    ((_, check),) = [each for each in stage() if each[0] == "HEALTHCHECK"]
    program, *arguments = yaml.safe_load(check.partition("CMD")[2])
    assert program == "python"
    data = tmp_path / "data"
    server = Contained(image, data)
    try:
        server.start()
        asked = [sys.executable, *arguments]
        port = {"PORT": str(server.port)}
        until(lambda: subprocess.run(asked, env=port, capture_output=True).returncode == 0)
        assert server.request("GET", "/")[0] == 200
        assert server.get("/api/models")[1]["models"]
        assert not list(image.rglob("__pycache__")), "it writes beside its code"
    finally:
        server.stop()
    assert subprocess.run(asked, env=port, capture_output=True).returncode != 0


def test_the_image_is_not_root_and_keeps_no_secret():
    said = stage()
    assert [words for name, words in said if name == "USER"] == ["parallax"]
    assert [name for name, _ in said].index("USER") < [name for name, _ in said].index("CMD")
    for name, words in instructions():
        assert name in "FROM COPY RUN WORKDIR ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK CMD"
        assert not (name == "FROM" and ("latest" in words or ":" not in words))
        assert "curl" not in words and "sudo" not in words
        if "apt-get install" in words:
            assert "--no-install-recommends" in words and "rm -rf /var/lib/apt/lists" in words
    assert not {name for name in environment() if "KEY" in name or "TOKEN" in name}
    assert (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")[1] == "*"


# -- compose


def test_compose_locks_every_service_in():
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"] and not service.get("privileged"), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["restart"] == "unless-stopped" and service["logging"]["options"], name


def test_compose_publishes_nginx_only_and_wants_a_token():
    services = compose()["services"]
    assert "ports" not in services["server"]
    assert services["nginx"]["ports"] == ["${PUBLISH:-127.0.0.1:8080}:8080"]
    assert services["server"]["environment"]["AUTH_TOKEN"].startswith("${AUTH_TOKEN:?")


def test_compose_gives_every_variable_that_is_read():
    services = compose()["services"]
    assert set(services["server"]["environment"]) <= KNOWN
    assert set(services["worker"]["environment"]) <= KNOWN
    wanted = set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text("utf-8")))
    assert wanted == set(services["nginx"]["environment"])
    assert {name for name in wanted if f"{name} " in TEMPLATE.read_text("utf-8")} == wanted
    prefix = services["server"]["environment"]["X_ACCEL_PREFIX"]
    assert f"location {prefix}/ {{" in TEMPLATE.read_text("utf-8")


def test_compose_mounts_what_is_there():
    found = compose()
    for service in found["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in found["volumes"] or (DEPLOY / source).is_file(), volume
    assert found["services"]["worker"]["volumes"] == found["services"]["server"]["volumes"]
    build = found["services"]["server"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


# -- systemd


UNITS = {
    "parallax.service": ["gunicorn", "wsgi:app"],
    "parallax-worker@.service": ["python", "-m", "server", "worker"],
}


def unit(name):
    text = (DEPLOY / name).read_text("utf-8")
    return re.findall(r"(?m)^(\w+)=(.*)$", text)


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_one_systemd_takes(tmp_path, name):
    text = (DEPLOY / name).read_text("utf-8")
    assert re.findall(r"(?m)^\[(\w+)\]$", text) == ["Unit", "Service", "Install"]
    here = tmp_path / name.replace("@", "@1")
    here.write_text(re.sub(r"/opt/parallax/\.venv/bin/\w+", sys.executable, text))
    if shutil.which("systemd-analyze"):
        tried = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True)
        assert here.name not in tried.stderr, tried.stderr


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_sets_what_the_server_knows(name):
    given = [
        pair.split("=")[0]
        for key, pairs in unit(name)
        if key == "Environment"
        for pair in pairs.split()
    ]
    assert set(given) - {"PYTHONDONTWRITEBYTECODE"} <= KNOWN
    (start,) = [shlex.split(words) for key, words in unit(name) if key == "ExecStart"]
    assert [Path(start[0]).name, *start[1:]] == UNITS[name]


def test_what_the_units_head_prepares_leaves_the_data_where_the_unit_puts_them():
    """A variable of the file wins over one of the unit, also with nothing in it."""
    text = (DEPLOY / "parallax.service").read_text("utf-8")
    (prepare,) = re.findall(r"(?m)^#   (.*\.env\.example.*)$", text)
    command = prepare.replace("install -m 0600 /dev/stdin /etc/parallax.env", "cat")
    made = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    lines = [line.split("=", 1) for line in made.stdout.splitlines() if line[:1].isupper()]
    assert {"AUTH_TOKEN", "THREADS"} < dict(lines).keys()
    (given,) = [pairs for key, pairs in unit("parallax.service") if key == "Environment"]
    environ = dict(pair.split("=", 1) for pair in given.split()) | dict(lines)
    assert load(environ) == load({"DATA_DIR": "/var/lib/parallax"})


def test_both_units_are_locked_in_alike():
    locks = [
        {pair for pair in unit(name) if pair[0].startswith(("Protect", "Private", "Restrict"))}
        for name in UNITS
    ]
    assert locks[0] == locks[1] and len(locks[0]) > 10


def test_the_server_tells_systemd_when_it_is_ready(tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sock.settimeout(20)
        with serving(tmp_path / "data", NOTIFY_SOCKET=path):
            assert b"READY=1" in sock.recv(4096)
