/** Why a command ends without having done what was asked for. */

/** The command cannot run, and the message says why: the process ends with 2. */
export class CommandError extends Error {}

/** The command was called in the wrong way: the message is followed by where help is. */
export class UsageError extends CommandError {}

/** Something was asked for and refused, or is not well: the process ends with 1. */
export class FailedError extends Error {}
