/** Every command, in the order of the help text. */
import type { Command } from './command.ts';
import { adminTokenCommand } from './commands/admin-token/command.ts';
import { auditCommand } from './commands/audit/command.ts';
import { backupCommand } from './commands/backup/command.ts';
import { checkConfigCommand } from './commands/check-config/command.ts';
import { rebuildCommand } from './commands/rebuild/command.ts';

export const commands: readonly Command[] = [
  auditCommand,
  rebuildCommand,
  backupCommand,
  checkConfigCommand,
  adminTokenCommand,
];
