"""Validates answers of the HSDS interface.

usage: validate.py ANSWERS OPENAPI [SCHEMAS]

ANSWERS: a line each: {"path": "/services", "shape": "service", "list": true, "body": ...}. Each is compared with what
OPENAPI says of its path, and, when the folder SCHEMAS is given, with SHAPE.json in it.
"""
import json
import pathlib
import sys

import jsonschema


def openapi_schema(openapi, path):
    return openapi["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]


def check(validator, value, what):
    errors = [f"{what}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in validator.iter_errors(value)]
    for error in errors[:5]:
        print(error)
    return not errors


def main():
    answers = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    openapi = json.load(open(sys.argv[2], encoding="utf-8"))
    good = True
    resolver = jsonschema.RefResolver("", openapi)
    formats = jsonschema.FormatChecker()
    for answer in answers:
        schema = openapi_schema(openapi, answer["path"])
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=formats)
        good &= check(validator, answer["body"], "openapi " + answer["path"])
    if len(sys.argv) > 3:
        folder = pathlib.Path(sys.argv[3])
        store = {f.name: json.load(open(f, encoding="utf-8")) for f in folder.glob("*.json") if f.name != "openapi.json"}
        for answer in answers:
            if "shape" not in answer:
                continue
            name = answer["shape"] + ".json"
            resolver = jsonschema.RefResolver(name, store[name], store=store)
            validator = jsonschema.Draft202012Validator(store[name], resolver=resolver, format_checker=formats)
            for element in answer["body"]["contents"] if answer["list"] else [answer["body"]]:
                good &= check(validator, element, name + " " + answer["path"])
    print(len(answers), "answers")
    return 0 if good else 1


sys.exit(main())
