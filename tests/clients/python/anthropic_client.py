"""Anthropic's own SDK for Python."""

import json

import anthropic

from gate import BUDGETED, DOWN_ONCE, PIXEL, QUESTION, SECRET, SLOW, URL, WEATHER
from gate import report, steered, sure, tells_errors

ASKED = {
    "model": "sim-claude",
    "max_tokens": 300,
    "messages": [{"role": "user", "content": QUESTION}],
}


def messages(key=SECRET):
    return anthropic.Anthropic(base_url=URL, api_key=key).messages


def call(key=SECRET):
    return messages(key).create(**ASKED)


def answers():
    answer = call()
    sure("a text with usage", answer.content[0].text and answer.usage.output_tokens > 0)


def streams():
    with messages().stream(**ASKED) as stream:
        sure("a text in parts", "".join(stream.text_stream))


def tools():
    offered = [{"name": "get_weather", "description": "The weather", "input_schema": WEATHER}]
    user = {"role": "user", "content": "get weather"}
    asked = {**ASKED, "tools": offered}
    first = messages().create(**{**asked, "messages": [user]})
    use = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "21 degrees"}
    turns = [user, {"role": "assistant", "content": first.content}]
    turns.append({"role": "user", "content": [result]})
    answer = messages().create(**{**asked, "messages": turns})
    sure("an answer after its tool", "21 degrees" in answer.content[0].text)


def structures():
    config = {"format": {"type": "json_schema", "schema": WEATHER}}
    answer = messages().create(**ASKED, output_config=config)
    sure("an object", "city" in json.loads(answer.content[0].text))


def sees():
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "image", "source": source}]
    messages().create(**{**ASKED, "messages": [{"role": "user", "content": content}]})


def aborts():
    with steered(SLOW):
        with messages().create(**ASKED, stream=True) as stream:
            next(iter(stream))


def retries():
    with steered(DOWN_ONCE):
        call()


report(
    "`anthropic` for Python",
    {
        "chat": answers,
        "streaming": streams,
        "tools": tools,
        "structured output": structures,
        "images in": sees,
        "errors": lambda: tells_errors(call),
        "abort": aborts,
        "retries": retries,
        "defaults under a budget": lambda: call(BUDGETED),
    },
)
