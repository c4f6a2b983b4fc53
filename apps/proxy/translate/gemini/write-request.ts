/** A conversation, as a request for generated content. */
import { GEMINI_MARK } from '../anthropic/thinking-proof.ts';
import type { Goal } from '../codec.ts';
import type {
  CallPart,
  Conversation,
  Fields,
  MediaPart,
  Part,
  ResultPart,
  Thinking,
  ThinkingPart,
  Tool,
  Turn,
} from '../conversation.ts';
import type { Losses } from '../losses.ts';
import { stated } from '../values.ts';
import { NO_PROOF } from './proof.ts';

const STOPS_MAX = 5;
/** Before there were levels; as Google's own translation from OpenAI's dialect has them. */
const OF_BUDGETS = /gemini-(?:1|2)[.-]/;
const BUDGETS = { none: 0, minimal: 1_024, low: 1_024, medium: 8_192 } as const;
const BUDGET_MAX = 24_576;

export function writeRequest(
  conversation: Conversation,
  goal: Goal,
  losses: Losses,
): Record<string, unknown> {
  const { turns, tools, endUser, parallelCalls } = conversation;
  const leading = turns.findIndex(({ role }) => role !== 'system');
  const system = leading === -1 ? turns : turns.slice(0, leading);
  const rest = leading === -1 ? [] : turns.slice(leading);
  const last = rest.at(-1);
  if (last?.role === 'assistant') losses.refuse(last.at, 'is an answer to be gone on with');
  if (endUser !== null) losses.leaveOut(goal.names.endUser);
  if (parallelCalls === false && tools.length > 0) losses.refuse(goal.names.parallelCalls);
  const names = namesOf(turns);
  const parts = system.flatMap((turn) => turn.parts.flatMap((part) => partOf(part, names, losses)));
  return stated({
    systemInstruction: parts.length > 0 ? { parts } : null,
    contents: joined(rest).map((turn) => contentOf(turn, names, losses)),
    tools: tools.length > 0 ? [{ functionDeclarations: declarations(tools, losses) }] : null,
    toolConfig: tools.length > 0 ? toolConfig(conversation) : null,
    generationConfig: settingsOf(conversation, goal, losses),
  });
}

function settingsOf(conversation: Conversation, goal: Goal, losses: Losses): Fields | null {
  const { settings, format, thinking } = conversation;
  const { outputTokensMax, temperature, topP, topK, seed, stop } = settings;
  if (stop.length > STOPS_MAX) losses.refuse(goal.names.stop, `has more than ${STOPS_MAX} texts`);
  const config = stated({
    ...{ maxOutputTokens: outputTokensMax, temperature, topP, topK, seed },
    frequencyPenalty: settings.frequencyPenalty,
    presencePenalty: settings.presencePenalty,
    stopSequences: stop.length > 0 ? stop : null,
    responseMimeType: format === null ? null : 'application/json',
    responseJsonSchema: format?.kind === 'schema' ? format.schema : null,
    thinkingConfig: thinking === null ? null : thinkingOf(thinking, goal.model),
  });
  return Object.keys(config).length > 0 ? config : null;
}

function thinkingOf({ effort, tokensMax, isOn, isShown }: Thinking, model: string): Fields {
  const includeThoughts = isShown && isOn !== false ? { includeThoughts: true } : {};
  if (tokensMax !== null) return { thinkingBudget: tokensMax, ...includeThoughts };
  if (isOn === false && effort === null) return { thinkingBudget: 0 };
  if (effort === null) return includeThoughts;
  if (OF_BUDGETS.test(model)) {
    const thinkingBudget = effort in BUDGETS ? BUDGETS[effort as keyof typeof BUDGETS] : BUDGET_MAX;
    return { thinkingBudget, ...includeThoughts };
  }
  return { thinkingLevel: levelOf(effort), ...includeThoughts };
}

/** Such a model cannot be kept from thinking. */
function levelOf(effort: NonNullable<Thinking['effort']>): string {
  if (effort === 'none') return 'MINIMAL';
  return effort === 'xhigh' || effort === 'max' ? 'HIGH' : effort.toUpperCase();
}

/** Names of functions, by the ids of their calls: a result needs its function's. */
function namesOf(turns: readonly Turn[]): ReadonlyMap<string, string> {
  const calls = turns.flatMap(({ parts }) => parts.filter((part) => part.kind === 'call'));
  return new Map(calls.map(({ id, name }) => [id, name]));
}

/** Results of calls that were made together are one turn there. */
function joined(turns: readonly Turn[]): Turn[] {
  const found: { role: Turn['role']; parts: Part[]; at: string }[] = [];
  for (const { role, parts, at } of turns) {
    const before = found.at(-1);
    const hasResults = before?.parts.some(({ kind }) => kind === 'result') === true;
    if (role === 'user' && before?.role === 'user' && hasResults) before.parts.push(...parts);
    else found.push({ role, parts: [...parts], at });
  }
  return found;
}

function contentOf(
  { role, parts, at }: Turn,
  names: ReadonlyMap<string, string>,
  losses: Losses,
): Fields {
  if (role === 'system') losses.refuse(at, 'comes after the conversation has begun');
  const written = signedCalls(parts).flatMap((part) => partOf(part, names, losses));
  return {
    role: role === 'assistant' ? 'model' : 'user',
    parts: written.length > 0 ? written : [{ text: '' }],
  };
}

/** Through clients that have no place for it at a call, its proof comes as that of a thought before it. */
function signedCalls(parts: readonly Part[]): Part[] {
  return parts.map((part, index) => {
    const before = parts[index - 1];
    if (part.kind !== 'call' || part.signature !== null || before?.kind !== 'thinking') return part;
    const isProof = before.text === '' && before.signature?.startsWith(GEMINI_MARK) === true;
    return isProof ? { ...part, signature: withoutMark(before.signature as string) } : part;
  });
}

function withoutMark(signature: string): string {
  return signature.slice(GEMINI_MARK.length);
}

function partOf(part: Part, names: ReadonlyMap<string, string>, losses: Losses): Fields[] {
  switch (part.kind) {
    case 'text':
      return [{ text: part.text }];
    case 'media':
      return [mediaOf(part, losses)];
    case 'call':
      return [callOf(part)];
    case 'result':
      return [resultOf(part, names, losses)];
    case 'thinking':
      return thoughtOf(part, losses);
    default:
      return part satisfies never;
  }
}

function callOf({ id, name, input, signature }: CallPart): Fields {
  return { functionCall: { id, name, args: input }, thoughtSignature: signature ?? NO_PROOF };
}

function resultOf(
  { id, parts, isError, at }: ResultPart,
  names: ReadonlyMap<string, string>,
  losses: Losses,
): Fields {
  const name = names.get(id);
  if (name === undefined) losses.refuse(at, 'answers a call that is not in the conversation');
  const media = parts.find((part) => part.kind === 'media');
  if (media !== undefined)
    losses.refuse(media.at, 'is no text, and results of tools are texts there');
  const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('\n');
  const response = isError ? { error: text } : { output: text };
  return { functionResponse: { id, name, response } };
}

/** What another provider has thought is not taken as one's own. */
function thoughtOf({ text, signature }: ThinkingPart, losses: Losses): Fields[] {
  if (signature?.startsWith(GEMINI_MARK) !== true) {
    losses.leaveOut('thinking');
    return [];
  }
  // Without a text it is the proof of the call behind it, which has it by itself.
  if (text === '') return [];
  return [{ text, thought: true, thoughtSignature: withoutMark(signature) }];
}

function mediaOf({ mediaType, source, at }: MediaPart, losses: Losses): Fields {
  if ('data' in source) {
    if (mediaType === null) losses.refuse(at, 'does not say what it is');
    return { inlineData: { mimeType: mediaType, data: source.data } };
  }
  if (mediaType === null) losses.refuse(at, 'is at an address, and does not say what it is');
  return { fileData: { mimeType: mediaType, fileUri: source.url } };
}

function declarations(tools: readonly Tool[], losses: Losses): Fields[] {
  return tools.map(({ name, description, schema, strict }) => {
    if (strict === true) losses.leaveOut('strict');
    return stated({ name, description, parametersJsonSchema: schema });
  });
}

function toolConfig({ toolChoice }: Conversation): Fields | null {
  if (toolChoice === null) return null;
  const named = toolChoice.kind === 'tool' ? { allowedFunctionNames: [toolChoice.name] } : {};
  const mode = { auto: 'AUTO', none: 'NONE', required: 'ANY', tool: 'ANY' }[toolChoice.kind];
  return { functionCallingConfig: { mode, ...named } };
}
