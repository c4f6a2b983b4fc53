/** Usage, model and id of a JSON answer. What cannot be read is null, never a guess (I8). */

export type JsonUsage = { usage: unknown; model: string | null; id: string | null };

/** Without the byte order mark that some servers begin with (RFC 8259 §8.1 lets a reader ignore it). */
export function jsonText(body: Buffer): string {
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

export function usageFromJson(body: Buffer): JsonUsage {
  try {
    const json = JSON.parse(jsonText(body)) as Record<string, unknown> | null;
    const { usage = null, model, id } = json ?? {};
    return {
      usage,
      model: typeof model === 'string' ? model : null,
      id: typeof id === 'string' ? id : null,
    };
  } catch {
    return { usage: null, model: null, id: null };
  }
}

/**
 * The `usage` of an answer of which only the end was kept. A member that stands at the top level is
 * known by this: an opening brace put before it gives a whole object.
 */
export function usageFromTail(tail: Buffer): unknown {
  const text = tail.toString('utf8');
  for (let at = text.lastIndexOf('"usage"'); at >= 0; at = text.lastIndexOf('"usage"', at - 1)) {
    try {
      const { usage } = JSON.parse(`{${text.slice(at)}`) as { usage?: unknown };
      return usage ?? null;
    } catch {
      // Inside another object, or not a member at all: look further back.
      if (at === 0) return null;
    }
  }
  return null;
}
