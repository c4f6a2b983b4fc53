/** Anthropic's Messages API, by its own SDK. */
import Anthropic from '@anthropic-ai/sdk';
import type {
  ContentBlockParam,
  Message,
  MessageCreateParamsNonStreaming,
  MessageParam,
} from '@anthropic-ai/sdk/resources/messages';
import { anthropicCodec } from '../anthropic/codec.ts';
import type { AnswerShape, SaidShape, Shape, StopShape, TurnShape, UsageShape } from './shapes.ts';
import { pieces, type Side, type Told } from './side.ts';

const REASONS: Record<StopShape, string> = {
  ...{ end: 'end_turn', length: 'max_tokens', calls: 'tool_use', stop_sequence: 'stop_sequence' },
  refusal: 'refusal',
};

export const anthropicSide: Side = {
  codec: anthropicCodec,
  lacks: [],
  request,
  streamRequest: (shape, model) => ({ ...request(shape, model), stream: true }),
  path: () => '/messages',
  async ask(shape, fetch, isStream) {
    const client = new Anthropic({
      apiKey: 'tg_1',
      baseURL: 'http://gate.test',
      maxRetries: 0,
      fetch,
    });
    const body = request(shape, 'm');
    if (!isStream) return told(await client.messages.create(body));
    return told(await client.messages.stream(body).finalMessage());
  },
  whole: (answer) => JSON.stringify(message(answer)),
  stream,
  stop: (stop) => stop,
  states: (usage) => usage,
};

function request(shape: Shape, model: string): MessageCreateParamsNonStreaming {
  const { tools, choice, isAlone, schema, temperature, topP, stop, effort, endUser } = shape;
  const [first] = shape.turns;
  const system = first?.by === 'system' ? first : undefined;
  const turns = system === undefined ? shape.turns : shape.turns.slice(1);
  const alone = isAlone && { disable_parallel_tool_use: true };
  const config = {
    ...(effort && { effort }),
    ...(schema && { format: { type: 'json_schema' as const, schema } }),
  };
  return {
    ...{ model, max_tokens: 1_000, messages: turns.map(messageOf) },
    ...(system && { system: (system.says[0] as { text: string }).text }),
    ...(tools && {
      tools: tools.map(({ name, about, schema: input }) => ({
        name,
        ...(about && { description: about }),
        input_schema: (input ?? { type: 'object', properties: {} }) as { type: 'object' },
      })),
    }),
    ...(choice && { tool_choice: { ...choiceOf(choice), ...alone } }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stop && { stop_sequences: [...stop] }),
    ...(effort && { thinking: { type: 'adaptive' as const, display: 'summarized' as const } }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
    ...(endUser && { metadata: { user_id: endUser } }),
  };
}

function choiceOf(choice: NonNullable<Shape['choice']>) {
  if (typeof choice !== 'string') return { type: 'tool' as const, name: choice.tool };
  return { type: choice === 'required' ? ('any' as const) : choice };
}

function messageOf({ by, says }: TurnShape): MessageParam {
  const role = by as 'user' | 'assistant';
  const [only] = says;
  if (says.length === 1 && only !== undefined && 'text' in only && !('result' in only)) {
    return { role, content: only.text };
  }
  return { role, content: says.map(blockOf) };
}

function blockOf(said: SaidShape): ContentBlockParam {
  if ('image' in said) {
    return { type: 'image', source: { type: 'base64', media_type: 'image/png', data: said.image } };
  }
  if ('imageUrl' in said) return { type: 'image', source: { type: 'url', url: said.imageUrl } };
  if ('pdf' in said) {
    const source = {
      type: 'base64' as const,
      media_type: 'application/pdf' as const,
      data: said.pdf,
    };
    return { type: 'document', source, ...(said.title && { title: said.title }) };
  }
  if ('call' in said) {
    return { type: 'tool_use', id: said.call, name: said.name, input: said.input };
  }
  if ('result' in said) {
    return { type: 'tool_result', tool_use_id: said.result, content: said.text };
  }
  return { type: 'text', text: said.text };
}

function told({ content, stop_reason, usage }: Message): Told {
  const stops = Object.entries(REASONS).find(([, reason]) => reason === stop_reason);
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    thought: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    stop: (stops?.[0] ?? null) as StopShape | null,
    usage: {
      inputTotal:
        usage.input_tokens +
        (usage.cache_read_input_tokens ?? 0) +
        (usage.cache_creation_input_tokens ?? 0),
      cacheRead: usage.cache_read_input_tokens ?? 0,
      output: usage.output_tokens,
    },
  };
}

const HEAD = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x' };

function usageOf({ input, cacheRead, cacheWrite, output, thinking }: UsageShape) {
  return {
    ...{ input_tokens: input, output_tokens: output, cache_read_input_tokens: cacheRead },
    ...{ cache_creation_input_tokens: cacheWrite },
    output_tokens_details: { thinking_tokens: thinking },
  };
}

function stopOf({ stop }: AnswerShape) {
  return { stop_reason: REASONS[stop], stop_sequence: stop === 'stop_sequence' ? 'END' : null };
}

function message(answer: AnswerShape): object {
  const content = answer.says.map((said) => {
    if ('call' in said)
      return { type: 'tool_use', id: said.call, name: said.name, input: said.input };
    if ('thought' in said) return { type: 'thinking', thinking: said.thought, signature: 'c2ln' };
    return { type: 'text', text: said.text };
  });
  return { ...HEAD, content, ...stopOf(answer), usage: usageOf(answer.usage) };
}

function stream(answer: AnswerShape): string {
  const none = { content: [], stop_reason: null, stop_sequence: null };
  const usage = { ...usageOf(answer.usage), output_tokens: 1 };
  const events: object[] = [{ type: 'message_start', message: { ...HEAD, ...none, usage } }];
  for (const [index, said] of answer.says.entries()) {
    const [block, deltas] = blockEvents(said);
    events.push({ type: 'content_block_start', index, content_block: block });
    if (index === 0) events.push({ type: 'ping' });
    events.push(...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })));
    events.push({ type: 'content_block_stop', index });
  }
  events.push({ type: 'message_delta', delta: stopOf(answer), usage: usageOf(answer.usage) });
  events.push({ type: 'message_stop' });
  return events
    .map(
      (event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    .join('');
}

function blockEvents(said: AnswerShape['says'][number]): [object, object[]] {
  if ('call' in said) {
    const json = Object.keys(said.input).length === 0 ? '' : JSON.stringify(said.input);
    const deltas = ['', ...pieces(json)].map((partial_json) => ({
      ...{ type: 'input_json_delta', partial_json },
    }));
    return [{ type: 'tool_use', id: said.call, name: said.name, input: {} }, deltas];
  }
  if ('thought' in said) {
    const deltas = pieces(said.thought).map((thinking) => ({ type: 'thinking_delta', thinking }));
    const block = { type: 'thinking', thinking: '', signature: '' };
    return [block, [...deltas, { type: 'signature_delta', signature: 'c2ln' }]];
  }
  return [
    { type: 'text', text: '' },
    pieces(said.text).map((text) => ({ type: 'text_delta', text })),
  ];
}
