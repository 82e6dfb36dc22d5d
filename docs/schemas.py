"""JSON Schemas and tables of the documents that others rely on: made from the records, with what each field means.

Law: the records' types come from the program, the meanings from ``docs/formats/fields.toml``; neither names a field alone.
Fields may be added within a version, so a schema allows fields that it does not know.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from edgewright.core.recipe.artifact import Manifest
from edgewright.core.run import Run
from edgewright.formats import FORMATS

Schema = dict[str, Any]

FIELDS = Path(__file__).parent / "formats" / "fields.toml"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def run_schema() -> Schema:
    """That of ``run.json``."""
    return _schema(Run, "run.json", "run")


def manifest_schema() -> Schema:
    """That of ``edgewright.json``."""
    return _schema(Manifest, "edgewright.json", "manifest")


def _schema(kind: type, title: str, name: str) -> Schema:
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    meanings = tomllib.loads(FIELDS.read_text(encoding="utf-8"))
    version = FORMATS[kind].version
    for record, body in _records(kind, schema):
        body["description"] = _plain(body.get("description", ""))
        for field, said in body["properties"].items():
            said.pop("title", None)
            said["description"] = meanings.get(record, {}).get(field, "")
    for body in schema["$defs"].values():
        body["description"] = _plain(body.get("description", ""))
    meaning = schema["properties"]["version"]["description"]
    schema["properties"]["version"] = {"const": version, "description": meaning, "type": "integer"}
    schema["required"] = ["version", *(key for key in schema["required"] if key != "version")]
    identity = {"$schema": _DIALECT, "$id": f"urn:edgewright:{name}:{version}"}
    return {**identity, **schema, "title": f"{title}, version {version}"}


def _records(kind: type, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Each record that has fields, with its name: the document first."""
    yield kind.__name__, schema
    yield from ((name, body) for name, body in schema["$defs"].items() if "properties" in body)


def _plain(text: str) -> str:
    return text.replace("``", "`")


def undescribed() -> list[str]:
    """Fields without a meaning, and meanings without a field."""
    said = {
        f"{record}.{field}"
        for record, fields in tomllib.loads(FIELDS.read_text(encoding="utf-8")).items()
        for field in fields
    }
    known = {
        f"{record}.{field}"
        for kind, schema in ((Run, run_schema()), (Manifest, manifest_schema()))
        for record, body in _records(kind, schema)
        for field in body["properties"]
    }
    return [
        *(f"{name} has no meaning" for name in sorted(known - said)),
        *(f"{name} is no field" for name in sorted(said - known)),
    ]


def run_fields() -> str:
    """Tables of the records in a run, but for those that only a manifest has."""
    return _tables(Run, run_schema(), known=_names(Manifest, manifest_schema()) - {"Recipe"})


def manifest_fields() -> str:
    """Tables of the records in a manifest, but for a recipe's, which stands with the run's."""
    return _tables(Manifest, manifest_schema(), known={"Recipe"})


def _names(kind: type, schema: Schema) -> set[str]:
    return {record for record, _ in _records(kind, schema)}


def _tables(kind: type, schema: Schema, known: set[str]) -> str:
    """One table a record, in the order in which the document names them."""
    bodies = dict(_records(kind, schema))
    order, waiting = [], [kind.__name__]
    while waiting:
        record = waiting.pop(0)
        if record in order or record in known - {kind.__name__} or record not in bodies:
            continue
        order.append(record)
        waiting += [name for field in bodies[record]["properties"].values() for name in _named(field)]
    return "\n\n".join(_table(record, bodies[record], schema["$defs"]) for record in order)


def _named(field: Schema) -> Iterator[str]:
    for key, value in field.items():
        if key == "$ref":
            yield value.rpartition("/")[2]
        elif isinstance(value, dict):
            yield from _named(value)
        elif isinstance(value, list):
            yield from (name for part in value if isinstance(part, dict) for name in _named(part))


def _table(record: str, body: Schema, defs: Mapping[str, Schema]) -> str:
    rows = [
        f"| `{name}` | {_type(field, defs)} | {field['description']} |"
        for name, field in body["properties"].items()
    ]
    return "\n".join((f"## {record}", "", "| field | type | what it holds |", "| --- | --- | --- |", *rows))


def _type(field: Schema, defs: Mapping[str, Schema]) -> str:
    """A field's type in words: a record by its name, a choice by its values."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        values = defs.get(name, {}).get("enum")
        return " or ".join(f"`{value}`" for value in values) if values else name
    if "anyOf" in field:
        return " or ".join(_type(part, defs) for part in field["anyOf"])
    match field.get("type"):
        case "array":
            return f"list of {_type(field['items'], defs)}" if "items" in field else "pair"
        case "object":
            inner = field.get("additionalProperties")
            return f"object of {_type(inner, defs)}" if isinstance(inner, dict) else "object"
        case kind:
            return str(kind)


def as_text(schema: Schema) -> str:
    """A schema as a file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
