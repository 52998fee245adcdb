"""For those who press keys, and listen: where the focus is, what is announced, and where."""

from tests.page.acting import OVER, RUN, SLOW, STATE, arrive, ask, counting_posts, press
from tests.vendors.openai_server import says, status

FOCUS = "document.activeElement"
BREAKS = """(() => {
    const before = fetch;
    window.fetch = (url, how) => url.includes("/cancel") || how?.body?.includes("retry_of")
        ? Promise.reject(new TypeError("no network")) : before(url, how);
})()"""


def test_the_focus_stays_where_it_was_or_goes_on_to_what_came_of_it(page, server):
    arrive(page, server, SLOW)
    page.run("document.querySelector('#ask [type=submit]').focus()")
    press(page, "Enter")
    page.until(f"{STATE.format(0)} === 'working'")
    assert page.run(f"{FOCUS}.matches('#ask [type=submit]')")
    page.run("document.querySelector('.panel [data-part=stop]').focus()")
    press(page, "Enter")
    page.until(f"{STATE.format(0)} === 'stopped' && {OVER}")
    assert page.run(f"{FOCUS}.matches('.panel .words')")


def test_the_focus_is_on_the_answers_when_all_are_stopped_or_tried_again(page, server):
    first = ask(page, server, f"{SLOW},demo@fail_after=1")
    page.until(f"{STATE.format(0)} === 'working' && {STATE.format(1)} === 'failed'")
    page.run("document.querySelector('#board [data-part=stopAll]').focus()")
    press(page, "Enter")
    page.until(OVER)
    assert page.run(f"{FOCUS}.id") == "board"
    page.run("document.querySelectorAll('.panel [data-part=retry]')[1].focus()")
    press(page, "Enter")
    page.until(f"{RUN} !== '{first}'")
    page.until(OVER)
    assert page.run(f"{FOCUS}.id") == "board"


def test_what_is_being_asked_cannot_be_asked_twice(page, server, vendor):
    vendor.plays(status(401))
    first = ask(page, server, "gpt4o,demo-fast", "Twice?")
    page.until(OVER)
    vendor.plays(says("Once."))
    counting_posts(page)
    both = "document.querySelectorAll('.panel [data-part=retry], #board [data-part=retry]')"
    page.run(f"{both}.forEach((button) => (button.click(), button.click()))")
    page.until(f"{RUN} !== '{first}'")
    page.until(OVER)
    assert page.run("window.paid") == 1


def test_what_goes_wrong_with_a_run_is_said_at_the_run(page, server):
    ask(page, server, f"{SLOW},demo@fail_after=1")
    page.until(f"{STATE.format(0)} === 'working'")
    page.run(f"window.unbroken = fetch; {BREAKS}")
    page.click(".panel [data-part=stop]")
    page.until("!document.querySelector('#board .problem').hidden")
    assert "cannot be reached" in page.text("#board .problem")
    assert page.run("document.querySelector('#ask .problem').hidden")
    page.run("window.fetch = window.unbroken")
    page.click(".panel [data-part=stop]")  # it can be pressed again
    page.until(f"{STATE.format(0)} === 'stopped'")
    page.until("document.querySelector('#board .problem').hidden")


def test_a_copy_is_told_by_the_name_of_its_button_too(page, server):
    ask(page, server, "demo-fast")
    page.until(OVER)
    copy = "document.querySelector('.panel [data-part=copy]')"
    before = page.run(f"[{copy}.textContent, {copy}.ariaLabel]")
    page.run(f"""window.told = [];
        new MutationObserver(() => told.push([{copy}.textContent, {copy}.ariaLabel]))
            .observe({copy}, {{childList: true}})""")
    page.click(".panel [data-part=copy]")
    page.until("told.length === 2")  # for a moment, and as it was
    (said, name), after = page.run("told")
    assert said != "Copy"
    assert name.startswith(said) and name.endswith(before[1].removeprefix("Copy "))
    assert after == before


def test_the_menu_closes_for_whoever_goes_on_elsewhere(page, server):
    ask(page, server, "demo-fast")
    page.until(OVER)
    is_open = "document.querySelector('#board .menu').open"
    page.click("#board .menu summary")
    page.until(is_open)
    page.click("#board .query")
    page.until(f"!{is_open}")
    page.click("#board .menu summary")
    page.until(is_open)
    press(page, "Tab", times=4)
    page.until(f"!{is_open}")
    assert page.run(f"!{FOCUS}.closest('.menu') && {FOCUS} !== document.body")


def test_two_buttons_are_not_called_the_same(page, server):
    arrive(page, server, "demo-fast")
    labels = page.run("[...document.querySelectorAll('[data-take]')].map((one) => one.ariaLabel)")
    assert len(set(labels)) == 2 and all(label.startswith("Now: ") for label in labels)
