"""Scripts of Synapse taken apart: batches, and the statements that procedures put together as text."""

import re
from pathlib import Path

PIECE = re.compile(r"N'((?:[^']|'')*)'|(@run)|CAST\(@\w+ AS nvarchar\(\d+\)\)")


def scripts(folder):
    found = sorted(Path(folder).glob("*/*.sql"))
    return [(str(path.relative_to(folder)), path.read_text()) for path in found]


def batches(text):
    """(line, batch) of what stands between GO and GO."""
    line = 1
    for batch in re.split(r"^GO\n", text, flags=re.M):
        if batch.strip():
            yield line, batch
        line += batch.count("\n") + 1


def dynamic(text):
    """(line, statement) of each SET @sql = N'...' + @run + N'...': its value for a run called r1."""
    for found in re.finditer(r"SET @sql = (.*);\n", text):
        pieces = PIECE.finditer(found[1])
        value = "".join(piece[1].replace("''", "'") if piece[1] is not None else "r1" if piece[2] else "20111209" for piece in pieces)
        yield text[: found.start()].count("\n") + 1, value
