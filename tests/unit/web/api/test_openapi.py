from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from exporter.model import Reason
from exporter.web import PAGE_ROUTES
from exporter.web.api.openapi import describe_api, outdent, render_openapi
from tests.unit.web.sites import BELOW, NOW, get, report, site, text

DOCS = Path(__file__).parents[4] / "docs"
API: dict[str, Any] = json.loads(render_openapi())


def test_description_in_the_docs_is_this_one() -> None:
    """`make generate` was run after the last change."""
    assert (DOCS / "openapi.json").read_bytes() == render_openapi()


def test_the_description_is_the_same_for_every_python() -> None:
    """Python 3.13 takes the indentation off docstrings, 3.11 does not: both come to one text."""
    as_before = {
        "A": {"description": "One.\n\n    Two,\n    three.\n    ", "anyOf": [{"type": "null"}]}
    }
    as_now = {"A": {"description": "One.\n\nTwo,\nthree.\n", "anyOf": [{"type": "null"}]}}
    assert outdent(as_before) == outdent(as_now)
    assert outdent(as_now)["A"]["description"] == "One.\n\nTwo,\nthree."
    assert not re.search(r'"description": "[^"]*\\n +[^"]*"', render_openapi().decode())


def test_every_route_is_described() -> None:
    """No path is missing, and none is described that is not there."""
    routes = {path.removeprefix("/api/v1") for path in PAGE_ROUTES if path.startswith("/api/")}
    assert set(API["paths"]) == routes | {
        "/services/{namespace}/{name}",
        "/services/{namespace}/{name}/ready",
    }


def test_all_references_are_there() -> None:
    """Each $ref names a schema, and each schema is referred to."""
    names = set(re.findall(r'"#/components/schemas/(\w+)"', render_openapi().decode()))
    assert names <= set(API["components"]["schemas"])
    assert describe_api() == describe_api()


@pytest.mark.parametrize(
    "path,schema",
    [
        ("/api/v1/services", "ServicePage"),
        ("/api/v1/services/a/b", "ServiceDetail"),
        ("/api/v1/summary", "Summary"),
        ("/api/v1/namespaces", "NamespaceList"),
        ("/api/v1/services?limit=x", "Problem"),
    ],
)
def test_answers_have_the_shape_that_is_described(path: str, schema: str) -> None:
    """Keys and types of real answers are those of the schema, all the way down."""
    said = report(
        "a",
        "b",
        ready=0,
        reason=Reason.NO_ENDPOINTS,
        since=NOW,
        labels={"k": "v"},
        findings=(BELOW,),
    )
    check(json.loads(text(get(path, site([said])))), API["components"]["schemas"][schema], path)


def check(value: Any, schema: dict[str, Any], where: str) -> None:
    """Fail unless the value is as the schema says: as much of JSON Schema as is used here."""
    if "$ref" in schema:
        schema = API["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        kinds = [one.get("type") for one in schema["anyOf"]]
        assert value is not None or "null" in kinds, where
        if value is None:
            return
        (schema,) = (one for one in schema["anyOf"] if one.get("type") != "null")
        check(value, schema, where)
        return
    if "enum" in schema:
        assert value in schema["enum"], where
        return
    kind = schema["type"]
    assert (
        type(value).__name__
        in {
            "object": ("dict",),
            "array": ("list",),
            "string": ("str",),
            "integer": ("int",),
            "boolean": ("bool",),
        }[kind]
    ), where
    if kind == "array":
        for one in value:
            check(one, schema["items"], f"{where}[]")
    if kind == "object" and "properties" in schema:
        assert set(schema["required"]) <= set(value) <= set(schema["properties"]), where
        for key, one in value.items():
            check(one, schema["properties"][key], f"{where}.{key}")
