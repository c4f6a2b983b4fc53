"""OpenAI's own SDK for Python, by each of its two interfaces."""

import json

import openai
from pydantic import BaseModel

from gate import BUDGETED, DOWN_ONCE, PIXEL, QUESTION, SECRET, SLOW, URL, WEATHER
from gate import report, steered, sure, tells_errors

MODEL = "gpt-4o-mini"
MESSAGES = [{"role": "user", "content": QUESTION}]
IMAGE = f"data:image/png;base64,{PIXEL}"


class Trip(BaseModel):
    city: str
    days: int


def sdk(key=SECRET):
    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key)


def chat(key=SECRET):
    return sdk(key).chat.completions.create(model=MODEL, messages=MESSAGES)


def chat_answers():
    answer = chat()
    sure("a text with usage", answer.choices[0].message.content and answer.usage)


def chat_streams():
    with sdk().chat.completions.stream(model=MODEL, messages=MESSAGES) as stream:
        for _ in stream:
            pass
        sure("a text in parts", stream.get_final_completion().choices[0].message.content)


def chat_tools():
    function = {"name": "get_weather", "description": "The weather", "parameters": WEATHER}
    tools = [{"type": "function", "function": function}]
    user = {"role": "user", "content": "get weather"}
    client = sdk().chat.completions
    first = client.create(model=MODEL, messages=[user], tools=tools).choices[0].message
    call = first.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}
    answer = client.create(model=MODEL, messages=[user, first, result], tools=tools)
    sure("an answer after its tool", "21 degrees" in answer.choices[0].message.content)


def chat_structures():
    asked = {"model": MODEL, "messages": MESSAGES, "response_format": Trip}
    answer = sdk().chat.completions.parse(**asked)
    sure("an object of its schema", isinstance(answer.choices[0].message.parsed, Trip))


def chat_sees():
    content = [{"type": "image_url", "image_url": {"url": IMAGE}}]
    sdk().chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])


def embeds():
    data = sdk().embeddings.create(model="sim-embed", input=["one", "two"]).data
    sure("two vectors", len(data) == 2 and isinstance(data[0].embedding[0], float))


def chat_aborts():
    with steered(SLOW):
        with sdk().chat.completions.create(model=MODEL, messages=MESSAGES, stream=True) as stream:
            next(iter(stream))


def chat_retries():
    with steered(DOWN_ONCE):
        chat()


def response(key=SECRET):
    return sdk(key).responses.create(model=MODEL, input=QUESTION)


def response_answers():
    answer = response()
    sure("a text with usage", answer.output_text and answer.usage)


def response_streams():
    with sdk().responses.stream(model=MODEL, input=QUESTION) as stream:
        for _ in stream:
            pass
        sure("a text in parts", stream.get_final_response().output_text)


def response_tools():
    tools = [{"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}]
    items = [{"role": "user", "content": "get weather"}]
    first = sdk().responses.create(model=MODEL, input=items, tools=tools)
    call = next(item for item in first.output if item.type == "function_call")
    sure("arguments of its schema", "city" in json.loads(call.arguments))
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}
    items = [*items, call, result]
    answer = sdk().responses.create(model=MODEL, input=items, tools=tools)
    sure("an answer after its tool", "21 degrees" in answer.output_text)


def response_structures():
    answer = sdk().responses.parse(model=MODEL, input=QUESTION, text_format=Trip)
    sure("an object of its schema", isinstance(answer.output_parsed, Trip))


def response_sees():
    content = [{"type": "input_image", "image_url": IMAGE, "detail": "auto"}]
    sdk().responses.create(model=MODEL, input=[{"role": "user", "content": content}])


def response_aborts():
    with steered(SLOW):
        with sdk().responses.create(model=MODEL, input=QUESTION, stream=True) as stream:
            next(iter(stream))


def response_retries():
    with steered(DOWN_ONCE):
        response()


report(
    "`openai` for Python (chat completions)",
    {
        "chat": chat_answers,
        "streaming": chat_streams,
        "tools": chat_tools,
        "structured output": chat_structures,
        "images in": chat_sees,
        "embeddings": embeds,
        "errors": lambda: tells_errors(chat),
        "abort": chat_aborts,
        "retries": chat_retries,
        "defaults under a budget": lambda: chat(BUDGETED),
    },
)
report(
    "`openai` for Python (Responses)",
    {
        "chat": response_answers,
        "streaming": response_streams,
        "tools": response_tools,
        "structured output": response_structures,
        "images in": response_sees,
        "errors": lambda: tells_errors(response),
        "abort": response_aborts,
        "retries": response_retries,
        "defaults under a budget": lambda: response(BUDGETED),
    },
)
