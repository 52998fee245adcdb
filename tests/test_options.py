"""What a client may choose about a commentary, and who is chosen to do it."""

import pytest

from server.commentary import choosing
from server.commentary.options import Options, parse, read
from server.errors import BadRequest, InvalidQuestion, OverLimit, UnknownModel


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("language", "EN", "en"),
        ("language", "pt_br", "pt-BR"),
        ("language", "zh-hans-cn", "zh-Hans-CN"),
        ("language", "German", "de"),
        ("voice", " anna , ben ", "anna,ben"),
        ("voice", "auto", ""),
        ("style", "Sports", "sports"),
        ("style", "like a\npirate", "like a pirate"),
        ("interval", "15", 15.0),
        ("interval", "15s", 15.0),
        ("interval", 5, 5.0),
        ("original_volume", "20%", 0.2),
        ("original_volume", 0, 0.0),
        ("original_volume", "-0", 0.0),
        ("original_volume", "0.35", 0.35),
        ("writer", "auto", ""),
        ("context", "Red: Ana \r\n\n Blue: Bo\u202e ", "Red: Ana\nBlue: Bo"),
    ],
)
def test_query_strings_and_json_say_the_same(name, said, meant):
    options = parse({name: said})
    assert getattr(options, name) == meant
    assert str(options.as_dict()[name]) == str(meant)


def test_what_is_not_said_is_the_default_and_makes_the_same_hash():
    empty = dict.fromkeys(Options().as_dict(), "")
    assert parse({}) == parse(empty) == parse({"language": None}) == Options()


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"interval": "4.9"}, "5 to 120"),
        ({"interval": 121}, "5 to 120"),
        ({"original_volume": 1.1}, "0 to 1"),
        ({"original_volume": "101%"}, "0 to 1"),
        ({"original_volume": -0.1}, "0 to 1"),
        ({"context": "x" * 4001}, "4000"),
        ({"style": "x" * 201}, "200"),
        ({"voice": "a,b,c"}, "limit is 2"),
        ({"writer": "x" * 201}, "200"),
    ],
)
def test_too_much_is_refused_naming_the_limit(asked, names):
    with pytest.raises(OverLimit, match=names) as caught:
        parse(asked)
    assert caught.value.status == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"interval": value}
        for value in ("abc", "nan", "inf", True, [], {}, "1" * 5000, "1e999", 10**400)
    ]
    + [{"original_volume": "%"}, {"original_volume": "fifty"}, {"context": 5}, {"voice": ["a"]}]
    + [{"language": value} for value in ("e", "../en", "en/x", "klingonisch", 7, "en-")]
    + [{"voice": "a,a"}, {"colour": "red"}, {"__class__": "x"}],
)
def test_nonsense_is_refused(asked):
    with pytest.raises(InvalidQuestion) as caught:
        parse(asked)
    assert caught.value.status == 400


def test_an_unknown_option_is_answered_with_those_there_are():
    with pytest.raises(InvalidQuestion, match="volumen.*language, voice, style"):
        parse({"volumen": 1})


# -- who does it


@pytest.fixture(name="models")
def list_of_models(make_services):
    return make_services().models


def chosen(options, models):
    slots = choosing.detector(options, models), choosing.writer(options, models)
    return tuple(slot and slot.name for slot in slots)


def test_without_keys_nothing_but_what_is_built_in(models):
    assert chosen(Options(), models) == (None, None)


@pytest.mark.parametrize(
    ("keys", "who"),
    [
        (["GEMINI_API_KEY"], ("gemini", "gemini")),
        (["TWELVELABS_API_KEY"], ("pegasus", None)),
        (["OPENAI_API_KEY"], ("gpt4o", "gpt4o")),
        (["OPENAI_API_KEY", "TWELVELABS_API_KEY"], ("pegasus", "gpt4o")),
        (["OPENAI_API_KEY", "TWELVELABS_API_KEY", "GOOGLE_API_KEY"], ("gemini", "gemini")),
    ],
)
def test_with_keys_the_best_there_is(models, monkeypatch, keys, who):
    for key in keys:
        monkeypatch.setenv(key, "x" * 20)
    assert chosen(Options(), models) == who
    built_in = Options(detector="builtin", writer="rules")
    assert chosen(built_in, models) == (None, None)


def test_another_list_of_models_is_as_good(make_services, tmp_path, monkeypatch):
    path = tmp_path / "models.toml"
    path.write_text(
        '[house]\nprovider = "openai"\nupstream = "x"\nkey_env = ["HOUSE_KEY"]\n'
        'base_url = "http://127.0.0.1:1"\ntakes = ["frames", "text"]\n'
    )
    models = make_services(models_file=path).models
    assert chosen(Options(), models) == (None, None)
    monkeypatch.setenv("HOUSE_KEY", "x" * 20)
    assert chosen(Options(), models) == ("house", "house")


def test_a_named_model_is_taken_with_its_options(models, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "x" * 20)
    options = Options(detector="gemini@fps=2", writer="gemini-pro")
    assert chosen(options, models) == ("gemini@fps=2", "gemini-pro")


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        (Options(detector="gemini"), InvalidQuestion, "GEMINI_API_KEY"),
        (Options(writer="openai/gpt-x"), InvalidQuestion, "OPENROUTER_API_KEY"),
        (Options(writer="nobody"), UnknownModel, "nobody"),
        (Options(writer="gemini@colour=red"), InvalidQuestion, "option"),
        (Options(writer="cuts"), InvalidQuestion, "cannot write"),
        (Options(detector="demo"), InvalidQuestion, "cannot see"),
    ],
)
def test_who_cannot_be_had_is_said_before_anything_begins(make_services, options, kind, says):
    with pytest.raises(kind, match=says) as caught:
        choosing.check(options, make_services())
    assert isinstance(caught.value, BadRequest) and caught.value.status < 500


def test_a_language_without_rules_needs_a_model(make_services, monkeypatch):
    services = make_services()
    assert read({"language": "de-at"}, services) == Options(language="de-AT")
    with pytest.raises(OverLimit, match="de, en, es, fr"):
        read({"language": "tlh"}, services)
    monkeypatch.setenv("OPENAI_API_KEY", "x" * 20)
    choosing.check(Options(language="tlh"), services)
