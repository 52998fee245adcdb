"""Commentary in a real browser on the real server, without any key."""

import pytest

from tests.page.acting import content_is_calm
from tests.page.test_commentary import VIDEO


@pytest.fixture
def commented(page, server):
    page.go(f"http://127.0.0.1:{server.port}/?room=commentary")
    page.until("document.querySelector('#films input:checked')")
    page.click("#commentate [type=submit]")
    return page


def test_the_sample_film_is_commented_watched_and_can_be_taken_along(commented, server):
    page = commented
    page.until(f"{VIDEO} && {VIDEO}.currentTime > 0.1")
    page.until("document.querySelector('#making a[href*=generated]')", 90)
    page.until(f"{VIDEO}.ended", 60)
    assert page.run(f"{VIDEO}.currentTime") == pytest.approx(24, abs=0.2)
    assert page.run("document.querySelectorAll('#lines li').length") >= 2
    href = page.run("document.querySelector('#making a[href*=generated]').getAttribute('href')")
    status, _, body = server.request("GET", href)
    assert status == 200 and len(body) > 100_000
    content_is_calm(page, server)
