"""`python -m ontos`: every operation as a command."""

from ontos.doors.cli import main

if __name__ == "__main__":
    main()
