"""The golden LP files: the model of the minimal scenario of every clause and rule, as text to be read aloud.

`python -m tests.optimizer.golden.regenerate` writes those that differ and names them. Read the difference before committing it: it is a change of
the model.
"""

from __future__ import annotations

from pathlib import Path

from optimizer.solve.highs import lp_text
from scenarios import library
from tests.optimizer.tiny import tiny

FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Bundled scenarios that have a golden LP file."""
    return tuple(name for name in library.names() if name.startswith(("clause-", "rule-")))


def lp_of(name: str) -> str:
    """The model of a bundled scenario as LP text."""
    return lp_text(tiny(library.load(name)).problem)


def main() -> None:
    """Write the files that differ from the model."""
    for name in names():
        path, text = FOLDER / f"{name}.lp", lp_of(name)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.name)
    for path in FOLDER.glob("*.lp"):
        if path.stem not in names():
            path.unlink()
            print(f"{path.name} (removed: there is no such scenario)")


if __name__ == "__main__":
    main()
