"""What people do on the page, and what they see there."""

import sqlite3
from contextlib import closing

from tests.live import until

SLOW = "demo@first=0.1,rate=20,tokens=2000"
STATE = "document.querySelectorAll('.panel')[{}].dataset.state"
OVER = "document.querySelector('#board progress').hidden && document.querySelector('.panel')"
COMPARED = "!document.querySelector('#after-compare').hidden"
RUN = "new URLSearchParams(location.hash.slice(1)).get('run')"
VIDEO = "document.querySelector('#film video')"
INJECTION = "<img src=x onerror=alert(1)><script>alert(2)</script>"

# How far the picture falls behind the clock while it plays: a stall is a step in it.
WATCH = f"""(() => {{
    const video = {VIDEO};
    window.behind = [];
    window.waits = 0;
    window.watchFrom = 0.5;
    video.addEventListener('waiting', () => (window.waits += video.currentTime > watchFrom));
    const look = () => {{
        if (video.currentTime > watchFrom && !video.paused && !video.ended) {{
            behind.push(performance.now() / 1000 - video.currentTime);
        }}
        requestAnimationFrame(look);
    }};
    look();
}})()"""
GAP = "Math.max(...behind.map((late, at) => late - Math.min(...behind.slice(0, at + 1))))"
TRIES = 5  # others want the processor too, and that can make any player stutter


def address(server, path=""):
    return f"http://127.0.0.1:{server.port}/{path}"


def arrive(page, server, models, question="What happens?"):
    """The page with the form filled, nothing asked yet."""
    page.go(address(server, f"?q={question}&models={models}&video=sample"))
    page.until("document.querySelector('#library input:checked')")


def ask(page, server, models, question="What happens?"):
    arrive(page, server, models, question)
    page.click("#ask [type=submit]")
    page.until("document.querySelector('.panel')")
    return page.until(RUN)


def compare(page, server, models, prompt="Why?"):
    page.go(address(server, f"?room=compare&q={prompt}&models={models}"))
    page.until("document.querySelector('#text-models :checked')")
    page.click("#prompt [type=submit]")
    return page.until(RUN)


def panel(page, number):
    return page.text(f".panel:nth-of-type({number})")


def words(page, number):
    texts = "document.querySelectorAll('.panel [data-part=text]')"
    return page.run(f"{texts}[{number - 1}].textContent")


def written(server):
    """Once what was said in the one run of that server is written down."""
    with closing(sqlite3.connect(server.data_dir / "runs" / "runs.sqlite3")) as db:
        until(lambda: db.execute("SELECT length FROM runs WHERE length > 0").fetchone())


def press(page, key, code=None, times=1, **more):
    """A key, as the keyboard sends it."""
    text = {"Enter": "\r", " ": " "}.get(key)
    keys = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowRight": 39, "ArrowDown": 40}
    sent = {"key": key, "code": code or key, "windowsVirtualKeyCode": keys.get(key, 0), **more}
    for _ in range(times):
        down = {**sent, "text": text} if text else sent
        page.call("Input.dispatchKeyEvent", type="keyDown", **down)
        page.call("Input.dispatchKeyEvent", type="keyUp", **sent)


def downloading(browser, page, folder):
    """What the page hands out is put into that folder."""
    browser.call(
        "Browser.setDownloadBehavior",
        behavior="allow",
        browserContextId=page.context,
        downloadPath=str(folder),
    )


def counting_posts(page):
    """From now on `window.paid` is how many POSTs the page has sent."""
    page.run("""(() => {
        const before = fetch;
        window.paid = 0;
        window.fetch = (url, how) => ((window.paid += how?.method === "POST"), before(url, how));
    })()""")


def hold(page, seconds):
    """The film stands still at that second of it, however long we look."""
    page.until(f"{VIDEO}.readyState >= 2 && !{VIDEO}.paused")
    page.run(f"{VIDEO}.pause(); {VIDEO}.currentTime = {seconds}")
    page.until(f"!{VIDEO}.seeking && {VIDEO}.paused")


def passes(page, border):
    """Whether the picture passes that second of the film without a stop, at the best of tries."""
    for _ in range(TRIES):
        page.run(f"""(() => {{
            watchFrom = {border - 1};
            behind.length = waits = 0;
            {VIDEO}.currentTime = {border - 1.5};
            return {VIDEO}.play();
        }})()""")
        page.until(f"{VIDEO}.currentTime > {border + 0.9}")
        if page.run(f"behind.length > 20 && waits === 0 && {GAP} < 0.1"):
            return True
    return False


def content_is_calm(page, server):
    """Nothing complained and nothing was asked of anybody else."""
    assert page.complaints == []
    own = (address(server), "data:image/svg+xml", "blob:" + address(server))  # player, downloads
    assert [url for _, url in page.requests if not url.startswith(own)] == []
