"""Writes the numbers of the newest complete runs into the table of docs/evidence/README.md. A run that was
made in parts, of one commit and one seed, counts when its last part is there.

Arguments: ROOT. The evidence is docs/evidence/TIER.ndjson, one line for each run of a harness. What a
number means stands in the table already and is left as it is.
"""

import json
import pathlib
import sys

TIERS = ("quick", "night", "release")


def together(parts):
    """One entry of the parts of a run that was made in several pieces."""
    whole = dict(parts[0], counts={}, violations=0, seconds=0)
    for part in parts:
        figures = part.get("figures", [])
        for what, number in part["counts"].items():
            before = whole["counts"].get(what, 0)
            whole["counts"][what] = max(before, number) if what in figures else before + number
        whole["violations"] += part["violations"]
        whole["seconds"] += part["seconds"]
    return whole


def newest(folder):
    """(harness, tier) -> the last line about it that was not skipped, else the last one."""
    found = {}
    shares = {}
    for tier in TIERS:
        path = folder / f"{tier}.ndjson"
        if not path.exists():
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            try:
                entry = json.loads(line)
                key = (entry["harness"], entry["tier"])
            except (ValueError, KeyError) as error:
                sys.exit(f"{path}:{number}: not a line of evidence: {error}")
            if "share" in entry:
                part, parts = (int(number) for number in entry["share"].split("/"))
                run = shares.setdefault((*key, entry["seed"], entry["commit"], parts), {})
                run[part] = entry
                if len(run) < parts:
                    continue  # Not a whole run yet.
                entry = together([run[number] for number in sorted(run)])
            if "skipped" not in entry or key not in found:
                found[key] = entry
    return found


def cell(entry):
    if entry is None:
        return "-"
    if "skipped" in entry:
        return f"skipped: {entry['skipped']}"
    counts = ", ".join(f"{number:,} {what}" for what, number in entry["counts"].items())
    return f"{counts}; {entry['violations']} violations; {entry['seconds']:.0f} s ({entry['commit']})"


def main():
    root = pathlib.Path(sys.argv[1])
    folder = root / "docs" / "evidence"
    readme = folder / "README.md"
    found = newest(folder)
    lines = []
    for line in readme.read_text().splitlines():
        cells = [each.strip() for each in line.strip().strip("|").split("|")]
        name = cells[0].strip("`")
        if line.startswith("| `") and len(cells) == 5:
            cells[1] = cell(found.get((name, "quick")))
            cells[2] = cell(found.get((name, "night")) or found.get((name, "release")))
            line = "| " + " | ".join(cells) + " |"
        lines.append(line)
    readme.write_text("\n".join(lines) + "\n")


main()
