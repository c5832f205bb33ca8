"""Every error this package raises on purpose.

    SneakeraugError
    ├── InputError (ValueError)            the input is at fault, exit code 2
    │   ├── PhotoError                     a picture cannot be read or is over a limit
    │   ├── ContextError                   an unknown target, campaign type, industry, …
    │   ├── ProductError                   a catalog row is wrong
    │   ├── DecisionError                  the log of decisions has another one under its id
    │   ├── RequestError                   a request to the service cannot be taken
    │   └── ShapeError                     an array has the wrong shape
    ├── CollectError                       a shop's page cannot be had or read, exit code 1
    │   ├── FetchError                     the answer was no, too large, too slow, or forbidden
    │   └── ParseError                     the page does not say what is needed
    ├── ModelError                         the model is at fault, exit code 3
    │   ├── ModelNotFoundError (LookupError)
    │   ├── ModelCorruptError              a file does not match its recorded hash
    │   ├── FeatureSchemaError             features of another schema were offered
    │   ├── TargetError                    the model was not trained for the target
    │   └── ChallengerError                a model is worse than the one that serves
    ├── StoreError                         the store is at fault, exit code 4
    ├── AccessError                        a role may not do it, exit code 1
    └── SettingsError                      a setting has an unusable value, exit code 1

Every message says what was wrong, what was expected and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
"""Line ends, what commands a terminal or turns text round, and halves of characters."""


class SneakeraugError(Exception):
    """Base of every error of this package; `exit_code` is what the command line returns.

    Parameters
    ----------
    message
        What was wrong, what was expected, what to do. It may quote what came from outside: it is
        one line, whatever stands in it, that any terminal or log can take.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(_UNSHOWN.sub("?", message))


class InputError(SneakeraugError, ValueError):
    """What was given cannot be used."""

    exit_code = 2


class PhotoError(InputError):
    """A picture cannot be read, or is over a limit.

    Parameters
    ----------
    message
        What was wrong, what was expected, what to do.
    reason
        One of ``empty, too_large, format, parts, pixels, side, truncated, shape, missing``.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ContextError(InputError):
    """A context field has a value the model does not know."""

    def __init__(self, field: str, value: object, known: Sequence[str]) -> None:
        super().__init__(
            f"Unknown {field} {str(value)[:60]!r}; expected one of: {', '.join(known)}. "
            "Choose one of these and try again."
        )
        self.field = field
        self.value = value


class ProductError(InputError):
    """A catalog row is wrong."""

    def __init__(self, row: int, field: str, message: str) -> None:
        super().__init__(f"Catalog row {row}, {field}: {message}")
        self.row = row
        self.field = field


class DecisionError(InputError):
    """The log of decisions has another decision under the same id."""


class RequestError(InputError):
    """A request to the service cannot be taken, whatever picture is in it.

    Parameters
    ----------
    message
        What was wrong, what was expected, what to do.
    reason
        One of ``conflict, host, key, malformed, media_type, not_found, too_large, too_many,
        too_slow``.
    retry_after_s
        After how many seconds it may be sent again; None where that would not help.
    """

    def __init__(self, message: str, *, reason: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class ShapeError(InputError):
    """An array does not have the shape that was expected."""

    def __init__(self, what: str, actual: Sequence[int], expected: str) -> None:
        super().__init__(f"{what} has shape {tuple(actual)}; {expected} is expected.")
        self.actual = tuple(actual)
        self.expected = expected


class CollectError(SneakeraugError):
    """A shop's page cannot be had or read."""


class FetchError(CollectError):
    """An address could not be fetched.

    Parameters
    ----------
    url
        The address.
    message
        What was wrong, what was expected, what to do.
    status
        Of the answer; None where there was none.
    """

    def __init__(self, url: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{url[:200]}: {message}")
        self.url = url
        self.status = status


class ParseError(CollectError):
    """A page does not say what is needed."""

    def __init__(self, source: str, missing: str) -> None:
        super().__init__(
            f"{source[:200]} does not hold {missing}. Check the address in a browser; pages that "
            "only a script fills cannot be read."
        )
        self.source = source
        self.missing = missing


class ModelError(SneakeraugError):
    """The model cannot be used."""

    exit_code = 3


class ModelNotFoundError(ModelError, LookupError):
    """No model folder, or no file in it, under that name."""


class ModelCorruptError(ModelError):
    """A model file is not the one its card describes."""

    def __init__(self, path: str, expected_sha256: str, actual_sha256: str) -> None:
        super().__init__(
            f"Model file {path} has sha256 {actual_sha256[:12]}…, its card says "
            f"{expected_sha256[:12]}…; the file was changed or damaged. "
            "Restore the model folder from where it was published and try again."
        )
        self.path = path
        self.expected_sha256 = expected_sha256
        self.actual_sha256 = actual_sha256


class FeatureSchemaError(ModelError):
    """Features of another schema than the model's were offered."""

    def __init__(self, missing: Sequence[str], unexpected: Sequence[str]) -> None:
        super().__init__(
            "The features do not match the model: "
            f"missing {list(missing)[:8]}, unexpected {list(unexpected)[:8]}. "
            "Use the model with the version of sneakeraug that trained it, or retrain it."
        )
        self.missing = tuple(missing)
        self.unexpected = tuple(unexpected)


class TargetError(ModelError):
    """The model was not trained for a target."""

    def __init__(self, model_id: str, target: str, known: Sequence[str]) -> None:
        super().__init__(
            f"Model {model_id!r} was not trained for {target}: its history could not support it "
            f"(see `sneakeraug models card`). It knows: {', '.join(known)}. Choose one of these, "
            "or another model."
        )
        self.target = target


class ChallengerError(ModelError):
    """A model did worse than the one that serves, and must not take its place."""


class StoreError(SneakeraugError):
    """Something could not be kept or read back."""

    exit_code = 4


class AccessError(SneakeraugError):
    """Somebody may not do something.

    Parameters
    ----------
    role
        What they are; None where they have no role.
    action
        What they wanted to do.
    allowed
        Roles that may.
    """

    def __init__(self, role: str | None, action: str, allowed: Sequence[str]) -> None:
        held = f"As {role} you" if role else "Without a role you"
        super().__init__(
            f"{held} may not {action}; the role {' or '.join(allowed)} is expected. Ask whoever "
            "runs this server for it."
        )
        self.role = role
        self.action = action


class BusyError(SneakeraugError):
    """Too much is under way already; nothing was done.

    Parameters
    ----------
    retry_after_s
        After how many seconds there is likely room again.
    """

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__(
            f"The server is busy with other pictures. Try again in {retry_after_s} s; "
            "nothing was lost."
        )
        self.retry_after_s = retry_after_s


class SettingsError(SneakeraugError):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, value: object, source: str, expected: str) -> None:
        super().__init__(
            f"Setting {name} is {str(value)[:60]!r} (from {source}); {expected} is expected."
        )
        self.name = name
        self.value = value
        self.source = source
