"""Install the peers, each in a virtual environment of its own under `.tools/peers`.

Takes some 5 GB of disk, most of it one machine-learning library that two of them import. Nothing
else is fetched: no model, no data. A peer already there at the wanted version is left alone.
"""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

PEERS = Path(__file__).resolve().parents[2] / ".tools" / "peers"
# The CPU build of torch where the index has one; torch comes first, so that it is not chosen anew.
TORCH = "torch==2.13.0"
WANTED = {
    "chromadb": ["chromadb==1.5.9"],
    "txtai": [TORCH, "txtai[api]==9.14.0"],
    "open-webui": [TORCH, "open-webui==0.12.4"],
}


def program(peer: str, name: str) -> Path:
    """Return where a peer's program is, or would be."""
    return PEERS / peer / "bin" / name


def install(peer: str) -> None:
    marker = PEERS / peer / "installed.txt"
    wanted = "\n".join(WANTED[peer])
    if marker.exists() and marker.read_text() == wanted:
        print(f"{peer}: already installed")
        return
    print(f"{peer}: installing {', '.join(WANTED[peer])}", flush=True)
    if not program(peer, "python").exists():
        venv.create(PEERS / peer, with_pip=True)
    for package in WANTED[peer]:
        subprocess.run([program(peer, "pip"), "install", "--quiet", package], check=True)
    marker.write_text(wanted)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("peer", nargs="*", help=f"of {', '.join(WANTED)}; all if none is named")
    failed = []
    for peer in parser.parse_args().peer or WANTED:
        try:
            install(peer)
        except subprocess.CalledProcessError as broken:
            failed.append(peer)
            print(f"!! {peer} DID NOT INSTALL ({broken}): its rows will be empty", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
