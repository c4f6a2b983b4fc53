/** Calls of Gemini's dialect: at once, as events, as an array, and what is embedded. */
import { batchEmbedContents, embedContent } from '@tollgate/proxy/dialects/gemini/embed-request.ts';
import {
  generateContent,
  streamGenerateContent,
} from '@tollgate/proxy/dialects/gemini/generate-request.ts';
import { type AnswerSeed, events, type Seed, whole } from './seed.ts';

const ASKED = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [
    {
      role: 'user',
      parts: [
        { text: 'How much is the fish?' },
        { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
      ],
    },
    { role: 'model', parts: [{ functionCall: { name: 'price', args: { city: 'Graz' } } }] },
    {
      role: 'user',
      parts: [{ functionResponse: { name: 'price', response: { result: '12.50' } } }],
    },
  ],
  tools: [
    {
      functionDeclarations: [
        { name: 'price', parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } } } },
      ],
    },
  ],
  toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
  safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
  generationConfig: {
    ...{ maxOutputTokens: 300, temperature: 0.5, candidateCount: 1, stopSequences: ['END'] },
    thinkingConfig: { includeThoughts: true, thinkingBudget: 100 },
    ...{ responseMimeType: 'application/json', responseSchema: { type: 'OBJECT' } },
  },
};

const usage = (candidates: number) => ({
  ...{ promptTokenCount: 130, cachedContentTokenCount: 30, candidatesTokenCount: candidates },
  ...{ thoughtsTokenCount: 4, totalTokenCount: 134 + candidates },
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 130 }],
});
const TOLD = [100, 30, 0, 20, 4];

const answer = (parts: readonly object[], candidates: number, more: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, ...more, index: 0 }],
  usageMetadata: usage(candidates),
  ...{ modelVersion: 'seed-model', responseId: 'r-1' },
});
const STOP = { finishReason: 'STOP' };
const CHUNKS = [
  answer([{ text: 'Hm.', thought: true, thoughtSignature: 'Eq' }], 0),
  answer([{ text: 'The fish' }], 8),
  answer([{ functionCall: { name: 'price', args: { city: 'Graz' } } }], 20, STOP),
];

const asArray: AnswerSeed = {
  contentType: 'application/json; charset=UTF-8',
  parts: CHUNKS.map((json, index) => ({
    ...{ open: index === 0 ? '[' : ',\r\n', json, close: index === 2 ? '\r\n]' : '' },
    isTotal: index === 2,
  })),
  told: TOLD,
};

const url = (action: string) => `/v1beta/models/seed-model:${action}`;
const CONTENT = { parts: [{ text: 'one' }] };
const MODEL = 'models/seed-model';

export const geminiSeeds: readonly Seed[] = [
  {
    ...{ name: 'streamGenerateContent as events', endpoint: streamGenerateContent, body: ASKED },
    url: url('streamGenerateContent?alt=sse'),
    answer: events(CHUNKS, 2, TOLD),
  },
  {
    ...{ name: 'streamGenerateContent as an array', endpoint: streamGenerateContent, body: ASKED },
    url: url('streamGenerateContent'),
    answer: asArray,
  },
  {
    ...{ name: 'generateContent', endpoint: generateContent, url: url('generateContent') },
    ...{ body: ASKED, answer: whole(answer([{ text: 'The fish' }], 20, STOP), TOLD) },
  },
  {
    ...{ name: 'embedContent', endpoint: embedContent, url: url('embedContent') },
    body: { model: MODEL, content: CONTENT, taskType: 'RETRIEVAL_QUERY', outputDimensionality: 8 },
    answer: whole({ embedding: { values: [0.25, -0.5] } }, []),
  },
  {
    ...{ name: 'batchEmbedContents', endpoint: batchEmbedContents, url: url('batchEmbedContents') },
    body: {
      requests: [
        { model: MODEL, content: CONTENT },
        { model: MODEL, content: CONTENT },
      ],
    },
    answer: whole({ embeddings: [{ values: [0.25] }, { values: [1] }] }, []),
  },
];
