/** Coding agents as they are installed from the registries: how each is sent to the proxy, and told a task. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gate } from '../clients/client.ts';

export type Run = { command: readonly string[]; env: Record<string, string> };

export type Agent = {
  name: string;
  /** The path that its calls take. */
  endpoint: RegExp;
  /** How many calls it makes at least: a task that calls a tool makes two. */
  callsMin: number;
  version(installed: Installed): readonly string[];
  /** Writes what it is configured by into its home. */
  prepare(gate: Gate, home: string, work: string): void;
  run(gate: Gate, home: string, installed: Installed): Run;
};

export type Installed = {
  /** Of npm's packages, and of Python's. */
  modules: string;
  python: string;
};

const bin = ({ modules }: Installed, name: string) => join(modules, '.bin', name);

const write = (folder: string, name: string, text: string) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
};

const codex: Agent = {
  name: '@openai/codex',
  endpoint: /\/v1\/responses$/,
  callsMin: 2,
  version: (installed) => [bin(installed, 'codex'), '--version'],
  prepare({ url }, home) {
    const lines = [
      ...['model = "gpt-4o-mini"', 'model_provider = "gate"', 'web_search = "disabled"'],
      ...['[analytics]', 'enabled = false', '[model_providers.gate]', 'name = "gate"'],
      ...[`base_url = "${url}/v1"`, 'env_key = "GATE_KEY"', 'wire_api = "responses"', ''],
    ];
    write(join(home, '.codex'), 'config.toml', lines.join('\n'));
  },
  run: ({ secret }, home, installed) => ({
    command: [
      ...[bin(installed, 'codex'), 'exec', '--skip-git-repo-check', '--json'],
      'exec command, please',
    ],
    env: { CODEX_HOME: join(home, '.codex'), GATE_KEY: secret },
  }),
};

const gemini: Agent = {
  name: '@google/gemini-cli',
  endpoint: /streamGenerateContent/,
  callsMin: 2,
  version: (installed) => [process.execPath, bin(installed, 'gemini'), '--version'],
  prepare(_, home) {
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      ...{ privacy: { usageStatisticsEnabled: false }, general: { disableAutoUpdate: true } },
      telemetry: { enabled: false },
    };
    write(join(home, '.gemini'), 'settings.json', JSON.stringify(settings));
  },
  run: ({ url, secret }, _, installed) => ({
    command: [
      ...[process.execPath, bin(installed, 'gemini'), '-m', 'gemini-2.5-flash', '--yolo'],
      ...['--skip-trust', '-p', 'list directory'],
    ],
    env: { GEMINI_API_KEY: secret, GOOGLE_GEMINI_BASE_URL: `${url}/gemini` },
  }),
};

const openCode = (name: string, model: string, endpoint: RegExp): Agent => ({
  ...{ name: `opencode-ai (${name})`, endpoint, callsMin: 2 },
  version: (installed) => [openCodeOf(installed), '--version'],
  prepare({ url, secret: apiKey }, _, work) {
    const options = { baseURL: `${url}/v1`, apiKey };
    const limit = { context: 100_000, output: 4_000 };
    const named = (id: string) => ({ [id]: { name: id, limit } });
    const config = {
      ...{ autoupdate: false, share: 'disabled', permission: 'allow' },
      provider: {
        gate: {
          ...{ npm: '@ai-sdk/openai-compatible', name: 'gate', options },
          models: named('gpt-4o-mini'),
        },
        anthropic: { options, models: named('claude-opus-4-5') },
      },
    };
    write(work, 'opencode.json', JSON.stringify(config));
  },
  run: (_, __, installed) => ({
    command: [openCodeOf(installed), 'run', '-m', model, 'list glob files'],
    env: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' },
  }),
});

/** Its own installer would copy it: no script of a package is run here. */
const openCodeOf = ({ modules }: Installed) =>
  join(modules, `opencode-linux-${process.arch}`, 'bin', 'opencode');

const aider: Agent = {
  name: 'aider-chat',
  endpoint: /\/v1\/chat\/completions$/,
  // It has no tools: it edits by what is said.
  callsMin: 1,
  version: ({ python }) => [join(python, 'bin', 'aider'), '--version'],
  prepare: () => undefined,
  run: ({ url, secret }, _, { python }) => ({
    command: [
      ...[join(python, 'bin', 'aider'), '--model', 'openai/gpt-4o-mini', '--yes-always'],
      ...['--no-check-update', '--analytics-disable', '--no-show-model-warnings', '--no-git'],
      ...['--no-pretty', '--message', 'Say hello'],
    ],
    env: {
      ...{ OPENAI_API_BASE: `${url}/v1`, OPENAI_API_KEY: secret },
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
  }),
};

export const agents: readonly Agent[] = [
  codex,
  openCode('Anthropic', 'anthropic/claude-opus-4-5', /\/v1\/messages$/),
  openCode('OpenAI', 'gate/gpt-4o-mini', /\/v1\/chat\/completions$/),
  gemini,
  aider,
];
