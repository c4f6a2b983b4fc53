/** Google's Gemini API, by its own SDK. */
import {
  type Content,
  FinishReason,
  FunctionCallingConfigMode,
  type GenerateContentParameters,
  type GenerateContentResponse,
  GoogleGenAI,
  type Part,
  ThinkingLevel,
} from '@google/genai';
import { geminiCodec } from '../gemini/codec.ts';
import { NO_PROOF } from '../gemini/proof.ts';
import type { AnswerShape, SaidShape, Shape, StopShape, TurnShape, UsageShape } from './shapes.ts';
import { pieces, type Side, type Told } from './side.ts';

const REASONS: Record<StopShape, FinishReason> = {
  ...{ end: FinishReason.STOP, calls: FinishReason.STOP, stop_sequence: FinishReason.STOP },
  ...{ length: FinishReason.MAX_TOKENS, refusal: FinishReason.SAFETY },
};

export const geminiSide: Side = {
  codec: geminiCodec,
  lacks: ['isAlone', 'endUser', 'title'],
  request: (shape) => wireOf(shape),
  streamRequest: (shape) => wireOf(shape),
  path: (model, isStream) =>
    isStream
      ? `/models/${model}:streamGenerateContent?alt=sse`
      : `/models/${model}:generateContent`,
  async ask(shape, fetch, isStream) {
    const client = new GoogleGenAI({
      apiKey: 'tg_1',
      httpOptions: { baseUrl: 'http://gate.test', retryOptions: { attempts: 1 } },
    });
    const before = globalThis.fetch;
    globalThis.fetch = fetch;
    try {
      const parameters = parametersOf(shape);
      if (!isStream) return told([await client.models.generateContent(parameters)]);
      const parts: GenerateContentResponse[] = [];
      for await (const part of await client.models.generateContentStream(parameters)) {
        parts.push(part);
      }
      return told(parts);
    } finally {
      globalThis.fetch = before;
    }
  },
  whole: (answer) => JSON.stringify(content(answer, false)),
  stream,
  // Of a call it says that it has just stopped.
  stop: (stop) => (stop === 'stop_sequence' ? 'end' : stop),
  states: ({ input, cacheRead, cacheWrite, ...rest }: UsageShape) => ({
    ...rest,
    ...{ input: input + cacheWrite, cacheRead, cacheWrite: 0 },
  }),
};

function parametersOf(shape: Shape): GenerateContentParameters {
  const { systemInstruction, contents, tools, toolConfig, generationConfig } = wireOf(shape);
  return {
    model: 'm',
    contents,
    config: {
      ...generationConfig,
      ...(systemInstruction && { systemInstruction }),
      ...(tools && { tools }),
      ...(toolConfig && { toolConfig }),
    },
  } as GenerateContentParameters;
}

function wireOf(shape: Shape) {
  const { tools, choice, schema, temperature, topP, stop, effort } = shape;
  const [first] = shape.turns;
  const system = first?.by === 'system' ? first : undefined;
  const turns = system === undefined ? shape.turns : shape.turns.slice(1);
  const levels = { low: ThinkingLevel.LOW, medium: ThinkingLevel.MEDIUM, high: ThinkingLevel.HIGH };
  return {
    ...(system && { systemInstruction: { parts: system.says.map(partOf) } }),
    contents: turns.map(contentOf),
    ...(tools && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, about, schema: input }) => ({
            name,
            ...(about && { description: about }),
            parametersJsonSchema: input ?? { type: 'object', properties: {} },
          })),
        },
      ],
    }),
    ...(choice && { toolConfig: { functionCallingConfig: choiceOf(choice) } }),
    generationConfig: {
      maxOutputTokens: 1_000,
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { topP }),
      ...(stop && { stopSequences: [...stop] }),
      ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
      ...(effort && { thinkingConfig: { thinkingLevel: levels[effort], includeThoughts: true } }),
    },
  };
}

function choiceOf(choice: NonNullable<Shape['choice']>) {
  const { AUTO, ANY, NONE } = FunctionCallingConfigMode;
  if (typeof choice !== 'string') return { mode: ANY, allowedFunctionNames: [choice.tool] };
  return { mode: { auto: AUTO, none: NONE, required: ANY }[choice] };
}

function contentOf({ by, says }: TurnShape): Content {
  return { role: by === 'assistant' ? 'model' : 'user', parts: says.map(partOf) };
}

function partOf(said: SaidShape): Part {
  if ('image' in said) return { inlineData: { mimeType: 'image/png', data: said.image } };
  if ('imageUrl' in said) return { fileData: { mimeType: 'image/png', fileUri: said.imageUrl } };
  if ('pdf' in said) return { inlineData: { mimeType: 'application/pdf', data: said.pdf } };
  if ('call' in said) {
    const functionCall = { id: said.call, name: said.name, args: said.input };
    return { functionCall, thoughtSignature: NO_PROOF };
  }
  if ('result' in said) {
    const { result: id, name, text: output } = said;
    return { functionResponse: { id, name, response: { output } } };
  }
  return { text: said.text };
}

function told(parts: readonly GenerateContentResponse[]): Told {
  const said = parts.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const calls = said.flatMap(({ functionCall }) =>
    functionCall === undefined
      ? []
      : [{ id: functionCall.id ?? '', name: functionCall.name ?? '', input: functionCall.args }],
  );
  const reason = parts.findLast(({ candidates }) => candidates?.[0]?.finishReason)?.candidates?.[0]
    ?.finishReason;
  const usage = parts.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata;
  const stops: Partial<Record<FinishReason, StopShape>> = {
    [FinishReason.STOP]: calls.length > 0 ? 'calls' : 'end',
    [FinishReason.MAX_TOKENS]: 'length',
    [FinishReason.SAFETY]: 'refusal',
  };
  return {
    text: said.map(({ text, thought }) => (thought ? '' : (text ?? ''))).join(''),
    thought: said.map(({ text, thought }) => (thought ? (text ?? '') : '')).join(''),
    calls,
    stop: reason === undefined ? null : (stops[reason] ?? null),
    usage:
      usage === undefined
        ? null
        : {
            inputTotal: usage.promptTokenCount ?? 0,
            cacheRead: usage.cachedContentTokenCount ?? 0,
            output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
          },
  };
}

function usageOf({ input, cacheRead, cacheWrite, output, thinking }: UsageShape) {
  const promptTokenCount = input + cacheRead + cacheWrite;
  return {
    ...{ promptTokenCount, candidatesTokenCount: output - thinking },
    ...{ totalTokenCount: promptTokenCount + output },
    ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
    ...(thinking > 0 && { thoughtsTokenCount: thinking }),
  };
}

const HEAD = { modelVersion: 'gemini-x', responseId: 'resp-1' };

function partsOf({ says }: AnswerShape, isCut: boolean): object[] {
  return says.flatMap((said): object[] => {
    if ('call' in said) {
      return [{ functionCall: { id: said.call, name: said.name, args: said.input } }];
    }
    const [text, thought] = 'thought' in said ? [said.thought, { thought: true }] : [said.text, {}];
    return (isCut ? pieces(text) : [text]).map((piece) => ({ text: piece, ...thought }));
  });
}

function content(answer: AnswerShape, isCut: boolean) {
  const parts = partsOf(answer, isCut);
  const candidate = {
    content: { role: 'model', parts },
    finishReason: REASONS[answer.stop],
    index: 0,
  };
  return { candidates: [candidate], usageMetadata: usageOf(answer.usage), ...HEAD };
}

function stream(answer: AnswerShape): string {
  const parts = partsOf(answer, true);
  const all: object[] = parts.slice(0, -1).map((part) => ({
    candidates: [{ content: { role: 'model', parts: [part] }, index: 0 }],
    ...HEAD,
  }));
  const last = { role: 'model', parts: parts.slice(-1) };
  const candidate = { content: last, finishReason: REASONS[answer.stop], index: 0 };
  all.push({ candidates: [candidate], usageMetadata: usageOf(answer.usage), ...HEAD });
  return all.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join('');
}
