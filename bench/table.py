"""Rows of figures: as a table, and as what a part of the measurements does when run alone."""

import argparse
import json


def show(title, rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [columns] + [[shown(row.get(name)) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print(f"\n{title}")
    for line in cells:
        print("  ", "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def shown(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def report(about, title, measure, **options):
    """Measure with these options, any of which the command line may change, and show it."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    for name, usual in options.items():
        several = isinstance(usual, tuple)
        kind = type(usual[0] if several else usual)
        parser.add_argument(f"--{name}", type=kind, default=usual, nargs="+" if several else None)
    rows = measure(**vars(parser.parse_args()))
    show(title, rows)
    print(json.dumps(rows))
