import pytest

from server.errors import InvalidQuestion, UnknownModel
from server.models import InvalidModels, Models
from server.providers import PROVIDERS
from server.providers.base import Question, Usage
from server.settings import SHIPPED_MODELS


@pytest.fixture
def shipped():
    return Models(SHIPPED_MODELS)


def test_slot_names_of_older_clients_still_mean_something(shipped):
    for name in ("gemini", "gemini-2.0-flash", "gemini-2.5-pro", "pegasus", "pegasus-1.2", "gpt4o"):
        assert shipped.find(name) in shipped.listed()


def test_options_of_a_slot_are_read_and_laid_over_the_models_own(shipped):
    slot = shipped.slot("demo-fast@tokens=7,first=0.5")
    assert slot.name == "demo-fast@tokens=7,first=0.5"
    assert slot.options == {"first": 0.5, "rate": 100.0, "tokens": 7}


@pytest.mark.parametrize(
    "text", ["demo@speed=3", "demo@rate", "demo@rate=fast", "demo@rate=0", "demo@rate=1,rate=2"]
)
def test_options_that_make_no_sense_are_refused(shipped, text):
    with pytest.raises(InvalidQuestion):
        shipped.slot(text)


@pytest.mark.parametrize(
    "text, which",
    [
        ("demo@start=0.1", "it is a whole number from 0 to 100000."),
        ("gemini@fps=99", "it is a number from 0.01 to 24."),
        ("gpt4o@detail=best", "it is one of: low, high, auto."),
    ],
)
def test_a_value_that_an_option_cannot_have_is_answered_with_those_it_can(shipped, text, which):
    with pytest.raises(InvalidQuestion, match=which):
        shipped.slot(text)


def test_a_name_nobody_has_is_unknown(shipped):
    with pytest.raises(UnknownModel):
        shipped.slot("gemni")


def test_a_name_with_a_slash_goes_to_openrouter_as_it_is(shipped):
    model = shipped.find("anthropic/claude-x:free")
    assert model.upstream == "anthropic/claude-x:free"
    assert model.key_env == ("OPENROUTER_API_KEY",)


def test_an_ollama_name_goes_to_ollama_without_its_prefix(shipped):
    model = shipped.find("ollama/llava:7b")
    assert model.upstream == "llava:7b"
    assert model.base_url_env == ("OLLAMA_HOST",)


def test_patterns_are_not_models_themselves(shipped):
    assert shipped.find("*/*") is None
    assert not [model for model in shipped.listed() if "*" in model.name]


def test_a_model_says_which_variable_it_lacks(shipped, monkeypatch):
    assert shipped.find("gpt4o").needs == "OPENAI_API_KEY"
    monkeypatch.setenv("OPENAI_API_KEY", "  ")
    assert shipped.find("gpt4o").needs == "OPENAI_API_KEY"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert shipped.find("gpt4o").needs is None
    assert shipped.find("cuts").needs is None


def test_a_price_needs_both_counts():
    price = Models(SHIPPED_MODELS).find("gpt4o").price
    assert price.cost(Usage(1_000_000, 1_000_000)) == price.input + price.output
    assert price.cost(Usage(5, None)) is None
    assert price.date


@pytest.mark.parametrize(
    "question, wanted, key",
    [
        ("What happens in this scene?", "pegasus", "TWELVELABS_API_KEY"),
        ("Describe the man", "gpt4o", "OPENAI_API_KEY"),
        ("Who wins?", "gemini", "GEMINI_API_KEY"),
    ],
)
def test_a_question_has_its_favourite_and_falls_back_to_what_is_there(
    shipped, monkeypatch, question, wanted, key
):
    assert shipped.recommended(question) == ["cuts", "light", "sound"]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert shipped.recommended(question) == ["gpt4o"]
    monkeypatch.setenv(key, "key-test")
    assert shipped.recommended(question) == [wanted]


def write(tmp_path, text):
    path = tmp_path / "models.toml"
    path.write_text(text)
    return path


def test_adding_a_model_is_one_entry(tmp_path):
    path = write(
        tmp_path,
        '[mine]\nprovider = "openai"\nupstream = "my-model"\nbase_url = "http://127.0.0.1:9/v1"\n',
    )
    model = Models(path).find("mine")
    assert (model.upstream, model.label, model.needs) == ("my-model", "mine", None)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("x = 1\n", "must be a table"),
        ('[m]\nlabel = "x"\n', "lacks provider"),
        ('[m]\nprovider = "demo"\naliases = "bcd"\n', "aliases must be a list"),
        ('[m]\nprovider = "demo"\naliases = [1]\n', "aliases must be a list of texts"),
        ('[m]\nprovider = "demo"\ntimeout_s = "10"\n', "timeout_s must be a number"),
        ('[m]\nprovider = "demo"\ntimeout_s = -5\n', "timeout_s must be a number from 0"),
        ('[m]\nprovider = "demo"\nidle_timeout_s = nan\n', "must be a number from 0"),
        ('[m]\nprovider = "demo"\ntimeout_s = 1_000_000_000_000\n', "must be a number from 0"),
        ('[m]\nprovider = "demo"\nsimulated = 1\n', "simulated must be true or false"),
        ('[m]\nprovider = "demo"\nprice = { input = 1 }\n', "price lacks output, date"),
        ('[m]\nprovider = "demo"\noptions = { rat = 5 }\n', "no option 'rat'"),
        ('[m]\nprovider = "demo"\noptions = { rate = "fast" }\n', "not a value option rate"),
        (
            '[m]\nprovider = "demo"\nlimits = { max_seconds = "1 h" }\n',
            "limits max_seconds must be",
        ),
        ('[m]\nprovider = "nobody"\n', "provider must be one of"),
        ('[m]\nprovider = "demo"\nspeed = 1\n', "no such field"),
        ('[m]\nprovider = "demo"\n[n]\nprovider = "demo"\naliases = ["m"]\n', "answer to 'm'"),
        ("[m\n", "models.toml"),
    ],
)
def test_a_list_with_a_mistake_says_where(tmp_path, text, complaint):
    with pytest.raises(InvalidModels, match=complaint):
        Models(write(tmp_path, text))


def test_a_list_that_is_not_there_names_the_variable_to_look_at(tmp_path):
    with pytest.raises(InvalidModels, match="MODELS_FILE"):
        Models(tmp_path / "nowhere.toml")


PARROT = """
from server.providers.base import Provider


class Parrot(Provider):
    def answer(self, question, call):
        for word in question.text.split():
            yield word + " "
"""


def test_adding_a_provider_is_one_file_and_one_line(tmp_path, monkeypatch):
    import server.providers

    (tmp_path / "mynah.py").write_text(PARROT)
    monkeypatch.setattr(server.providers, "__path__", [*server.providers.__path__, str(tmp_path)])
    monkeypatch.setitem(PROVIDERS, "mynah", "mynah:Parrot")
    slot = Models(write(tmp_path, '[polly]\nprovider = "mynah"\n')).slot("polly")
    assert list(slot.provider.answer(Question("one two"), None)) == ["one ", "two "]
