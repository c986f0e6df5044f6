"""The library `packaging`."""

import sys

import packaging
from packaging.version import InvalidVersion, Version

if sys.argv[1:] == ["version"]:
    print("packaging", packaging.__version__)
else:
    for line in sys.stdin:
        try:
            a, b = map(Version, line.rstrip("\n").split("\t"))
            print("<" if a < b else ">" if a > b else "=")
        except InvalidVersion:
            print("?")
