"""The page stays smooth however fast the words come."""

from tests.page.acting import OVER, arrive


def test_nine_fast_models_leave_the_page_smooth(page, server):
    slots = ",".join(f"demo@first=0.1,rate=100,tokens=300,start={n}" for n in range(9))
    arrive(page, server, slots)
    page.run("""(() => {
            window.longest = 0;
            let last = performance.now();
            const frame = (now) => {
                window.longest = Math.max(window.longest, now - last);
                last = now;
                requestAnimationFrame(frame);
            };
            requestAnimationFrame(frame);
        })()""")
    page.click("#ask [type=submit]")
    page.until(OVER)
    lengths = page.run(
        "[...document.querySelectorAll('.panel [data-part=text]')]"
        ".map((text) => text.textContent.trim().split(' ').length)"
    )
    assert lengths == [300] * 9
    # A page that renders whole texts anew stands still for seconds here.
    assert page.run("window.longest") < 1000
