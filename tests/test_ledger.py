"""What the ledger makes of what streams say, before it is written."""

from server.ledger import joined
from server.stores import Begin, End, Frames


def test_what_follows_each_other_in_a_run_is_one_piece_and_keeps_its_order():
    first, last = Begin("a", "analysis", 1.0, {}), End("a", "complete", {})
    said = [Frames("a", n, [b"%d" % n]) for n in (1, 2, 3)]
    other = Frames("b", 7, [b"x"])
    assert joined([first, said[0], other, said[1], said[2], last]) == [
        first,
        Frames("a", 1, [b"1", b"2", b"3"]),
        other,
        last,
    ]
    assert said[0].frames == [b"1"], "what a journal holds is left alone"
