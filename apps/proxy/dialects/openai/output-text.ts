/** What a model wrote, as far as an answer shows it: what an estimate of the output is made of. */

type Written = { content?: unknown; refusal?: unknown; tool_calls?: unknown };

/** @param part a choice's `message`, or its `delta` in a stream; anything else has no text */
export function outputTextOf(part: unknown): string {
  if (typeof part !== 'object' || part === null) return '';
  const { content, refusal, tool_calls } = part as Written;
  const text = textOf(content) + textOf(refusal);
  return Array.isArray(tool_calls) ? text + tool_calls.map(toolCallText).join('') : text;
}

/** In a stream the name comes with the first piece of the arguments. */
function toolCallText(call: unknown): string {
  const { function: called, custom } = (call ?? {}) as Record<string, unknown>;
  const { name, arguments: args } = (called ?? {}) as Record<string, unknown>;
  const { name: customName, input } = (custom ?? {}) as Record<string, unknown>;
  return textOf(name) + textOf(args) + textOf(customName) + textOf(input);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
