"""`az containerapp` for two apps that are a file: their revisions, labels and traffic.

Installed as `az` by `install`. What `fails` names ends with an error, before anything is done.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

STATE = "az.json"
State = dict[str, Any]
Options = Mapping[str, list[str]]


def install(folder: Path) -> None:
    """Put this file into a folder as `az`, with a service that was never deployed to."""
    first = {"name": "eva--0", "image": "registry/eva@sha256:first", "active": True}
    state = {
        "revisions": [first],
        "traffic": [{"latestRevision": True, "weight": 100}],
        "worker": first["image"],
        "fails": "",
        "calls": [],
    }
    (folder / STATE).write_text(json.dumps(state))
    program = folder / "az"
    program.write_text(f"#!{sys.executable} -SE\n{Path(__file__).read_text()}")
    program.chmod(0o755)


def revision(state: State, given: Options) -> dict[str, Any]:
    """Return the revision that a command is about."""
    [found] = [one for one in state["revisions"] if one["name"] == given["--revision"][0]]
    return dict(found)


def row_of(state: State, name: str) -> dict[str, Any]:
    """Return a revision's row of traffic, made if it has none."""
    revision(state, {"--revision": [name]})
    for row in state["traffic"]:
        if row.get("revisionName") == name:
            found: dict[str, Any] = row
            return found
    state["traffic"].append({"revisionName": name, "weight": 0})
    return row_of(state, name)


def update(state: State, given: Options) -> object:
    """Set an app's image: a new revision, if it differs from that of the newest."""
    [image] = given["--image"]
    if given["--name"] != ["eva"]:
        state["worker"] = image
        return {}
    if state["revisions"][-1]["image"] != image:
        name = f"eva--{len(state['revisions'])}"
        state["revisions"].append({"name": name, "image": image, "active": True})
    return {"properties": {"latestRevisionName": state["revisions"][-1]["name"]}}


def show(state: State, _: Options) -> object:
    """Tell the newest revision."""
    return {"properties": {"latestReadyRevisionName": state["revisions"][-1]["name"]}}


def traffic(state: State, _: Options) -> object:
    """Tell every row of traffic."""
    return state["traffic"]


def weigh(state: State, given: Options) -> object:
    """Give revisions their shares of the traffic; they have to make a hundred."""
    state["traffic"] = [row for row in state["traffic"] if "revisionName" in row]
    for weight in given["--revision-weight"]:
        name, share = weight.split("=")
        row_of(state, name)["weight"] = int(share)
    if sum(row["weight"] for row in state["traffic"]) != 100:
        sys.exit("traffic weights must sum up to 100")
    return state["traffic"]


def label(state: State, given: Options) -> object:
    """Move a label to a revision, which loses its own."""
    [name] = given["--label"]
    for row in state["traffic"]:
        if row.get("label") == name:
            del row["label"]
    row_of(state, given["--revision"][0])["label"] = name
    return state["traffic"]


def exchange(state: State, given: Options) -> object:
    """Exchange two labels; traffic stays with the revisions."""
    [one], [other] = given["--source"], given["--target"]
    rows = {row.get("label"): row for row in state["traffic"]}
    rows[one]["label"], rows[other]["label"] = other, one
    return state["traffic"]


def shown(state: State, given: Options) -> object:
    """Tell a revision's image."""
    image = revision(state, given)["image"]
    return {"properties": {"template": {"containers": [{"image": image}]}}}


def listed(state: State, _: Options) -> object:
    """Tell every revision."""
    return [
        {"name": one["name"], "properties": {"active": one["active"]}} for one in state["revisions"]
    ]


def deactivate(state: State, given: Options) -> object:
    """Stop a revision."""
    stopped = revision(state, given) | {"active": False}
    rest = state["revisions"]
    state["revisions"] = [stopped if one["name"] == stopped["name"] else one for one in rest]
    return "Deactivate succeeded"


COMMANDS: Mapping[str, Callable[[State, Options], object]] = {
    "update": update,
    "show": show,
    "ingress traffic show": traffic,
    "ingress traffic set": weigh,
    "revision label add": label,
    "revision label swap": exchange,
    "revision show": shown,
    "revision list": listed,
    "revision deactivate": deactivate,
}


def options(words: list[str]) -> Options:
    """Return what follows each option."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word] = []
        else:
            found[list(found)[-1]].append(word)
    return found


def main() -> None:
    """Answer one call."""
    at = Path(sys.argv[0]).with_name(STATE)
    state = json.loads(at.read_text())
    words = sys.argv[2:]  # the first is `containerapp`
    first_option = next(place for place, word in enumerate(words) if word.startswith("--"))
    command, given = " ".join(words[:first_option]), options(words[first_option:])
    called = f"{command} {given['--name'][0]}"
    state["calls"].append(called)
    broken = state["fails"] and called.startswith(state["fails"])
    said = None if broken else COMMANDS[command](state, given)
    at.write_text(json.dumps(state))
    if broken:
        sys.exit(f"{command} is not to be had")
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
