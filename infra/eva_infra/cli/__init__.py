"""`eva-infra`: everything that is done with the stacks.

`ENDINGS` says what each exit code means.
"""

import argparse
import sys
from collections.abc import Sequence

from eva_infra.cli import deployed, offline
from eva_infra.cli.ending import FAILED, WRONG
from eva_infra.driving.stacks import ToolError
from eva_infra.settings import STACKS, SettingsError

ENDINGS = """ends with: 0 all is well; 1 something was found (drift, a broken policy, a check that
did not pass); 2 wrong usage or settings; 3 data would be destroyed; 4 a tool failed"""


def parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    made = argparse.ArgumentParser(
        prog="eva-infra", description="The stacks of EVA API on Azure.", epilog=ENDINGS
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (*offline.COMMANDS, *deployed.COMMANDS):
        one = commands.add_parser(command.name, help=command.help, description=command.help)
        every = ("all",) if command.takes_all else ()
        one.add_argument("stack", choices=(*STACKS, *every))
        one.add_argument("--json", action="store_true", help="print JSON")
        for name, keywords in command.options.items():
            one.add_argument(name, **keywords)
        one.set_defaults(run=command.run)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; see the module for how it ends."""
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except SettingsError as wrong:
        print("the settings are wrong:", *wrong.problems, sep="\n  ", file=sys.stderr)
        return WRONG
    except (ToolError, OSError) as failed:
        print(failed, file=sys.stderr)
        return FAILED


def run() -> None:
    """Run from the command line."""
    sys.exit(main())
