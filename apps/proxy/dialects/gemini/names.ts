/**
 * JSON of protocol buffers: a member may be written as `maxOutputTokens` or as `max_output_tokens`. What is
 * metered is read under one name; a request that has both, or a third spelling that another parser might
 * take, says two things.
 */

type Fields = Record<string, unknown>;

/** Whose members decide what is billed, or what is asked. */
const NAMES = [
  ...['model', 'contents', 'content', 'role', 'parts', 'systemInstruction', 'tools', 'toolConfig'],
  ...['generationConfig', 'maxOutputTokens', 'candidateCount', 'responseModalities'],
  ...['speechConfig', 'imageConfig', 'thinkingConfig', 'mediaResolution', 'safetySettings'],
  ...['cachedContent', 'serviceTier', 'labels', 'store', 'requests', 'generateContentRequest'],
  ...['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'videoMetadata', 'mimeType'],
  ...['data', 'fileUri', 'functionCall', 'functionResponse', 'executableCode'],
  ...['codeExecutionResult', 'functionDeclarations', 'googleSearch', 'googleSearchRetrieval'],
  ...['codeExecution', 'urlContext', 'googleMaps', 'fileSearch', 'computerUse', 'retrieval'],
  ...['enterpriseWebSearch', 'mcpServers', 'temperature', 'topP', 'topK', 'stopSequences', 'seed'],
  ...['presencePenalty', 'frequencyPenalty', 'responseMimeType', 'responseSchema', 'logprobs'],
  ...['responseJsonSchema', 'responseLogprobs', 'audioTimestamp', 'enableEnhancedCivicAnswers'],
  ...['taskType', 'title', 'outputDimensionality', 'autoTruncate'],
];
const BY_FOLDED: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [folded(name), name]));

/** What is in them has names of the client's own. */
const OPAQUE: ReadonlySet<string> = new Set([
  ...['functionDeclarations', 'args', 'response', 'parameters', 'responseSchema', 'labels'],
  ...['responseJsonSchema', 'codeExecutionResult', 'executableCode', 'functionCall'],
]);

/** Upper case first: the long s (U+017F) is an s there. */
function folded(name: string): string {
  return name.replaceAll('_', '').toUpperCase().toLowerCase();
}

/** The documents' name of a member; the name itself if it is none of those; null: it is a third spelling. */
export function documentName(name: string): string | null {
  const known = BY_FOLDED.get(folded(name));
  if (known === undefined || known === name) return name;
  const snake = known.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return name === snake ? known : null;
}

export type Renamed = { ok: true; value: unknown } | { ok: false; name: string };

/** @param value JSON, of a depth that was checked */
export function renamed(value: unknown): Renamed {
  try {
    return { ok: true, value: withNames(value) };
  } catch (error) {
    if (error instanceof SaidTwice) return { ok: false, name: error.message };
    throw error;
  }
}

class SaidTwice extends Error {}

function withNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNames);
  if (typeof value !== 'object' || value === null) return value;
  const found: Fields = {};
  for (const [name, member] of Object.entries(value)) {
    const known = documentName(name);
    if (known === null || Object.hasOwn(found, known)) throw new SaidTwice(name);
    found[known] = OPAQUE.has(known) ? member : withNames(member);
  }
  return found;
}
