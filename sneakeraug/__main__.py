"""`python -m sneakeraug`."""

from sneakeraug.cli import main

if __name__ == "__main__":
    main()
