"""Compare, in a real browser, on a real server."""

from tests.live import serving, until
from tests.page.acting import (
    COMPARED,
    INJECTION,
    RUN,
    STATE,
    address,
    compare,
    content_is_calm,
    counting_posts,
    panel,
    words,
)
from tests.vendors.openai_server import says

SLOW = "demo@first=0.1,rate=20,tokens=2000"


def column(page, number):
    cells = f"[...document.querySelectorAll('#figures tbody tr > :nth-child({number})')]"
    return page.run(f"{cells}.map((cell) => cell.innerText)")


def test_one_prompt_is_answered_side_by_side_with_figures(page, server):
    run_id = compare(page, server, "demo-fast,demo-slow,demo@fail_after=5")
    page.until(COMPARED)
    told = server.get(f"/api/runs/{run_id}")[1]
    assert (told["kind"], told["query"]) == ("comparison", "Why?")
    for number, slot in enumerate(told["models"], 1):
        assert words(page, number) == told["models"][slot]["text"]
        assert told["models"][slot]["label"] in panel(page, number)
    assert "Told to fail here." in panel(page, 3)
    assert len(column(page, 1)) == 3
    content_is_calm(page, server)


def test_what_is_chosen_at_first_can_be_asked_without_any_key(page, tmp_path):
    with serving(tmp_path / "data") as keyless:
        page.go(address(keyless, "#room=compare"))
        page.until("document.querySelector('#text-models :checked')")
        page.type("#prompt-text", "Why?")
        page.click("#prompt [type=submit]")
        page.until(COMPARED)
        states = "[...document.querySelectorAll('.panel')].map((panel) => panel.dataset.state)"
        assert page.run(states) == ["done"] * 3
        assert page.run("document.querySelector('#text-models :checked').closest('details').open")


def test_models_of_one_name_are_told_apart_wherever_they_are_named(page, server):
    compare(page, server, "demo-fast,demo@first=0,tokens=3,demo@first=0.1,tokens=4")
    page.until(COMPARED)
    names = ["Demo, fast (simulated)", "demo@first=0,tokens=3", "demo@first=0.1,tokens=4"]
    assert column(page, 1) == names
    labels = "[...document.querySelectorAll('.panel [data-part=copy]')].map((one) => one.ariaLabel)"
    assert page.run(labels) == [f"Copy {name}" for name in names]
    assert page.run("document.querySelector('.panel [role=group]').ariaLabel").endswith(names[0])


def test_the_figures_are_put_in_order_by_any_column(page, server):
    compare(page, server, "demo-slow,demo-fast,demo@fail_after=0")
    page.until(COMPARED)
    page.click("#figures th:nth-child(5) button")
    assert column(page, 5) == ["120", "50", "0"]
    assert page.run("document.querySelector('#figures th:nth-child(5)').ariaSort") == "descending"
    page.click("#figures th:nth-child(5) button")
    assert column(page, 5) == ["0", "50", "120"]
    page.click("#figures th:nth-child(3) button")
    assert column(page, 3)[-1] == "not reported"


def test_all_figures_are_in_sight_on_a_tablet(page, server):
    page.look(768)
    compare(page, server, "demo-slow,demo-fast,demo@fail_after=0")
    page.until(COMPARED)
    place = "document.querySelector('.scroller')"
    assert page.run(f"{place}.scrollWidth - {place}.clientWidth") <= 0


def test_two_answers_are_laid_over_each_other(page, server, vendor):
    vendor.plays(says("This is a demo of markup: <b>bold</b>"))
    compare(page, server, "demo@first=0,tokens=5,gpt4o", "Lay over?")
    page.until(COMPARED)
    first = "[...document.querySelectorAll('.both del')].map((part) => part.textContent)"
    assert page.run(first) == [" of markup: <b>bold</b>"]
    assert page.run("document.querySelector('.both ins').textContent").strip() == "model:"
    page.run("""(() => {
            const [first, second] = document.querySelectorAll('#difference select');
            [first.value, second.value] = [1, 0];
            first.dispatchEvent(new Event('change', {bubbles: true}));
        })()""")
    assert page.run("document.querySelector('.both ins').textContent") == " of markup: <b>bold</b>"


def test_a_follow_up_goes_to_all_and_each_is_told_its_own_answer(page, server, vendor):
    vendor.plays(says("I am the vendor."))
    first = compare(page, server, "gpt4o,demo-fast,demo@fail_after=1", "Who?")
    page.until(COMPARED)
    vendor.plays(says(INJECTION))
    page.type("#follow-up textarea", "And then?")
    page.click("#follow-up [type=submit]")
    second = page.until(f"(run => run !== '{first}' && run)({RUN})")
    page.until("document.querySelectorAll('.panel').length === 2")
    page.until(COMPARED)
    said = [message["content"] for message in vendor.exchanges[-1].json["messages"]]
    assert said == ["Who?", "I am the vendor.", "And then?"]
    assert words(page, 1) == INJECTION
    earlier = "document.querySelector('.earlier [data-part=earlier]').textContent"
    assert page.run(earlier) == "Who?I am the vendor."
    page.reload()
    page.until(COMPARED)
    assert page.run(RUN) == second
    assert page.run(earlier) == "Who?I am the vendor."
    assert words(page, 1) == INJECTION
    assert page.run("document.querySelector('#prompt-text').value") == "Who?"
    content_is_calm(page, server)


def test_a_follow_up_pressed_twice_is_asked_once(page, server):
    first = compare(page, server, "demo-fast", "Twice?")
    page.until(COMPARED)
    counting_posts(page)
    page.type("#follow-up textarea", "And then?")
    form = "document.querySelector('#follow-up')"
    page.run(f"{form}.requestSubmit(); {form}.requestSubmit()")
    page.until(f"{RUN} !== '{first}'")
    page.until(COMPARED)
    assert page.run("window.paid") == 1
    assert page.run("document.querySelector('#follow-up textarea').value") == ""


def test_a_reload_in_the_middle_of_a_comparison_comes_back_and_stop_stops_it(page, server):
    run_id = compare(page, server, f"{SLOW},{SLOW},start=3")
    page.until("document.querySelector('.panel [data-part=text]').textContent.length > 50")
    page.reload()
    page.until(f"{STATE.format(1)} === 'working'")
    page.click(".panel [data-part=stop]")
    page.until(f"{STATE.format(0)} === 'stopped'")
    assert page.run(STATE.format(1)) == "working"
    page.click("#compare-board [data-part=stopAll]")
    page.until("!document.querySelector('#compare-board .menu').hidden")
    until(lambda: server.get(f"/api/runs/{run_id}")[1]["state"] == "cancelled")
    assert page.run(STATE.format(1)) == "stopped"
    content_is_calm(page, server)


def test_a_prompt_that_is_refused_is_told_at_its_form(page, server):
    page.go(f"http://127.0.0.1:{server.port}/?room=compare&q=Hi&models=nobody")
    page.until("document.querySelector('#text-models :checked')")
    page.click("#prompt [type=submit]")
    page.until("!document.querySelector('#prompt .problem').hidden")
    assert "nobody" in page.text("#prompt .problem")
    assert page.run("document.querySelector('#compare-board').hidden")
