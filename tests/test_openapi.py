"""The OpenAPI document, held against itself, against the routes and against the code."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from server import __version__, errors
from server.app import create_app
from server.models import MAX_SLOT_CHARS, Models
from server.providers.base import Question, Video
from server.settings import SHIPPED_MODELS, Settings
from tests.openapi import DOCUMENT, SCHEMAS, resolved, template, valid

METHODS = {"get", "put", "post", "delete", "patch"}

# What OpenAPI 3.1 asks of a document, as far as this one goes.
OBJECT = {"type": "object"}
TEXT = {"type": "string", "minLength": 1}
REFERENCE = {"type": "object", "required": ["$ref"], "properties": {"$ref": TEXT}}
CONTENT = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": r"^[a-z*]+/[a-z0-9*.+-]+$"},
    "additionalProperties": {"type": "object", "properties": {"schema": OBJECT}},
}
HEADER = {"type": "object", "required": ["schema"], "properties": {"schema": OBJECT}}
HEADERS = {"type": "object", "additionalProperties": {"anyOf": [REFERENCE, HEADER]}}
RESPONSE = {
    "type": "object",
    "required": ["description"],
    "additionalProperties": False,
    "properties": {"description": TEXT, "headers": HEADERS, "content": CONTENT},
}
PARAMETER = {
    "type": "object",
    "required": ["name", "in", "schema"],
    "properties": {"name": TEXT, "in": {"enum": ["path", "query", "header"]}, "schema": OBJECT},
    "if": {"properties": {"in": {"const": "path"}}},
    "then": {"required": ["required"], "properties": {"required": {"const": True}}},
}
PARAMETERS = {"type": "array", "items": {"anyOf": [REFERENCE, PARAMETER]}}
OPERATION = {
    "type": "object",
    "required": ["operationId", "tags", "summary", "responses"],
    "additionalProperties": False,
    "properties": {
        "operationId": {"type": "string", "pattern": "^[a-z][A-Za-z]+$"},
        "tags": {"type": "array", "items": {"enum": [tag["name"] for tag in DOCUMENT["tags"]]}},
        "summary": TEXT,
        "description": TEXT,
        "parameters": PARAMETERS,
        "requestBody": {"type": "object", "required": ["content"]},
        "responses": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[2345][0-9][0-9]$"},
            "additionalProperties": {"anyOf": [REFERENCE, RESPONSE]},
        },
        "security": {"type": "array"},
    },
}
STRUCTURE = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "paths": {
            "type": "object",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"parameters": PARAMETERS, **dict.fromkeys(METHODS, OPERATION)},
            },
        },
        "components": {
            "type": "object",
            "properties": {
                "responses": {"type": "object", "additionalProperties": RESPONSE},
                "parameters": {"type": "object", "additionalProperties": PARAMETER},
                "headers": HEADERS,
            },
        },
    },
}


def everything(value):
    """The value and all that is in it."""
    yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inside:
        yield from everything(part)


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method], item.get("parameters", [])


def test_the_document_has_the_structure_of_openapi_3_1():
    Draft202012Validator(STRUCTURE).validate(DOCUMENT)
    ids = [operation["operationId"] for _, _, operation, _ in operations()]
    assert len(ids) == len(set(ids))


def test_every_schema_in_it_is_one():
    for part in everything(DOCUMENT):
        if isinstance(part, dict) and isinstance(part.get("schema"), dict):
            Draft202012Validator.check_schema(part["schema"])
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_every_component_is_used():
    parts = [part for part in everything(DOCUMENT) if isinstance(part, dict)]
    used = {part["$ref"] for part in parts if isinstance(part.get("$ref"), str)}
    for reference in used:
        resolved({"$ref": reference})
    there = {
        f"#/components/{kind}/{name}"
        for kind, named in DOCUMENT["components"].items()
        for name in named
        if kind != "securitySchemes"
    }
    assert used == there


def test_the_parameters_of_a_path_are_those_of_its_template():
    for path, _, operation, shared in operations():
        parameters = map(resolved, shared + operation.get("parameters", []))
        named = {found["name"] for found in parameters if found["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), path


def test_each_event_is_told_by_its_type_and_nothing_may_be_added_to_it():
    mapping = SCHEMAS["AnalysisEvent"]["discriminator"]["mapping"]
    for kind, reference in mapping.items():
        event = resolved({"$ref": reference})
        for leaf in map(resolved, event.get("oneOf", [event])):
            assert leaf["properties"]["event_type"] == {"const": kind}
            assert leaf["additionalProperties"] is False
            assert set(leaf["required"]) == set(leaf["properties"])
    assert [{"$ref": name} for name in mapping.values()] == SCHEMAS["AnalysisEvent"]["oneOf"]


# -- the document and the code


def test_the_document_lists_exactly_the_routes_there_are(make_settings):
    rules = create_app(make_settings()).url_map.iter_rules()
    routes = {
        (template(rule), method.lower())
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _, _ in operations()} == routes


def descendants(kind):
    """The kinds of error an HTTP answer is made of: a model's are events."""
    if kind is not errors.ProviderError:
        yield kind
        for child in kind.__subclasses__():
            yield from descendants(child)


def test_codes_limits_and_version_are_those_of_the_code():
    assert SCHEMAS["FailureCode"]["enum"] == list(errors.CODES)
    web = {"not_found", "wrong_method", "too_large", "range", "bad_request", "not_ready"}
    codes = web | {kind.code for kind in descendants(errors.ServerError)}
    assert SCHEMAS["Error"]["properties"]["code"]["enum"] == sorted(codes)
    request, settings = SCHEMAS["AnalysisRequest"]["properties"], Settings()
    assert request["models"]["maxItems"] == settings.max_models
    assert request["query"]["maxLength"] == settings.max_query_chars
    assert SCHEMAS["SlotName"]["maxLength"] == MAX_SLOT_CHARS
    upload = DOCUMENT["paths"]["/api/videos"]["post"]["description"]
    assert f"{settings.max_upload_mb} MB" in upload
    assert DOCUMENT["info"]["version"] == __version__


@pytest.mark.parametrize("name", [model.name for model in Models(SHIPPED_MODELS).listed()])
def test_what_a_model_is_given_is_described(name):
    video = Video(Path("x.mp4"), "x.mp4", 10**6, 24.0, 1280, 720, 25.0, "h264", True, "0" * 64)
    slot = Models(SHIPPED_MODELS).slot(name)
    valid("Evidence", slot.provider.evidence(Question("What?", video, 1.0, 9.0)))


def test_what_an_index_may_turn_out_to_hold_is_described():
    video = Video(Path("x.mp4"), "x.mp4", 10**9, 24.0, 1280, 720, 25.0, "h264", True, "0" * 64)
    question = Question("What?", video, 1.0, 9.0, index_id="index", video_id="video")
    given = Models(SHIPPED_MODELS).slot("pegasus").provider.evidence(question)
    assert (given["native"], given["prompt_sha256"]) == (None, None)
    valid("Evidence", given)


def test_the_transcript_of_the_protocol_is_one():
    page = (Path(__file__).parents[1] / "docs/protocol.md").read_text("utf-8")
    transcript = page.partition("\n```\n")[2].partition("\n```\n")[0]
    frames = transcript.split("\n\n")
    assert (frames[0], frames[-1]) == ("retry: 2000", "data: [DONE]")
    for number, frame in enumerate(frames[1:-1], 1):
        said, _, data = frame.partition("\ndata: ")
        assert said == f"id: {number}"
        valid("AnalysisEvent", json.loads(data))


def test_the_protocol_names_every_route_event_field_and_code():
    docs = Path(__file__).parents[1] / "docs"
    pages = ("protocol.md", "commentary-protocol.md")
    page = "".join((docs / name).read_text("utf-8") for name in pages)
    leaves = [schema for name, schema in SCHEMAS.items() if name.endswith(("Event", "Evidence"))]
    words = {field for schema in leaves for field in schema.get("properties", {})}
    words |= set(SCHEMAS["AnalysisRequest"]["properties"]) | set(SCHEMAS["Metrics"]["properties"])
    words |= set(SCHEMAS["Video"]["properties"]) | set(SCHEMAS["Model"]["properties"])
    for events in ("AnalysisEvent", "CommentaryEvent"):
        words |= set(SCHEMAS[events]["discriminator"]["mapping"])
    words |= set(SCHEMAS["Error"]["properties"]["code"]["enum"]) | set(errors.CODES)
    assert not {word for word in words if f"`{word}`" not in page and f".{word}`" not in page}
    routes = {
        path.replace("run_id", "id") for path, _, _, _ in operations() if "static" not in path
    }
    assert not {path for path in routes if re.sub("{(.+?)}", r"<\1>", path) not in page}
