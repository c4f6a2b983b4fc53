/** A Tollgate that was started by `npm start`, known by what it printed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import OpenAI from 'openai';
import { until } from './hour.ts';
import { processesOn, Terminal } from './terminal.ts';

export class Installation {
  readonly terminal: Terminal;
  readonly data: string;
  readonly proxyUrl: string;
  readonly apiUrl: string;
  /** null: none was shown. */
  readonly token: string | null;

  private constructor(terminal: Terminal, data: string, proxyUrl: string, apiUrl: string) {
    this.terminal = terminal;
    this.data = data;
    this.proxyUrl = proxyUrl;
    this.apiUrl = apiUrl;
    this.token = /^Admin token, shown this once: (tgadm_\S+)$/m.exec(terminal.output)?.[1] ?? null;
  }

  /** @param words of the command line, beyond the folder */
  static async start(
    data: string,
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Installation> {
    const terminal = new Terminal(['npm', 'start', '--', '--data', data, ...words], environment);
    const [, proxy = '', api = ''] = await terminal.shows(
      /^Proxy {2}(http:\S+)\/v1\nAPI {4}(http:\S+) .*\n/m,
    );
    return new Installation(terminal, data, proxy, api);
  }

  api(token: string | null = this.token): AdminClient {
    assert.ok(token, 'no admin token was shown');
    return adminClient(this.apiUrl, token);
  }

  sdk(secret: string): OpenAI {
    return new OpenAI({ apiKey: secret, baseURL: `${this.proxyUrl}/v1`, maxRetries: 0 });
  }

  /** Ctrl-C; waits until nothing of it runs. */
  async interrupt(): Promise<void> {
    this.terminal.interrupt();
    await this.terminal.exited;
    await until('nothing runs on', () => (processesOn(this.data).length === 0 ? true : undefined));
  }

  /** Of what a failed step left. */
  end(): void {
    for (const pid of processesOn(this.data)) process.kill(pid, 'SIGKILL');
  }
}

/** `tollgate.yaml` as the README has it, with a provider of OpenAI's dialect. @returns its path */
export function writeConfig(folder: string, providerUrl: string): string {
  const file = join(folder, 'tollgate.yaml');
  const text = `proxy_port: 0
api_port: 0
proxies: 2
providers:
  openai:
    base_url: ${providerUrl}/v1
    api_key: { env: OPENAI_API_KEY }
`;
  writeFileSync(file, text);
  return file;
}
