"""A video starts playing with a spoken commentary while the rest is still being made.

The stages, in order: one line each, imported on first use. Another one, a translation say,
is a file with a Stage in it and a line here.
"""

from importlib import import_module

STAGES = {
    "detect": "detect:Detect",
    "write": "write:Write",
    "speak": "speak:Speak",
    "place": "place:Place",
    "cut": "cut:Cut",
}


def make_stages(job):
    stages = []
    for name, where in STAGES.items():
        module, _, attribute = where.partition(":")
        stage = getattr(import_module(f"{__name__}.{module}"), attribute)(job)
        assert stage.name == name, where
        stages.append(stage)
    return stages
