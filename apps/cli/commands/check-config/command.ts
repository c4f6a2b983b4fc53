/** `tollgate check-config`: what a start would say of the configuration, without starting anything. */
import type { Command } from '../../command.ts';

export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: 'say what of the configuration is wrong or will not work',
  detail: 'The configuration and its secrets are read as a start does. Starts nothing.',
  examples: [
    { line: 'tollgate check-config', help: './tollgate.yaml, or the defaults without one' },
    { line: 'tollgate check-config --config tollgate.yaml --json', help: 'for a program' },
  ],
  async run({ installation, environment, output, say, clock }) {
    const { readCatalogue } = await import('@tollgate/adapters/catalogue/genai-prices.ts');
    const { checkEmbeddings } = await import('@tollgate/adapters/config/check-embeddings.ts');
    const { checkGuardrails } = await import('@tollgate/adapters/config/check-guardrails.ts');
    const { checkInvoicing } = await import('@tollgate/adapters/config/check-invoicing.ts');
    const { checkSecrets } = await import('@tollgate/adapters/config/check-secrets.ts');
    const { configWarnings } = await import('@tollgate/adapters/config/config-warnings.ts');
    const { config } = await installation();
    // What cannot work at all ends the command with 2.
    checkSecrets(config, environment);
    checkGuardrails(config, environment);
    checkEmbeddings(config);
    checkInvoicing(config);
    const warnings = configWarnings(config, await readCatalogue(), clock());
    if (output.isJson) output.object({ object: 'config_check', warnings }, () => undefined);
    for (const warning of warnings) say(`warning: ${warning}`);
    say(warnings.length === 0 ? 'The configuration is fine.' : 'The configuration can be read.');
    return warnings.length === 0 ? 0 : 1;
  },
};
