/** What of a request its complexity is worked out from. The dialect reads it out of the body. */
export type Prompt = {
  /**
   * What the user asks: the last of the user's messages, and of earlier ones as many as a short one needs to
   * be understood. Nothing that the application says: that is the same in each of its calls, and would make
   * them all as hard as each other (litellm PR#36721).
   */
  text: string;
  /** Messages of the conversation. */
  turns: number;
  tools: number;
};
