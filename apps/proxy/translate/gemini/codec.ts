/** Google's Gemini API. */
import type { Codec } from '../codec.ts';
import { openReader, readError, readWhole } from './read-answer.ts';
import { readRequest } from './read-request.ts';
import { openWriter, writeError, writeWhole } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

export const geminiCodec: Codec = {
  dialect: 'gemini',
  endpoint: (stream) => (stream ? 'streamGenerateContent' : 'generateContent'),
  target: (model, stream) => ({ model, asEvents: stream }),
  settingNames: {
    topK: 'generationConfig.topK',
    seed: 'generationConfig.seed',
    frequencyPenalty: 'generationConfig.frequencyPenalty',
    presencePenalty: 'generationConfig.presencePenalty',
    temperature: 'generationConfig.temperature',
    stop: 'generationConfig.stopSequences',
    format: 'generationConfig.responseMimeType',
    parallelCalls: 'toolConfig',
    toolChoice: 'toolConfig.functionCallingConfig',
    thinking: 'generationConfig.thinkingConfig',
    endUser: 'labels',
  },
  readRequest,
  writeRequest,
  readWhole,
  openReader,
  writeWhole,
  openWriter,
  readError,
  writeError,
};
