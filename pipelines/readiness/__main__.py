"""`eva-gate`: may this commit go further, why not, and who says so."""

from pipelines.readiness.cli import main

if __name__ == "__main__":
    main()
