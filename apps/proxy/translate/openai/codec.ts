/** OpenAI's chat completions. */
import type { Codec } from '../codec.ts';
import { openReader, readError, readWhole } from './read-answer.ts';
import { readRequest } from './read-request.ts';
import { openWriter, writeError, writeWhole } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

export const openAiCodec: Codec = {
  dialect: 'openai',
  endpoint: () => 'chat.completions',
  settingNames: {
    topK: 'top_k',
    seed: 'seed',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    temperature: 'temperature',
    stop: 'stop',
    format: 'response_format',
    parallelCalls: 'parallel_tool_calls',
    toolChoice: 'tool_choice',
    thinking: 'reasoning_effort',
    endUser: 'user',
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
