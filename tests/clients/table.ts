/** docs/clients.md: which client does what, as it was seen. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Client, FEATURES, type Feature, type Gate } from './client.ts';

export type Seen = { name: string; version: string; cells: Partial<Record<Feature, string>> };

const NOT_THERE = '—';

/** @returns what came of each use: `yes`, or why not */
export async function seenOf(client: Client, gate: Gate): Promise<Seen> {
  const cells: Seen['cells'] = {};
  for (const feature of FEATURES) {
    const use = client.uses[feature];
    if (use === undefined) continue;
    cells[feature] = await use(gate).then(
      () => 'yes',
      (error: Error) => `no: ${error.message}`,
    );
  }
  return { name: client.name, version: versionOf(client.package), cells };
}

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(`${folder}/${name}/package.json`, 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${name} is not installed`);
}

export const rowOf = ({ name, version, cells }: Seen): string =>
  `| ${[name, version, ...FEATURES.map((feature) => cells[feature] ?? NOT_THERE)].join(' | ')} |`;

export const DOCUMENT = new URL('../../docs/clients.md', import.meta.url);

export function documentOf(seen: readonly Seen[]): string {
  return `# Clients

Clients as they are, against the proxy, with nothing changed but a base URL and a key. The table is what the
tests saw (\`tests/clients\`, \`npm run test:clients -- --write\`): \`yes\` is a use that worked, ${NOT_THERE} is what a
client does not have. What all of them used is compared with the provider's bill.

| ${['Client', 'Version', ...FEATURES].join(' | ')} |
|${'---|'.repeat(FEATURES.length + 2)}
${seen.map(rowOf).join('\n')}

- **errors**: a wrong key is the client's 401, an empty budget its 402, and its message names the budget.
- **abort**: the client leaves in the middle of a stream.
- **retries**: the provider is down for one call (503), and the client's own retry succeeds. \`@google/genai\` and
  \`litellm\` retry if they are told to.
- **defaults under a budget**: a call with a model and a question and nothing else, by a key with a hard budget.

| Client | Base URL |
|---|---|
| \`openai\`, \`@ai-sdk/openai\`, \`@langchain/openai\`, \`litellm\` (\`openai/\`) | \`https://GATEWAY/v1\` |
| \`@anthropic-ai/sdk\`, \`anthropic\`, \`@langchain/anthropic\`, \`litellm\` (\`anthropic/\`) | \`https://GATEWAY\` |
| \`@ai-sdk/anthropic\` | \`https://GATEWAY/v1\` |
| \`@google/genai\` | \`https://GATEWAY/gemini\` |
| \`@ai-sdk/google\`, \`litellm\` (\`gemini/\`) | \`https://GATEWAY/v1beta\` |

Coding agents from the registries (\`@openai/codex\`, \`opencode-ai\` by two dialects, \`@google/gemini-cli\`,
\`aider-chat\`) carry out a task in \`npm run test:agents\`. Codex offers the model searches and agents of its own
(\`web_search\`, \`namespace\`): a key with a hard budget refuses what has no bound, so leave them out or bound them.
`;
}

/** The row of a client, as it is committed. */
export function committedRow(name: string): string | undefined {
  const rows = readFileSync(DOCUMENT, 'utf8').split('\n');
  return rows.find((row) => row.startsWith(`| ${name} | `));
}
