"""What can be written after `python -m server smoke|ask|watch|commentate`."""

import argparse

SYSTEMS = ("analysis", "compare")


def add_commands(commands):
    smoke = commands.add_parser("smoke", help="prove that a server runs its models at once")
    smoke.add_argument("--system", choices=SYSTEMS, default="analysis", help="default: analysis")
    smoke.add_argument(
        "--models", type=slots_of, metavar="A,B,C", help="default: three simulated ones"
    )
    smoke.add_argument("--video", metavar="ID", help="a video of the server; default: its sample")
    smoke.add_argument(
        "--baseline", action="store_true", help="also ask each model alone, one after another"
    )
    smoke.add_argument(
        "--table",
        action="store_true",
        help="measure 3, 6 and 9 simulated models of 1 to 5 s instead; prints Markdown",
    )
    smoke.add_argument("--json", action="store_true", help="the verdicts as one JSON document")
    add_server(smoke, "default: HOST and PORT of the settings")

    ask = commands.add_parser("ask", help="put a prompt to several models at once")
    add_question(ask)
    ask.add_argument(
        "--history", metavar="FILE", help='earlier messages: a JSON list of {"role", "content"}'
    )

    add_commentate(commands)

    watch = commands.add_parser("watch", help="ask several models about a video")
    watch.add_argument("video", help="a file; with --url also a name of the server's library")
    add_question(watch)
    watch.add_argument("--start", type=float, metavar="S", help="from here, in seconds")
    watch.add_argument("--end", type=float, metavar="S", help="up to here")


def add_commentate(commands):
    commentate = commands.add_parser("commentate", help="put a spoken commentary on a video")
    commentate.add_argument("video", help="a file")
    commentate.add_argument("-o", "--out", metavar="FILE", help="default: VIDEO-commentary.mp4")
    for name, help in (
        ("language", "of the commentary; default: en"),
        ("voice", "who speaks; two, with a comma between them, take turns"),
        ("style", "neutral, sports, documentary ... or words of your own"),
        ("interval", "seconds of video worked on as one; default: 30"),
        ("writer", "a model, or `rules`"),
        ("detector", "a model, or `builtin`"),
        ("original-volume", "of the film's own sound under speech; default: 0.2"),
        ("context", "names, teams, what it is about"),
    ):
        commentate.add_argument(
            f"--{name}", metavar=name.partition("-")[2].upper() or name.upper(), help=help
        )
    commentate.add_argument(
        "--jsonl", action="store_true", help="the events as they come, a line each"
    )


def add_question(command):
    command.add_argument("prompt", nargs="?", help="default, and for `-`: standard input")
    command.add_argument(
        "-m",
        "--model",
        action="append",
        required=True,
        dest="models",
        metavar="MODEL",
        help="repeat it for several; `python -m server doctor` lists them",
    )
    shape = command.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="one JSON document at the end")
    shape.add_argument("--jsonl", action="store_true", help="the events as they come, a line each")
    add_server(command, "default: no server, the models are asked from here")


def add_server(command, without):
    command.add_argument("--url", help=f"a running server; {without}")
    command.add_argument("--token", help="what the server demands; default: AUTH_TOKEN")


def slots_of(text):
    """Slots between commas. A slot's options hold commas too: what follows one, and is
    itself a `name=value`, still belongs to it."""
    slots = []
    for part in filter(None, text.split(",")):
        if slots and "@" in slots[-1] and "=" in part and "@" not in part:
            slots[-1] += "," + part
        else:
            slots.append(part)
    if not slots:
        raise argparse.ArgumentTypeError("name at least one model")
    if len(set(slots)) < len(slots):
        raise argparse.ArgumentTypeError("each model can be named once; add options to tell apart")
    return slots
