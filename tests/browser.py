"""A headless Chromium, driven over its DevTools protocol through a pair of pipes.

Standard library only: with `--remote-debugging-pipe` the browser reads commands from
descriptor 3 and writes answers and events to 4, JSON ended by a NUL; no port, no websocket.
"""

import base64
import fcntl
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

DEADLINE_S = 30

# Puts the pipes where Chromium looks for them and becomes Chromium.
LAUNCH = "import os,sys; r,w=map(int,sys.argv[1:3]); os.dup2(r,3); os.dup2(w,4); " + (
    "os.close(r); os.close(w); os.execvp(sys.argv[3],sys.argv[3:])"
)
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--hide-scrollbars",
)


def chromium():
    """Where it is, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


class Browser:
    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        self._numbers = iter(range(1, sys.maxsize))
        self._answers = {}
        self._lock = threading.Lock()
        self._pages = {}
        theirs_in, self._commands = pipe()
        self._events, theirs_out = pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(theirs_in), str(theirs_out), chromium()]
            + [*FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._listener = threading.Thread(target=self._listen, name="chromium", daemon=True)
        self._listener.start()

    def call(self, method, session=None, **params):
        answer = queue.Queue(1)
        with self._lock:
            number = next(self._numbers)
            self._answers[number] = answer
            message = {"id": number, "method": method, "params": params}
            if session:
                message["sessionId"] = session
            raw = json.dumps(message).encode() + b"\0"
            while raw:
                raw = raw[os.write(self._commands, raw) :]
        try:
            reply = answer.get(timeout=DEADLINE_S)
        except queue.Empty:
            raise AssertionError(f"Chromium did not answer {method}.") from None
        assert "error" not in reply, f"{method}: {reply['error']}"
        return reply["result"]

    def page(self):
        """A new tab with cookies and storage of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"], context)
        self._pages[page.session] = page
        page.begin()
        return page

    def close(self):
        try:
            self.call("Browser.close")
            self._process.wait(DEADLINE_S)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, 9)
            self._process.wait()
        self._listener.join(DEADLINE_S)
        os.close(self._commands)
        os.close(self._events)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _listen(self):
        raw = b""
        while part := os.read(self._events, 1 << 20):
            *messages, raw = (raw + part).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._answers.pop(message["id"]).put(message)
                elif page := self._pages.get(message.get("sessionId")):
                    page.hear(message["method"], message["params"])


class Page:
    """One tab: what it shows, what it asked for, what it complained about."""

    def __init__(self, browser, session, context):
        self.browser = browser
        self.session = session
        self.context = context
        self.complaints = []
        self.requests = []

    def begin(self):
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def hear(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", details).get("description", details))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append((params["request"]["method"], params["request"]["url"]))

    def go(self, url):
        self.call("Page.navigate", url=url)
        # A navigation that only changes the fragment loads nothing.
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def reload(self):
        self.run("window.beforeReload = true")
        self.call("Page.reload")
        self.until("!window.beforeReload && document.readyState === 'complete'")

    def run(self, script):
        """The value of an expression in the page; promises are waited for."""
        result = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        failed = result.get("exceptionDetails")
        assert not failed, f"{script}: {failed and failed.get('exception', failed)}"
        return result["result"].get("value")

    def until(self, script, deadline_s=DEADLINE_S):
        """Wait until an expression is true; its value."""
        deadline = time.monotonic() + deadline_s
        while True:
            try:
                value = self.run(script)
                if value not in (None, False, 0, ""):  # an element comes as {}
                    return value
            except AssertionError:  # between two documents, or not there yet
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, f"not within {deadline_s} s: {script}"
            time.sleep(0.02)

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def click(self, selector):
        """A real click in the middle of the element, once it stands still and can be pressed."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            place = self._place(selector)
            self._mouse("mousePressed", place)
            if self.run("window.pressed"):
                return self._mouse("mouseReleased", place)
            # It has moved meanwhile: nothing else is to be clicked instead of it.
            self._mouse("mouseReleased", (0, 0))
            assert time.monotonic() < deadline, f"something else is at the place of {selector}"

    def _place(self, selector):
        """The middle of the element; `window.pressed` will be whether the next press meets it."""
        return self.until(f"""(async () => {{
                const element = document.querySelector({json.dumps(selector)});
                if (element.disabled) return null;
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const place = () => {{
                    const {{x, y, width, height}} = element.getBoundingClientRect();
                    return width && height ? [x + width / 2, y + height / 2] : null;
                }};
                const before = place();
                for (let frame = 0; frame < 2; frame += 1) {{
                    await new Promise(requestAnimationFrame);
                }}
                window.pressed = false;
                const press = ({{target}}) => (window.pressed = element.contains(target));
                window.addEventListener("pointerdown", press, {{capture: true, once: true}});
                return String(before) === String(place()) && before;
            }})()""")

    def _mouse(self, kind, place):
        x, y = place
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, selector, text):
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def choose_file(self, selector, path):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def look(self, width, height=900, dark=False, reduced_motion=True):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if reduced_motion else "no-preference",
        }
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )

    def picture(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def close(self):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)


def pipe():
    """A pipe whose descriptors are out of the way of 3 and 4."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved
