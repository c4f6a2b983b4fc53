"""What clients of Python are sent to, and what came of each of their uses, as lines of JSON."""

import json
import os
import urllib.request
from contextlib import contextmanager

URL = os.environ["GATE_URL"]
SECRET = os.environ["GATE_SECRET"]
BUDGETED = os.environ["GATE_BUDGETED"]
POOR = os.environ["GATE_POOR"]
KNOBS = f"{os.environ['GATE_PROVIDER']}/sim/knobs"
STATUS = f"{os.environ['GATE_PROVIDER']}/sim/status"

QUESTION = "How much is the fish?"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
SLOW = {"token_pace_ms": 20, "output_tokens": 200, "chunk_tokens": 1}
DOWN_ONCE = {"fault": "status_503", "fault_count": 1}


@contextmanager
def steered(knobs):
    """All calls of the provider, steered so; a fault that never struck proves nothing."""
    before = _faults()
    _knobs("POST", knobs)
    try:
        yield
        sure("the fault struck", _faults() - before == knobs.get("fault_count", 0))
    finally:
        _knobs("DELETE", None)


def _faults():
    with urllib.request.urlopen(STATUS) as answer:
        return sum(json.load(answer)["unbilled_faults"].values())


def _knobs(method, knobs):
    body = None if knobs is None else json.dumps(knobs).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(KNOBS, method=method, data=body, headers=headers)
    with urllib.request.urlopen(request) as answer:
        answer.read()


def sure(what, is_so):
    if not is_so:
        raise AssertionError(f"not as it must be: {what}")


def tells_errors(call):
    """A wrong key is told apart from an empty budget, and the budget's refusal by its name."""
    wrong = _failure(lambda: call("sk-none"))
    sure(f"a wrong key is a 401: {wrong!r}", wrong.status_code == 401)
    poor = _failure(lambda: call(POOR))
    sure(f"an empty budget is a 402: {poor!r}", poor.status_code == 402)
    sure(f"the budget is named: {poor!r}", "budget" in str(poor).lower())


def _failure(call):
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was thrown")


def report(name, uses):
    """Each use of a client, and what came of it."""
    cells = {}
    for feature, use in uses.items():
        try:
            use()
            cells[feature] = "yes"
        except Exception as error:
            cells[feature] = f"no: {type(error).__name__}: {error}"
    print(json.dumps({"name": name, "cells": cells}), flush=True)
