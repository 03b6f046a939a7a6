"""`python -m app.cli` is `eva`."""

from app.cli import main

if __name__ == "__main__":
    main()
