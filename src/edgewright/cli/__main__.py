"""``python -m edgewright.cli``: the command line where no script is installed."""

from edgewright.cli.main import main

if __name__ == "__main__":
    main()
