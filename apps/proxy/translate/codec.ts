/**
 * What a dialect brings along to be translated: four pure directions. A request is read into a conversation
 * and written from one; an answer is read into events, whole or as it comes, and written from them.
 */
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import type { CallTarget } from '../dialects/dialect.ts';
import type { AnswerEvent, AnswerUsage, StatedError } from './answer-events.ts';
import type { Conversation, Fields } from './conversation.ts';
import type { Losses } from './losses.ts';

export type Codec = {
  dialect: DialectName;
  /** The endpoint that takes a conversation. */
  endpoint(stream: boolean): string;
  /** What the path says of a call, where it says something. */
  target?(model: string, stream: boolean): CallTarget;
  /** The client's name for a setting, in a refusal. */
  settingNames: Readonly<Record<SettingName, string>>;
  /** @param request a body that the dialect's own endpoint has read */
  readRequest(request: Fields, asked: AskedFor, losses: Losses): Conversation;
  writeRequest(conversation: Conversation, goal: Goal, losses: Losses): Fields;
  /** A whole answer. */
  readWhole(answer: Fields): AnswerEvent[];
  openReader(): StreamReader;
  /** @param usage null: the provider states none that can be read (I8) */
  writeWhole(events: readonly AnswerEvent[], usage: AnswerUsage | null, asked: AnswerAsked): Fields;
  openWriter(asked: AnswerAsked): StreamWriter;
  /** @returns null if it states no error */
  readError(answer: Fields): StatedError | null;
  /** The JSON that its SDKs read. @param status of the answer; null: it is one event of a stream */
  writeError(error: StatedError, status: number | null): Fields;
};

/** What of a conversation has one name in every dialect that has it. */
export type SettingName =
  | 'topK'
  | 'seed'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'temperature'
  | 'stop'
  | 'format'
  | 'parallelCalls'
  | 'toolChoice'
  | 'thinking'
  | 'endUser';

/** What is known of a request besides its body. */
export type AskedFor = {
  model: string;
  stream: boolean;
};

/** Where a conversation goes. */
export type Goal = {
  /** Its name at the provider. */
  model: string;
  /** The most that the model can write; null: nobody knows. */
  outputTokensMax: number | null;
  /** The field in which the provider takes an output limit, of dialects that have several. */
  outputLimitField: string;
  /** The client's names for settings, in a refusal. */
  names: Codec['settingNames'];
};

/** What the client's request says of its answer's form. */
export type AnswerAsked = {
  /** A stream states its usage. */
  wantsUsage: boolean;
  /** A stream is one of server-sent events. */
  asEvents: boolean;
  /** Unix time, seconds. */
  atSeconds: number;
};

/** One stream of a provider, event by event. */
export type StreamReader = {
  /** @param data of one event: all of its `data` lines @returns null if it is not understood yet */
  read(data: string): AnswerEvent[] | null;
};

/** One stream to a client. */
export type StreamWriter = {
  /** @returns what leaves now */
  write(event: AnswerEvent): string;
  /** @returns what leaves last; nothing if the answer is not whole */
  end(usage: AnswerUsage | null): string;
};
