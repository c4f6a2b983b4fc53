/**
 * A request for the next turn of a conversation, in no dialect: what every dialect can say, and who said it
 * where. Plain data, which crosses threads. What a dialect says and this cannot hold is refused by its
 * reader; what this holds and a dialect cannot say is refused by its writer (`losses.ts`).
 */

export type Fields = Readonly<Record<string, unknown>>;

export type Conversation = {
  /** As the client wrote it. */
  model: string;
  stream: boolean;
  turns: readonly Turn[];
  tools: readonly Tool[];
  /** Null: nothing is said of it. */
  toolChoice: ToolChoice | null;
  /** False: one call of a tool at a time. Null: nothing is said of it. */
  parallelCalls: boolean | null;
  /** Null: plain text. */
  format: Format | null;
  settings: Settings;
  thinking: Thinking | null;
  endUser: string | null;
  /** A stream is to state its usage, where the dialect leaves that to its client. */
  wantsUsage: boolean;
};

/** One who speaks. Turns of one role may follow each other. */
export type Turn = {
  role: 'system' | 'user' | 'assistant';
  parts: readonly Part[];
  /** The client's name for it, such as `messages.3`. */
  at: string;
};

export type Part = TextPart | MediaPart | CallPart | ResultPart | ThinkingPart;

export type TextPart = { kind: 'text'; text: string };

/** A picture, a document or a sound. */
export type MediaPart = {
  kind: 'media';
  /** Such as `image/png`; null: nobody says, as of a picture behind an address. */
  mediaType: string | null;
  /** In base64, or where it is. */
  source: { data: string } | { url: string };
  name: string | null;
  at: string;
};

/** The model asks for a tool. */
export type CallPart = {
  kind: 'call';
  id: string;
  name: string;
  /** A JSON object, read by `exactJson`. */
  input: Fields;
  /** What the provider that wrote it wants back with it; null: nothing. */
  signature: string | null;
};

/** What a tool answered. */
export type ResultPart = {
  kind: 'result';
  /** Of the call that it answers. */
  id: string;
  parts: readonly (TextPart | MediaPart)[];
  isError: boolean;
  at: string;
};

/** What the model thought, as its provider showed it. */
export type ThinkingPart = {
  kind: 'thinking';
  text: string;
  /** Its provider's proof of it, without which it is not taken back; null: there is none. */
  signature: string | null;
  /** It is hidden: the signature is all there is. */
  isRedacted: boolean;
  at: string;
};

export type Tool = {
  name: string;
  description: string | null;
  /** A JSON schema of its input; null: it takes none. */
  schema: Fields | null;
  /** Null: nothing is said of it. */
  strict: boolean | null;
};

/** `required`: at least one of them. */
export type ToolChoice =
  | { kind: 'auto' }
  | { kind: 'none' }
  | { kind: 'required' }
  | { kind: 'tool'; name: string };

export type Format =
  | { kind: 'json' }
  | { kind: 'schema'; schema: Fields; name: string | null; strict: boolean | null };

/** Null: not set. */
export type Settings = {
  outputTokensMax: number | null;
  temperature: number | null;
  topP: number | null;
  topK: number | null;
  seed: number | null;
  frequencyPenalty: number | null;
  presencePenalty: number | null;
  /** Empty: none. */
  stop: readonly string[];
};

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** How much a model may think before it answers. */
export type Thinking = {
  effort: Effort | null;
  /** Within the output limit. */
  tokensMax: number | null;
  /** Null: as the model does. */
  isOn: boolean | null;
  /** What was thought is to be shown. */
  isShown: boolean;
};
