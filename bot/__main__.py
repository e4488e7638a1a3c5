"""python -m bot COMMAND: the stable interface that people and scripts rely on."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from bot import log
from bot.errors import CannotStart
from bot.settings import Settings
from bot.store import address

# Modules of bot.commands, in the order of the help.
COMMANDS = (
    "run migrate backup restore ask stations knowledge staff calendar audit ledger privacy vault points backend "
    "open311 wechat handoff doctor"
).split()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.  Returns the exit status; a setting that makes no sense is 2, with the reason."""
    given = parse(list(sys.argv[1:] if arguments is None else arguments))
    try:
        settings = Settings()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 2
    except ValidationError as error:
        for fault in error.errors():
            name = "NUANXIN_" + "_".join(map(str, fault["loc"])).upper() if fault["loc"] else "settings"
            print(f"{name}: {fault['msg']}", file=sys.stderr)
        return 2
    log.configure(settings.log_level, as_json=settings.log_json)
    try:
        status: int = given.run(given, settings)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:
        if why := address.sentence(error) or _fault(error):
            print(why, file=sys.stderr)
            return 1
        raise
    return status


def _fault(error: Exception) -> str:
    """What an editor has to mend, when content cannot be read."""
    from knowledge.policies import Fault  # Not before: most commands do without the content, which takes a second.

    return str(error) if isinstance(error, Fault) else ""


def parse(asked: Sequence[str]) -> argparse.Namespace:
    """What a command line asks for.  Leaves the program when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="nuanxin" if Path(sys.argv[0]).name == "nuanxin" else "python -m bot", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for each in _modules(asked[0] if asked else ""):
        each.add(commands)
    return parser.parse_args(asked)


def _modules(command: str) -> Iterator[ModuleType]:
    """The module of a command, all for none of them: asking the search should not have to load the web server."""
    names = [command] if command in COMMANDS else COMMANDS
    return (import_module(f"bot.commands.{name}") for name in names)


if __name__ == "__main__":
    sys.exit(main())
