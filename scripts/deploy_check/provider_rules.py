#!/usr/bin/env python3
"""Holds resources to the provider's own reference: provider_rules.py TERRAFORM_FOLDER PROVIDER_FOLDER.

PROVIDER_FOLDER is the source of azurerm in the version asked for; website/docs/r/ has a page a resource, with its
arguments and those of its blocks. Without running the provider that tells misspelt, missing and misplaced
arguments, and values that are not on a list. A breach a line.
"""

import re
import sys
from pathlib import Path

import hcl2

from terraform_rules import Checker, plain

META = {"count", "for_each", "depends_on", "lifecycle", "provider", "timeouts"}
ARGUMENT = re.compile(r"^\* `([^`]+)` ?-? ?(.*)")
BLOCK = re.compile(r"^(?:An?|The|Each|Elements of)? ?`([^`]+)`(?: block)? (?:supports?|contains|exports):?")
LISTED = re.compile(r"(?:Possible values (?:are|include)|Valid (?:options|values) are|[Pp]ossible values?(?: is| are)?)[: ]+((?:`[^`]+`[,. ]*(?:and|or)? ?)+)")


class Page:
    """One resource's reference: arguments by block; '' is the resource itself."""

    def __init__(self, text):
        self.blocks = {"": {}}
        arguments = text.split("## Argument", 1)[-1].split("\n## Attributes", 1)[0].split("\n## Timeouts", 1)[0]
        current = [""]
        for line in arguments.splitlines():
            block = BLOCK.match(line)
            if block:
                current = [block[1]]
                self.blocks.setdefault(block[1], {})
                continue
            found = ARGUMENT.match(line)
            if found:
                for name in current:
                    self.blocks[name].setdefault(found[1], found[2])

    def required(self, block):
        return {name for name, text in self.blocks[block].items() if text.startswith("(Required)")}

    @staticmethod
    def values(text):
        found = LISTED.search(text)
        return set(re.findall(r"`([^`]+)`", found[1])) if found else None


def entries(body):
    """Arguments and blocks of a body, dynamic blocks as what they make."""
    for name, value in body.items():
        if name.startswith("__") or name in META:
            continue
        if name == "dynamic":
            for dynamic in value:
                for made, inside in dynamic.items():
                    if isinstance(inside, dict):
                        for content in inside.get("content", []):
                            yield plain(made), [content]
        else:
            yield name, value


def check_body(page, block, body, where):
    if block not in page.blocks:
        return
    known = page.blocks[block]
    used = dict(entries(body))
    for missing in sorted(page.required(block) - set(used)):
        yield f"{where} lacks {missing}"
    for name, value in used.items():
        if name not in known:
            yield f"{where} has {name}, which the provider does not know"
            continue
        nested = isinstance(value, list) and value and isinstance(value[0], dict)
        if nested:
            for inner in value:
                yield from check_body(page, name, inner, f"{where}.{name}")
        allowed = page.values(known[name])
        said = plain(value)
        if allowed and isinstance(value, str) and value.startswith('"') and "${" not in value and said not in allowed:
            yield f"{where}: {name} is {said}; possible are {', '.join(sorted(allowed))}"


def main():
    top, provider = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    checker, breaches, seen = Checker(top), [], 0
    files = sorted(path for path in top.rglob("*.tf") if ".terraform" not in path.parts)
    checker.parsed = {file: hcl2.loads(file.read_text()) for file in files}
    for file in files:
        for (kind, name), body in checker.blocks(file, "resource"):
            page = provider / "website/docs/r" / f"{kind.removeprefix('azurerm_')}.html.markdown"
            if not page.is_file():
                breaches.append(f"{file.relative_to(top)}: the provider has no {kind}")
                continue
            seen += 1
            for breach in check_body(Page(page.read_text()), "", body, f"{kind}.{name}"):
                breaches.append(f"{file.relative_to(top)}: {breach}")
    if not seen:
        breaches.append(f"{top}: no resource was checked")
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
