/** The request that the proxy's measurements send: a short conversation, as most calls are. */
export const chatBody = JSON.stringify({
  model: 'bench-small',
  messages: [
    { role: 'system', content: 'You are a helpful assistant. Answer in one short sentence.' },
    { role: 'user', content: `Tell me about the weather. ${'word '.repeat(36)}`.trim() },
  ],
  temperature: 0.7,
  max_tokens: 64,
});
