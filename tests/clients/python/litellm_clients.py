"""LiteLLM as a client, by each of the three dialects that it speaks to providers."""

import json
import os

# Its price list comes with it: nothing is fetched.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

from gate import BUDGETED, DOWN_ONCE, PIXEL, QUESTION, SECRET, SLOW, URL, WEATHER
from gate import report, steered, sure, tells_errors

litellm.telemetry = False
litellm.suppress_debug_info = True
MESSAGES = [{"role": "user", "content": QUESTION}]


def uses_of(model, base, embedder=None):
    target = {"model": model, "api_base": base}

    def ask(key=SECRET, messages=MESSAGES, **more):
        return litellm.completion(**target, api_key=key, messages=messages, **more)

    def answers():
        answer = ask()
        sure("a text with usage", answer.choices[0].message.content)
        sure("usage", answer.usage.completion_tokens > 0)

    def streams():
        chunks = [chunk.choices[0].delta.content or "" for chunk in ask(stream=True)]
        sure("a text in parts", "".join(chunks))

    def tools():
        function = {"name": "get_weather", "description": "The weather", "parameters": WEATHER}
        offered = [{"type": "function", "function": function}]
        user = {"role": "user", "content": "get weather"}
        first = ask(messages=[user], tools=offered).choices[0].message
        use = first.tool_calls[0]
        result = {"role": "tool", "tool_call_id": use.id, "content": "21 degrees"}
        result["name"] = use.function.name
        answer = ask(messages=[user, first, result], tools=offered)
        sure("an answer after its tool", "21 degrees" in answer.choices[0].message.content)

    def structures():
        schema = {"name": "weather", "schema": WEATHER, "strict": True}
        answer = ask(response_format={"type": "json_schema", "json_schema": schema})
        sure("an object", "city" in json.loads(answer.choices[0].message.content))

    def sees():
        image = {"url": f"data:image/png;base64,{PIXEL}"}
        ask(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": image}]}])

    def embeds():
        asked = {"model": embedder, "api_base": base, "api_key": SECRET, "input": ["one", "two"]}
        sure("two vectors", len(litellm.embedding(**asked).data) == 2)

    def aborts():
        with steered(SLOW):
            stream = ask(stream=True)
            next(iter(stream))
            del stream

    def retries():
        with steered(DOWN_ONCE):
            ask(num_retries=2)

    uses = {
        "chat": answers,
        "streaming": streams,
        "tools": tools,
        "structured output": structures,
        "images in": sees,
        "errors": lambda: tells_errors(ask),
        "abort": aborts,
        "retries": retries,
        "defaults under a budget": lambda: ask(BUDGETED),
    }
    return uses if embedder is None else {**uses, "embeddings": embeds}


report(
    "`litellm` (`openai/`)",
    uses_of("openai/gpt-4o-mini", f"{URL}/v1", "openai/sim-embed"),
)
report("`litellm` (`anthropic/`)", uses_of("anthropic/claude-opus-4-5", URL))
report("`litellm` (`gemini/`)", uses_of("gemini/gemini-2.5-flash", f"{URL}/v1beta"))
