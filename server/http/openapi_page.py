"""The OpenAPI document as people read it: routes by group, each schema spelled out as rows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec


def groups(made: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the operations of a document by tag, as the page shows them, with each schema spelled out."""
    schemas = made["components"]["schemas"]
    by_tag: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            body: dict[str, dict[str, Any]] = operation.get("requestBody", {}).get("content", {})
            kind = next(iter(body), "")
            by_tag[operation["tags"][0]].append(
                {
                    "method": method.upper(),
                    "path": path,
                    "anchor": operation["operationId"],
                    "summary": operation["summary"],
                    "access": operation["x-access"],
                    "permission": operation.get("x-permission", ""),
                    "rate": operation.get("x-rate-limit", ""),
                    "parameters": [
                        parameter | {"type": _type(parameter["schema"], schemas), "rule": _rule(parameter["schema"])}
                        for parameter in operation["parameters"]
                    ],
                    "body_type": kind,
                    "body": _fields(body[kind]["schema"], schemas) if kind else [],
                    "answers": [_answer(status, given, schemas) for status, given in operation["responses"].items()],
                }
            )
    return sorted(by_tag.items())


def name_of(schema: dict[str, Any]) -> str:
    """Return what a reference to a schema names; empty for a schema that stands for itself."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _answer(status: str, given: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = given.get("content", {}).get("application/json", {})
    examples = [msgspec.json.encode(example["value"]) for example in content.get("examples", {}).values()]
    return {
        "status": status,
        "good": status < "400",
        "codes": given["description"].split(", ") if status >= "400" else [],
        "fields": _fields(content.get("schema", {}), schemas) if status < "400" else [],
        "examples": [msgspec.json.format(example, indent=1).decode() for example in examples],
    }


def _fields(schema: dict[str, Any], schemas: dict[str, Any], path: str = "", depth: int = 0) -> list[dict[str, Any]]:
    """Return the fields of a schema as flat rows: ``items[].id``, type, rule, whether it must be there."""
    schema = schemas.get(name_of(schema), schema)
    if schema.get("type") == "array":
        return _fields(schema.get("items") or {}, schemas, f"{path}[]", depth + 1) if depth < 5 else []
    rows = []
    for name, field in schema.get("properties", {}).items():
        full = f"{path}.{name}" if path else name
        rows.append(
            {
                "name": full,
                "type": _type(field, schemas),
                "rule": _rule(field),
                "required": name in schema.get("required", ()),
            }
        )
        if depth < 4:
            for option in field.get("anyOf", [field]):
                inner = schemas.get(name_of(option), option)
                if inner.get("type") in ("object", "array"):
                    rows += _fields(inner, schemas, full, depth + 1)
    return rows


def _type(field: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " | ".join(dict.fromkeys(_type(option, schemas) for option in field["anyOf"]))
    inner = schemas.get(name_of(field), field)
    if "enum" in inner:
        return " | ".join(str(value) for value in inner["enum"])
    if parts := inner.get("prefixItems"):
        return f"[{', '.join(_type(part, schemas) for part in parts)}]"
    if inner.get("type") == "array":
        return f"{_type(inner.get('items') or {}, schemas)}[]"
    return str(inner.get("format") or inner.get("type") or "any")


def _rule(field: dict[str, Any]) -> str:
    names = {"minLength": "≥", "maxLength": "≤", "minimum": "≥", "maximum": "≤", "pattern": "", "default": "="}
    given = [(sign, field[name]) for name, sign in names.items() if field.get(name) not in (None, "", [], {})]
    rules = [f"{sign} {str(value).lower() if isinstance(value, bool) else value}".strip() for sign, value in given]
    return " · ".join([*rules, field["description"]] if "description" in field else rules)
