"""Trivy's findings in the fixtures beside ours, from the same raw feeds.

`trivy.py rows DATA` prints the rows of a Trivy database made of Debian's tracker and OSV's language dumps, for trivy_db.go;
`trivy.py compare NAME TRIVY.json OURS.json ...` prints what only one of the two found. Severities are not compared: the
rows have none.
"""

import gzip
import json
import re
import sys
import zipfile
from pathlib import Path

DEBIAN = {"bullseye": "debian 11", "bookworm": "debian 12", "trixie": "debian 13"}
LANGUAGES = {
    "PyPI": "pip", "npm": "npm", "Maven": "maven", "Go": "go", "crates.io": "rust", "NuGet": "nuget",
    "Packagist": "composer", "RubyGems": "rubygems",
}


def python_name(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def debian(data):
    path = next((data / "debian").glob("tracker-json*.json.gz"))
    for package, entries in json.loads(gzip.open(path).read()).items():
        for name, entry in entries.items():
            for codename, release in entry["releases"].items():
                fix = release.get("fixed_version")
                if codename in DEBIAN and release["status"] == "resolved" and fix != "0":
                    yield DEBIAN[codename], package, name, {"FixedVersion": fix}


def constraints(affected):
    vulnerable, patched = [], []
    for span in affected.get("ranges") or []:
        if span["type"] == "GIT":
            continue
        start = None
        for event in span["events"]:
            if "introduced" in event:
                start = ">=" + event["introduced"]
            elif "fixed" in event:
                vulnerable.append(f"{start or '>=0'}, <{event['fixed']}")
                patched.append(event["fixed"])
                start = None
            elif "last_affected" in event:
                vulnerable.append(f"{start or '>=0'}, <={event['last_affected']}")
                start = None
        if start:
            vulnerable.append(start)
    return vulnerable or ["=" + version for version in affected.get("versions") or []], patched


def languages(data):
    found = {}
    for ecosystem, kind in LANGUAGES.items():
        with zipfile.ZipFile(data / "osv" / ecosystem / "all.zip") as dump:
            records = [json.loads(dump.read(member)) for member in dump.namelist()]
        for record in records:
            cves = [alias for alias in record.get("aliases") or [] if alias.startswith("CVE-")]
            for affected in record.get("affected") or []:
                package = affected.get("package") or {}
                if record.get("withdrawn") or package.get("ecosystem") != ecosystem:
                    continue
                name = python_name(package["name"]) if ecosystem == "PyPI" else package["name"]
                for main in cves or [record["id"]]:
                    row = found.setdefault((f"{kind}::{ecosystem}", name, main), ([], []))
                    for known, more in zip(row, constraints(affected)):
                        known.extend(more)
    for (bucket, name, main), (vulnerable, patched) in found.items():
        yield bucket, name, main, {"VulnerableVersions": vulnerable, "PatchedVersions": patched}


def rows(data):
    ids, buckets = set(), set()
    for bucket, package, name, value in [*debian(data), *languages(data)]:
        ids.add(name)
        buckets.add(bucket)
        print(bucket, package, name, json.dumps(value), sep="\t")
    for name in sorted(ids):
        print("vulnerability", "", name, json.dumps({"Title": name, "Severity": "MEDIUM"}), sep="\t")
    for bucket in sorted(buckets):
        source = {"ID": "debian" if bucket.startswith("debian") else "ghsa", "Name": bucket, "URL": ""}
        print("data-source", "", bucket, json.dumps(source), sep="\t")


def compare(name, trivy, ours):
    def key(package, version, main):
        return python_name(package), version, main

    theirs, own = {}, {}
    for result in json.loads(Path(trivy).read_text()).get("Results") or []:
        for found in result.get("Vulnerabilities") or []:
            place = key(found["PkgName"], found["InstalledVersion"], found["VulnerabilityID"])
            theirs[place] = [fix.strip() for fix in (found.get("FixedVersion") or "").split(",")]
    for found in json.loads(Path(ours).read_text())["findings"]:
        package = found["package"]
        if package["ecosystem"] != "os":
            own[key(package["name"], package["version"], found["id"])] = found.get("fixVersion") or ""
    both = theirs.keys() & own.keys()
    fixes = [place for place in both if own[place] not in theirs[place]]
    print(f"{name}: Trivy {len(theirs)}, ours {len(own)}, both {len(both)}, fixes that differ {len(fixes)}")
    for word, places in [("only Trivy", theirs.keys() - own), ("only ours", own.keys() - theirs), ("fix", fixes)]:
        for place in sorted(places):
            print(f"  {word}: {' '.join(place)}")


if sys.argv[1] == "rows":
    rows(Path(sys.argv[2]))
else:
    arguments = sys.argv[2:]
    for at in range(0, len(arguments), 3):
        compare(*arguments[at : at + 3])
