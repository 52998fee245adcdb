"""A real nginx with exactly the file that is shipped, its variables filled in, in front of a
real gunicorn."""

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from tests.live import ROOT, Server, until

TEMPLATE = ROOT / "deploy/nginx/parallax.conf.template"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

# What a distribution's nginx.conf has around `conf.d/*.conf`.
AROUND = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
{user}
events {{ worker_connections 1024; }}
http {{
    default_type application/octet-stream;
    types {{ text/css css; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/parallax.conf;
}}
"""


def rendered(**variables):
    """The template as envsubst leaves it; a variable nobody gave a value is a mistake."""
    text = TEMPLATE.read_text("utf-8")
    return re.sub(r"\$\{(\w+)\}", lambda found: str(variables[found[1]]), text)


class Nginx(Server):
    """Asked like the server behind it."""

    def __init__(self, folder, server, prefix="", changed=lambda text: text):
        super().__init__(server.data_dir)
        self.folder, self.server, self.prefix = Path(folder), server, prefix
        self.changed = changed

    def write(self):
        self.folder.mkdir(exist_ok=True)
        text = rendered(
            PARALLAX_LISTEN=f"127.0.0.1:{self.port}",
            PARALLAX_SERVER=f"127.0.0.1:{self.server.port}",
            PARALLAX_DATA=self.data_dir,
            PARALLAX_PREFIX=self.prefix,
        )
        text = text.replace("/var/log/nginx/access.log", str(self.folder / "access.log"))
        (self.folder / "parallax.conf").write_text(self.changed(text))
        user = "user root;" if os.getuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(AROUND.format(folder=self.folder, user=user))
        return [NGINX, "-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")]

    def start(self):
        command = self.write()
        self.log_path = self.folder / "error.log"
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._answers)
        return self

    def get(self, path, **headers):
        return super().get(self.prefix + path, **headers)

    def post(self, path, value=None, **headers):
        return super().post(self.prefix + path, value, **headers)

    def open(self, value=None, path="/api/analyze/stream/parallel", method="POST", **headers):
        return super().open(value, self.prefix + path, method, **headers)

    def access_log(self):
        return (self.folder / "access.log").read_text("utf-8")


@contextmanager
def behind_nginx(data_dir, folder, prefix="", changed=lambda text: text, **variables):
    """(gunicorn, nginx)"""
    server = Server(data_dir, X_ACCEL_PREFIX="/_data", **variables)
    nginx = Nginx(folder, server, prefix, changed)
    try:
        server.start()
        yield server, nginx.start()
    finally:
        if nginx.process is not None:
            nginx.stop()
        server.stop()
