"""Parallax: one video through several models at once, live."""

__version__ = "0.1.0"


def create_app(settings=None):
    from .app import create_app as create

    return create(settings)
