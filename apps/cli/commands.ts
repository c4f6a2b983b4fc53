/** Every command, in the order of the help text. */
import type { Command } from './command.ts';
import {
  adminTokenAdd,
  adminTokenList,
  adminTokenRemove,
  adminTokenReset,
} from './commands/admin-token/commands.ts';
import { auditCommand } from './commands/audit/command.ts';
import { backupCommand } from './commands/backup/command.ts';
import {
  budgetsArchive,
  budgetsCreate,
  budgetsList,
  budgetsRaise,
  budgetsSet,
  budgetsShow,
  budgetsTopUp,
} from './commands/budgets/commands.ts';
import { callsList, callsWhy } from './commands/calls/commands.ts';
import { checkConfigCommand } from './commands/check-config/command.ts';
import { completionCommand } from './commands/completion/command.ts';
import { customersCreate, customersList } from './commands/customers/commands.ts';
import { doctorCommand } from './commands/doctor/command.ts';
import { importCommand } from './commands/import/command.ts';
import { invoicesList, invoicesShow } from './commands/invoices/commands.ts';
import { invoicesCredit, invoicesCredits } from './commands/invoices/credits.ts';
import { invoicesExport, invoicesPdf } from './commands/invoices/files.ts';
import {
  keysArchive,
  keysCreate,
  keysList,
  keysResume,
  keysRevoke,
  keysRotate,
  keysShow,
  keysSuspend,
  keysUpdate,
} from './commands/keys/commands.ts';
import { limitsArchive, limitsCreate, limitsList, limitsSet } from './commands/limits/commands.ts';
import { periodsClose, periodsList, periodsOpen } from './commands/periods/commands.ts';
import {
  profilesList,
  profilesRemove,
  profilesSet,
  profilesShow,
  profilesUse,
} from './commands/profiles/commands.ts';
import { providersCheck } from './commands/providers/commands.ts';
import { rebuildCommand } from './commands/rebuild/command.ts';
import { reconcileCommand } from './commands/reconcile/command.ts';
import { routesExplain, routesList } from './commands/routes/commands.ts';
import { demoCommand, startCommand } from './commands/start/commands.ts';
import { topCommand } from './commands/top/command.ts';
import { usageCommand } from './commands/usage/command.ts';

const customers = [customersList, customersCreate];
const keys = [
  ...[keysList, keysShow, keysCreate, keysUpdate, keysRotate],
  ...[keysSuspend, keysResume, keysRevoke, keysArchive],
];
const budgets = [
  ...[budgetsList, budgetsShow, budgetsCreate, budgetsSet],
  ...[budgetsRaise, budgetsTopUp, budgetsArchive],
];
const stores = [auditCommand, rebuildCommand, backupCommand, checkConfigCommand];
const adminTokens = [adminTokenReset, adminTokenAdd, adminTokenList, adminTokenRemove];
const profiles = [profilesList, profilesShow, profilesSet, profilesUse, profilesRemove];

export const commands: readonly Command[] = [
  ...[startCommand, demoCommand, doctorCommand],
  ...customers,
  ...keys,
  ...budgets,
  ...[limitsList, limitsCreate, limitsSet, limitsArchive],
  ...[routesList, routesExplain, providersCheck],
  ...[usageCommand, topCommand, callsList, callsWhy],
  ...[periodsList, periodsOpen, periodsClose],
  ...[invoicesList, invoicesShow, invoicesPdf, invoicesExport],
  ...[invoicesCredit, invoicesCredits],
  reconcileCommand,
  importCommand,
  ...stores,
  ...adminTokens,
  ...profiles,
  completionCommand(() => commands),
];
