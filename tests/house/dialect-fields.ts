/**
 * Only a dialect names a field of a provider's body (docs/design.md, Who may import whom).
 * Everything else works on facts: so a new dialect is a new folder, and no change to the path of a
 * call.
 *
 * A name counts as a property, as a string of its own, and within JSON that is written as text. Names
 * that our own events have as well, such as `reasoning_tokens` and `total_tokens`, cannot be told apart
 * and are not listed.
 */
import { type Program, Visitor } from 'oxc-parser';
import { type Finding, finding, isProduction, type SourceModule } from './source-tree.ts';

const FIELDS = [
  // OpenAI's requests
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'encoding_format',
  'include_usage',
  'response_format',
  'service_tier',
  'stream_options',
  'web_search_options',
  // OpenAI's answers
  'choices',
  'completion_tokens',
  'completion_tokens_details',
  'finish_reason',
  'function_call',
  'logprobs',
  'prompt_tokens',
  'prompt_tokens_details',
  'system_fingerprint',
  'tool_calls',
  // Anthropic's and Gemini's, for when they come
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'stop_reason',
  'generationConfig',
  'usageMetadata',
];
const IN_JSON = new RegExp(`"(${FIELDS.join('|')})"`);
const NAMES: ReadonlySet<string> = new Set(FIELDS);

/** Where the bodies of calls pass, or could be looked into. */
const WATCHED = /^(apps|domain|adapters\/(provider|tokenizer))\//;
/** Rooms in there that may name them, each with its reason. */
const ROOMS = [
  'apps/proxy/dialects/',
  // From one dialect to another.
  'apps/proxy/translate/',
  // The readers of a provider's usage: the dialect's pure part.
  'domain/usage/',
  // Clients of the gateway.
  'apps/standalone/scenario/',
  'apps/standalone/main.ts',
  'apps/cli/commands/routes/',
  'apps/cli/commands/providers/',
];

export function checkDialectFields(modules: readonly SourceModule[]): Finding[] {
  return modules
    .filter(({ path }) => WATCHED.test(path) && isProduction(path))
    .filter(({ path }) => !ROOMS.some((room) => path.startsWith(room)))
    .flatMap((module) =>
      fieldsIn(module.program).map(({ name, start }) =>
        finding(module, start, 'dialect', `${name}: only a dialect names a provider's field`),
      ),
    );
}

type Place = { name: string; start: number };

function fieldsIn(program: Program): Place[] {
  const places: Place[] = [];
  const named = (node: { readonly type: string; readonly start: number }): void => {
    const { type, name, start } = node as typeof node & { readonly name?: string };
    if (type === 'Identifier' && NAMES.has(name ?? '')) places.push({ name: name ?? '', start });
  };
  const keyed = (node: { key: { type: string; start: number }; computed: boolean }): void => {
    if (!node.computed) named(node.key);
  };
  const text = (value: string, start: number): void => {
    const name = NAMES.has(value) ? value : IN_JSON.exec(value)?.[1];
    if (name !== undefined) places.push({ name, start });
  };
  new Visitor({
    Property: keyed,
    PropertyDefinition: keyed,
    MethodDefinition: keyed,
    TSPropertySignature: keyed,
    MemberExpression(node) {
      if (!node.computed) named(node.property);
    },
    Literal(node) {
      if (typeof node.value === 'string') text(node.value, node.start);
    },
    TemplateElement(node) {
      text(node.value.cooked ?? '', node.start);
    },
  }).visit(program);
  return places;
}
