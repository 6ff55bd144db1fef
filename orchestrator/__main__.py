"""The command ``evenhand``."""

from orchestrator.cli.app import evenhand


def main() -> None:
    """Run the command line."""
    evenhand(prog_name="evenhand")


if __name__ == "__main__":
    main()
