"""The OpenAPI document as a judge of answers: looked up by route, method, status and media type."""

import json
import re
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.exceptions import HTTPException

DOCUMENT = json.loads((Path(__file__).parents[1] / "static/openapi.json").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
REGISTRY = Registry().with_resource("urn:document", DRAFT202012.create_resource(DOCUMENT))
ANALYZE = "/api/analyze/stream/parallel"
GOOD = {"query": "What?", "models": ["demo@first=0,tokens=1"], "video_id": "clip", "stream": False}


def resolved(value):
    if "$ref" in value:
        found = DOCUMENT
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found
    return value


def matches(name, event):
    try:
        valid(name, event)
    except ValidationError:
        return False
    return True


def template(rule):
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def valid(name, value):
    schema = {"$ref": f"urn:document#/components/schemas/{name}"}
    Draft202012Validator(schema, registry=REGISTRY).validate(value)


def answer(app, method, path, **request):
    """The response, once it was found to be what the document says of it."""
    response = app.test_client().open(path, method=method, **request)
    try:
        rule, _ = app.url_map.bind("x").match(path.partition("?")[0], method, return_rule=True)
    except HTTPException:  # no such path, or not with that method
        valid("Error", response.get_json())
        return response
    operation = DOCUMENT["paths"][template(rule)][method.lower()]
    said = resolved(operation["responses"][str(response.status_code)])
    content = said.get("content", {})
    if response.is_json:
        schema = content["application/json"]["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            valid(name, response.get_json())
    elif content:
        assert {response.mimetype, re.sub("/.*", "/*", response.mimetype), "*/*"} & set(content)
    if not response.is_json or response.status_code != 200:
        for header in said.get("headers", {}):
            assert response.headers.get(header), header
    return response


def ask(app, **changes):
    asked = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    return answer(app, "POST", ANALYZE, json=asked)
