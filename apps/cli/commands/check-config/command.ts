/** `tollgate check-config`: what a start would say of the configuration, without starting anything. */
import { readCatalogue } from '@tollgate/adapters/catalogue/genai-prices.ts';
import { checkEmbeddings } from '@tollgate/adapters/config/check-embeddings.ts';
import { checkGuardrails } from '@tollgate/adapters/config/check-guardrails.ts';
import { checkSecrets } from '@tollgate/adapters/config/check-secrets.ts';
import { configWarnings } from '@tollgate/adapters/config/config-warnings.ts';
import type { Command } from '../../command.ts';

export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: `read the configuration and its secrets as a start does, and say what is wrong or will
not work; starts nothing`,
  options: {},
  async run({ config, environment, say }) {
    // What cannot work at all ends the command with 2.
    checkSecrets(config, environment);
    checkGuardrails(config, environment);
    checkEmbeddings(config);
    const warnings = configWarnings(config, await readCatalogue(), Date.now());
    for (const warning of warnings) say(`warning: ${warning}`);
    say(warnings.length === 0 ? 'The configuration is fine.' : 'The configuration can be read.');
    return warnings.length === 0 ? 0 : 1;
  },
};
