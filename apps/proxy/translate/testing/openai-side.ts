/** OpenAI's chat completions, by its own SDK. */
import OpenAI from 'openai';
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { openAiCodec } from '../openai/codec.ts';
import type { AnswerShape, SaidShape, Shape, StopShape, TurnShape, UsageShape } from './shapes.ts';
import { pieces, type Side, type Told, textOf, thoughtOf } from './side.ts';

const REASONS: Record<StopShape, string> = {
  ...{ end: 'stop', length: 'length', calls: 'tool_calls', stop_sequence: 'stop' },
  refusal: 'content_filter',
};
const STOPS: Record<string, StopShape> = {
  ...{ stop: 'end', length: 'length', tool_calls: 'calls', content_filter: 'refusal' },
};

export const openAiSide: Side = {
  codec: openAiCodec,
  lacks: ['texts'],
  request,
  streamRequest: (shape, model) => ({
    ...request(shape, model),
    ...{ stream: true, stream_options: { include_usage: true } },
  }),
  path: () => '/chat/completions',
  async ask(shape, fetch, isStream) {
    const client = new OpenAI({
      apiKey: 'tg_1',
      baseURL: 'http://gate.test/v1',
      maxRetries: 0,
      fetch,
    });
    const body = request(shape, 'm');
    if (!isStream) return told(await client.chat.completions.create(body));
    const options = { stream_options: { include_usage: true } };
    const stream = client.chat.completions.stream({ ...body, ...options, stream: true });
    let thought = '';
    stream.on('chunk', ({ choices }) => {
      const [choice] = choices;
      thought +=
        (choice?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
    });
    return { ...told(await stream.finalChatCompletion()), thought };
  },
  whole: (answer) => JSON.stringify(completion(answer)),
  stream,
  stop: (stop) => STOPS[REASONS[stop]] as StopShape,
  states: ({ input, cacheRead, cacheWrite, ...rest }: UsageShape) => ({
    ...rest,
    ...{ input: input + cacheWrite, cacheRead, cacheWrite: 0 },
  }),
};

function request(shape: Shape, model: string): ChatCompletionCreateParamsNonStreaming {
  const { tools, choice, isAlone, schema, temperature, topP, stop, effort, endUser } = shape;
  return {
    ...{ model, max_completion_tokens: 1_000, messages: shape.turns.flatMap(messagesOf) },
    ...(tools && {
      tools: tools.map(({ name, about, schema: parameters }) => ({
        type: 'function',
        function: {
          name,
          ...(about && { description: about }),
          parameters: (parameters ?? { type: 'object', properties: {} }) as Record<string, unknown>,
        },
      })),
    }),
    ...(choice && {
      tool_choice:
        typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.tool } },
    }),
    ...(isAlone && { parallel_tool_calls: false }),
    ...(schema && {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema, strict: true },
      },
    }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stop && { stop: [...stop] }),
    ...(effort && { reasoning_effort: effort }),
    ...(endUser && { safety_identifier: endUser }),
  };
}

function messagesOf({ by, says }: TurnShape): ChatCompletionMessageParam[] {
  if (by === 'system') return [{ role: 'system', content: textIn(says) }];
  if (by === 'assistant') {
    const texts = says.filter((said) => 'text' in said);
    const calls = says.flatMap((said) => ('call' in said ? [said] : []));
    return [
      {
        role: 'assistant',
        content: texts.length === 0 ? null : textIn(texts),
        ...(calls.length > 0 && {
          tool_calls: calls.map(({ call: id, name, input }) => ({
            ...{ id, type: 'function' as const },
            function: { name, arguments: JSON.stringify(input) },
          })),
        }),
      },
    ];
  }
  const results = says.flatMap((said) => ('result' in said ? [said] : []));
  const rest = says.filter((said) => !('result' in said));
  const messages: ChatCompletionMessageParam[] = results.map(({ result: id, text }) => ({
    ...{ role: 'tool', tool_call_id: id },
    content: text,
  }));
  if (rest.length > 0) messages.push({ role: 'user', content: contentOf(rest) });
  return messages;
}

function textIn(says: readonly SaidShape[]): string {
  return says.map((said) => ('text' in said ? said.text : '')).join('');
}

function contentOf(says: readonly SaidShape[]) {
  const [only] = says;
  if (says.length === 1 && only !== undefined && 'text' in only && !('result' in only)) {
    return only.text;
  }
  return says.map((said) => {
    if ('image' in said) {
      return {
        type: 'image_url' as const,
        image_url: { url: `data:image/png;base64,${said.image}` },
      };
    }
    if ('imageUrl' in said)
      return { type: 'image_url' as const, image_url: { url: said.imageUrl } };
    if ('pdf' in said) {
      const file_data = `data:application/pdf;base64,${said.pdf}`;
      return { type: 'file' as const, file: { filename: said.title ?? 'document.pdf', file_data } };
    }
    return { type: 'text' as const, text: 'text' in said ? said.text : '' };
  });
}

function told({ choices, usage }: ChatCompletion): Told {
  const [choice] = choices;
  const message = choice?.message as ChatCompletion.Choice['message'] & {
    reasoning_content?: string;
  };
  return {
    text: (message.content ?? '') + (message.refusal ?? ''),
    thought: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function'
        ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }]
        : [],
    ),
    stop: STOPS[choice?.finish_reason ?? ''] ?? null,
    usage:
      usage == null
        ? null
        : {
            inputTotal: usage.prompt_tokens,
            cacheRead: usage.prompt_tokens_details?.cached_tokens ?? 0,
            output: usage.completion_tokens,
          },
  };
}

const HEAD = { id: 'chatcmpl-1', created: 1, model: 'gpt-x' };

function usageOf({ input, cacheRead, cacheWrite, output, thinking }: UsageShape) {
  const prompt_tokens = input + cacheRead + cacheWrite;
  return {
    ...{ prompt_tokens, completion_tokens: output, total_tokens: prompt_tokens + output },
    prompt_tokens_details: { cached_tokens: cacheRead },
    completion_tokens_details: { reasoning_tokens: thinking },
  };
}

function callsOf({ says }: AnswerShape) {
  return says.flatMap((said) => ('call' in said ? [said] : []));
}

function completion(answer: AnswerShape): object {
  const calls = callsOf(answer).map(({ call: id, name, input }) => ({
    ...{ id, type: 'function', function: { name, arguments: JSON.stringify(input) } },
  }));
  const thought = thoughtOf(answer);
  const message = {
    ...{ role: 'assistant', content: textOf(answer) || null, refusal: null },
    ...(thought && { reasoning_content: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: REASONS[answer.stop] };
  return { ...HEAD, object: 'chat.completion', choices: [choice], usage: usageOf(answer.usage) };
}

function stream(answer: AnswerShape): string {
  const deltas: object[] = [{ role: 'assistant', content: '' }];
  for (const piece of pieces(thoughtOf(answer))) deltas.push({ reasoning_content: piece });
  for (const piece of pieces(textOf(answer))) deltas.push({ content: piece });
  for (const [index, { call: id, name, input }] of callsOf(answer).entries()) {
    const head = { index, id, type: 'function', function: { name, arguments: '' } };
    deltas.push({ tool_calls: [head] });
    for (const piece of pieces(JSON.stringify(input))) {
      deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  const head = { ...HEAD, object: 'chat.completion.chunk' };
  const chunks: object[] = deltas.map((delta) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
    usage: null,
  }));
  const last = { index: 0, delta: {}, logprobs: null, finish_reason: REASONS[answer.stop] };
  chunks.push({ ...head, choices: [last], usage: null });
  chunks.push({ ...head, choices: [], usage: usageOf(answer.usage) });
  return `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`;
}
