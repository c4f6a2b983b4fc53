/** Anthropic's Messages API. */
import type { Codec } from '../codec.ts';
import { openReader, readError, readWhole } from './read-answer.ts';
import { readRequest } from './read-request.ts';
import { openWriter, writeError, writeWhole } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

export const anthropicCodec: Codec = {
  dialect: 'anthropic',
  endpoint: () => 'messages',
  settingNames: {
    topK: 'top_k',
    seed: 'seed',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    temperature: 'temperature',
    stop: 'stop_sequences',
    format: 'output_config.format',
    parallelCalls: 'tool_choice.disable_parallel_tool_use',
    toolChoice: 'tool_choice',
    thinking: 'thinking',
    endUser: 'metadata.user_id',
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
