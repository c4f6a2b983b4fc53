/** Prompts of one kind. */
export type Template = {
  kind: string;
  hard: boolean;
  /** `{slot}` is filled in. */
  texts: readonly string[];
  /** Of a conversation: how many messages there are. Default: 1. */
  turns?: readonly number[];
  tools?: readonly number[];
};
