/** Writes docs/cli.md. */
import { writeFileSync } from 'node:fs';
import { commands } from '../commands.ts';
import { commandsDocument } from './docs.ts';

writeFileSync(new URL('../../../docs/cli.md', import.meta.url), commandsDocument(commands));
