"""Validates every document of a folder by the official JSON schemas; those of real scans also by SPDX's own tools."""

import json
import pathlib
import sys

import jsonschema
import lib4sbom
import referencing
from referencing.jsonschema import DRAFT7

SCHEMAS = pathlib.Path(lib4sbom.__file__).parent / "schemas"


def load(path):
    return json.loads((SCHEMAS / path).read_text(encoding="utf-8"))


def validators():
    names = ["spdx", "jsf-0.82", "cryptography-defs"]
    parts = [(name, load(f"cyclonedx/{name}.schema.json")) for name in names]
    resources = [
        (f"http://cyclonedx.org/schema/{name}.schema.json", DRAFT7.create_resource(schema)) for name, schema in parts
    ]
    registry = referencing.Registry().with_resources(resources)
    cyclonedx = jsonschema.Draft7Validator(load("cyclonedx/bom-1.6.schema.json"), registry=registry)
    return {"cyclonedx": cyclonedx, "spdx": jsonschema.Draft7Validator(load("spdx/2.3-schema.json"))}


def spdx_faults(path):
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    try:
        document = parse_file(str(path))
    except SPDXParsingError as error:
        return error.get_messages()
    return [message.validation_message for message in validate_full_spdx_document(document)]


def faults(path, document, form, validator):
    found = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]
    if form == "cyclonedx":
        references = [entry["bom-ref"] for entry in document["components"] + document["vulnerabilities"]]
        found += ["a bom-ref is there twice"] * (len(references) != len(set(references)))
    elif path.name.startswith("real-"):
        found += spdx_faults(path)
    return found


def main(folder):
    by_form = validators()
    bad = 0
    paths = sorted(pathlib.Path(folder).glob("*.json"))
    for path in paths:
        form = path.name.split(".")[-2]
        document = json.loads(path.read_text(encoding="utf-8"))
        for fault in faults(path, document, form, by_form[form])[:5]:
            bad += 1
            print(f"{path.name}: {fault}")
    print(f"{len(paths)} documents are valid" if not bad else f"{bad} faults")
    return 1 if bad or not paths else 0


sys.exit(main(sys.argv[1]))
