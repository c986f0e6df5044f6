"""Validates documents by a JSON schema: validate.py SCHEMA DOCUMENT…"""

import json
import sys

import jsonschema


def main(schema, documents):
    with open(schema, encoding="utf-8") as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    bad = 0
    for path in documents:
        with open(path, encoding="utf-8") as file:
            faults = list(validator.iter_errors(json.load(file)))
        bad += len(faults)
        for fault in faults[:5]:
            print(f"{path}: {fault.json_path}: {fault.message[:300]}")
    print(f"{len(documents)} documents are valid" if not bad else f"{bad} faults")
    return 1 if bad or not documents else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
