import json
from pathlib import Path

import pytest

from server.commentary import keeping
from server.commentary.base import Clip, Cue, Line, Loss, Moment, Picture, Stretch, Window
from server.commentary.place import Place
from tests import commentating

PICTURE = Picture(Path("film.mp4"), 8.0, 200)


def placed_stretch():
    line = Line(9.0, 15.0, "Ein „Satz“.", "A")
    clip = Clip(line, Path("/data/speech.wav"), 2.5, ((0.0, 1.0, "Ein"),), 0.8)
    read = Clip(Line(17.0, 20.0, "Nur zu lesen."), None, 1.2)
    return Stretch(
        Window(1, 8.0, 20.0),
        PICTURE,
        moments=(Moment(8.0, 9.0, "A cut.", 0.7, ("cut",)),),
        cues=(Cue(3, 9.0, 11.5, 1.1, clip), Cue(5, 17.0, 18.2, 1.0, read)),
        before=(Cue(2, 7.0, 8.4, 1.0, clip),),
        lost=(Loss(12.0, "speak", "quota", "Used up.", 4),),
        warnings=("It is late.",),
    )


def test_a_placed_stretch_survives_the_disk():
    stretch = placed_stretch()
    kept = json.loads(json.dumps(keeping.plain(stretch)))
    bare = Stretch(stretch.window, PICTURE)
    assert keeping.restored(bare, kept) == stretch.but(placed=True)


def test_what_was_kept_of_another_window_is_not_taken():
    kept = keeping.plain(placed_stretch())
    other = Stretch(Window(1, 8.0, 21.0), PICTURE)
    assert keeping.restored(other, kept) is other
    assert keeping.restored(other, None) is other


def test_numbers_go_on_after_what_was_placed_before_the_crash():
    place = Place(commentating.Job(None, None))
    place.work(placed_stretch().but(placed=True))
    clip = Clip(Line(21.0, 28.0, "Weiter."), Path("x.wav"), 1.0)
    done = place.work(Stretch(Window(2, 20.0, 30.0), PICTURE, clips=(clip,)))
    assert done.cues[0].index == 3  # two cues and a loss before it


@pytest.mark.parametrize("end", [20.4, 19.0])
def test_what_still_speaks_into_the_next_window_is_known_after_the_crash(end):
    place = Place(commentating.Job(None, None))
    stretch = placed_stretch()
    last = stretch.cues[1]
    late = Cue(5, 18.0, end, 1.0, last.clip)
    place.work(stretch.but(cues=(stretch.cues[0], late), placed=True))
    done = place.work(Stretch(Window(2, 20.0, 30.0), PICTURE))
    assert done.before == ((late,) if end > 20.0 else ())
