"""Pairs of real version strings out of the feeds, one file a scheme: `corpus.py SHARED FOLDER COUNT`.

A pair is two versions of one package that lie next to each other, where mistakes hide, or two at random; and, for schemes
whose reference refuses texts, one of the scheme and one of another world. The same feeds give the same pairs.
"""

import collections
import glob
import gzip
import io
import json
import os
import random
import re
import sys
import tarfile
import zipfile

# Ecosystems of OSV and the schemes that their versions are compared by. Hex, pacman and R have few records of their own, or
# none, so they get versions of others that look like theirs.
SCHEMES = {
    "Debian": ["dpkg"],
    "Ubuntu": ["dpkg"],
    "AlmaLinux": ["rpm", "alpm"],
    "Rocky Linux": ["rpm", "alpm"],
    "Red Hat": ["rpm"],
    "openEuler": ["rpm"],
    "Alpine": ["apk"],
    "Wolfi": ["apk"],
    "Chainguard": ["apk"],
    "npm": ["semver", "npm", "hex"],
    "crates.io": ["semver", "npm", "hex"],
    "Bitnami": ["semver", "npm"],
    "SwiftURL": ["semver"],
    "Hex": ["hex"],
    "Pub": ["hex"],
    "PyPI": ["pep440", "cran"],
    "Maven": ["maven"],
    "RubyGems": ["gem"],
    "NuGet": ["nuget"],
    "Packagist": ["composer"],
    "Go": ["go"],
}

# Schemes whose reference says that a text is no version.
REFUSING = ["dpkg", "semver", "npm", "pep440", "gem", "nuget", "composer", "go", "hex", "cran"]

VERSION = re.compile(r"[vV]?\d[0-9A-Za-z.+_~-]*")


class Corpus:
    def __init__(self):
        # scheme -> package -> versions
        self.found = collections.defaultdict(lambda: collections.defaultdict(set))

    def add(self, schemes, package, version):
        if isinstance(version, str) and version and not re.search(r"[\t\n\r]", version):
            for scheme in schemes:
                self.found[scheme][package].add(version)

    def osv(self, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                try:
                    record = json.loads(archive.read(name))
                except ValueError:
                    continue
                for affected in record.get("affected") or []:
                    package = affected.get("package") or {}
                    schemes = SCHEMES.get(package.get("ecosystem", "").split(":")[0], [])
                    for version in affected.get("versions") or []:
                        self.add(schemes, package.get("name"), version)
                    for span in affected.get("ranges") or []:
                        for event in span.get("events") or []:
                            if span.get("type") != "GIT":
                                for version in event.values():
                                    self.add(schemes, package.get("name"), version)

    def secdb(self, data):
        for entry in json.loads(data).get("packages") or []:
            package = entry.get("pkg") or {}
            for version in package.get("secfixes") or {}:
                self.add(["apk"], package.get("name"), version)

    def tracker(self, data):
        for package, entries in json.loads(data).items():
            for entry in entries.values():
                for release in (entry.get("releases") or {}).values():
                    self.add(["dpkg"], package, release.get("fixed_version"))
                    for version in (release.get("repositories") or {}).values():
                        self.add(["dpkg"], package, version)

    def arch(self, data):
        for entry in json.loads(data):
            for package in entry.get("packages") or []:
                self.add(["alpm"], package, entry.get("affected"))
                self.add(["alpm"], package, entry.get("fixed"))

    def constraints(self, schemes, package, text, starts):
        """Every version behind one of the lines that begin with `starts`, up to the next line without indentation."""
        wanted = False
        for line in text.splitlines():
            if not line.startswith((" ", "-")):
                wanted = line.startswith(starts)
            if wanted or re.match(r"\s+versions:", line):
                for version in VERSION.findall(line.split(": ", 1)[-1]):
                    self.add(schemes, package, version)


def members(path):
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                yield member.name, archive.extractfile(member).read()


def collect(shared):
    corpus = Corpus()
    data = os.path.join(shared, "data")
    for path in sorted(glob.glob(f"{data}/osv/*/all.zip")):
        with open(path, "rb") as file:
            corpus.osv(file.read())
    for path in sorted(glob.glob(f"{data}/alpine-secdb/*/*.json")):
        with open(path, "rb") as file:
            corpus.secdb(file.read())
    for path in sorted(glob.glob(f"{data}/debian/tracker-json*.gz")):
        with gzip.open(path) as file:
            corpus.tracker(file.read())
    for path in sorted(glob.glob(f"{data}/format-samples/*.tar.gz")):
        for name, text in members(path):
            if name.endswith("all.zip"):
                corpus.osv(text)
            elif re.search(r"alpine-secdb/.*\.json$", name):
                corpus.secdb(text)
            elif name.endswith("arch-advisories/all.json"):
                corpus.arch(text)
    for path in sorted(glob.glob(f"{data}/ruby-advisory-db/*.tar.gz")):
        for name, text in members(path):
            if name.endswith(".yml"):
                package = name.split("/")[-2]
                starts = ("patched_versions", "unaffected_versions")
                corpus.constraints(["gem"], package, text.decode("utf-8", "replace"), starts)
    for path in sorted(glob.glob(f"{data}/friendsofphp/*.tar.gz")):
        for name, text in members(path):
            if name.endswith(".yaml"):
                corpus.constraints(["composer"], os.path.dirname(name), text.decode("utf-8", "replace"), ("never",))
    for path in sorted(glob.glob(f"{data}/nodejs-security-wg/*.tar.gz")):
        for name, text in members(path):
            if "/npm/" in name and name.endswith(".json"):
                entry = json.loads(text)
                for key in ("vulnerable_versions", "patched_versions"):
                    for version in VERSION.findall(entry.get(key) or ""):
                        corpus.add(["semver", "npm"], entry.get("module_name"), version)
    return corpus.found


def natural(version):
    """A key that puts versions of one package near their neighbours; no scheme's own order."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"[0-9]+|[^0-9]+", version)]


def pairs(scheme, packages, everything, count):
    dice = random.Random(scheme)
    near = []
    for package in sorted(packages, key=str):
        ordered = sorted(packages[package], key=lambda version: (natural(version), version))
        near.extend(zip(ordered, ordered[1:]))
    dice.shuffle(near)
    chosen = near[: count // 2]
    pool = sorted({version for versions in packages.values() for version in versions})
    if scheme in REFUSING:
        chosen += [(dice.choice(pool), dice.choice(everything)) for _ in range(count // 10)]
    chosen += [(dice.choice(pool), dice.choice(pool)) for _ in range(count - len(chosen))]
    return [(a, b) if dice.random() < 0.5 else (b, a) for a, b in chosen]


def main():
    shared, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    found = collect(shared)
    everything = sorted({v for packages in found.values() for versions in packages.values() for v in versions})
    for scheme, packages in sorted(found.items()):
        with open(os.path.join(folder, f"{scheme}.txt"), "w", encoding="utf-8", newline="\n") as file:
            for a, b in pairs(scheme, packages, everything, count):
                file.write(f"{a}\t{b}\n")
        versions = len({version for found in packages.values() for version in found})
        print(f"{scheme}\t{len(packages)}\t{versions}")


main()
