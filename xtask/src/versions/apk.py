"""The rules of apk-tools 3 (`src/version.c`) read a second time, with what only apk-tools 2 took and real packages have (digits behind
the letter, an empty number before a letter or the revision): apk itself is in none of the registries.

Not the tool: it shares no code with it and none with Plimsoll, so what both readings get wrong alike stays unseen.
"""

import re
import sys

PARTS = re.compile(
    r"(?P<first>^\d+)|(?P<number>\.\d*)|(?P<behind>(?<=[a-z])\d+)|(?P<letter>[a-z])|_(?P<suffix>[a-z]+)(?P<count>\d*)"
    r"|~(?P<hash>[0-9a-fA-F]+)|-r(?P<revision>\d+)"
)
SHAPE = re.compile(r"\d+(\.\d+|\.(?=[a-z-])|[a-z]\d+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(~[0-9a-fA-F]+)?(-r\d+)?")
KINDS = ["first", "number", "behind", "letter", "suffix", "count", "hash", "revision", "end"]
BEFORE = ["alpha", "beta", "pre", "rc"]
AFTER = ["cvs", "svn", "git", "hg", "p"]


def tokens(text):
    if not SHAPE.fullmatch(text):
        return None
    found = []
    for part in PARTS.finditer(text):
        for kind, value in part.groupdict().items():
            if value:
                found.append((kind, value))
    return found + [("end", "")]


def sign(a, b):
    return "<" if a < b else ">" if a > b else ""


def order(a, b):
    for (kind, left), (other, right) in zip(a, b):
        if kind != other:
            early = [kind == "suffix" and left in BEFORE, other == "suffix" and right in BEFORE]
            if any(early):
                return "<" if early[0] else ">"
            return sign(KINDS.index(other), KINDS.index(kind))
        if kind == "number" and ".0" in (left[:2], right[:2]) or kind in ("letter", "hash"):
            answer = sign(left, right)
        elif kind == "suffix":
            answer = sign(*((BEFORE + AFTER).index(word) for word in (left, right)))
        elif kind == "end":
            answer = ""
        else:
            answer = sign(*(int(number.lstrip(".") or 0) for number in (left, right)))
        if answer:
            return answer
    return "="


if sys.argv[1:] == ["version"]:
    print("none; the rules of apk-tools 3 read a second time")
else:
    for line in sys.stdin:
        a, b = map(tokens, line.rstrip("\n").split("\t"))
        print(order(a, b) if a and b else "?")
