/**
 * The points at which a process is killed or stopped: places in the product's own source, found by
 * a text that stands there exactly once. The product knows nothing of them: the preloaded module
 * edits the source as it is loaded, in processes of this harness only.
 */

export type Role = 'proxy' | 'core';

export type Point = {
  name: string;
  what: string;
  role: Role;
  /** Below the repository's root. */
  file: string;
  /** Text that stands there once; the call goes right before or right after it. */
  anchor: string;
  place: 'before' | 'after';
  /** Reached only while a dead process's work is taken over: what kills that one first. */
  trigger?: string;
};

const HANDLER = 'apps/proxy/call/attempt.ts';
const TAKEOVER = 'apps/proxy/takeover/takeover.ts';
const PROJECTOR = 'apps/projector/batch-writer.ts';

/** For a stop that outlasts a session: everything is decided and staged, nothing is inserted. */
export const FENCE: Point = {
  name: 'FENCE',
  what: 'at the fence: decided and staged, not inserted',
  role: 'core',
  file: PROJECTOR,
  anchor: '    await this.#raw.insertStaged(slot);',
  place: 'before',
};

export const points: readonly Point[] = [
  {
    name: 'K1',
    what: 'key verified',
    role: 'proxy',
    file: 'apps/proxy/app.ts',
    anchor: '    request.key = key;',
    place: 'after',
  },
  {
    name: 'K2',
    what: 'slice requested, reply lost',
    role: 'proxy',
    file: 'apps/proxy/budget/window-account.ts',
    anchor: '    const granted = await appendGrant(ledger, instanceId, request);',
    place: 'after',
  },
  {
    name: 'K3',
    what: 'held and started durably, upstream not contacted',
    role: 'proxy',
    file: HANDLER,
    anchor: '      if (error === undefined) this.#dispatch();',
    place: 'before',
  },
  {
    name: 'K4',
    what: 'upstream accepted, nothing relayed',
    role: 'proxy',
    file: HANDLER,
    anchor: '    this.#status = status;\n    this.#headers = headers;',
    place: 'before',
  },
  {
    name: 'K5',
    what: 'mid-stream',
    role: 'proxy',
    file: HANDLER,
    anchor: '    for (const bytes of this.#answer?.push(chunk) ?? []) this.#send(bytes);',
    place: 'after',
  },
  {
    name: 'K6',
    what: 'usage seen, not settled',
    role: 'proxy',
    file: HANDLER,
    anchor: "    this.#finish(this.#clientGone ? 'client_closed' : this.#completeStatus(), null);",
    place: 'before',
  },
  {
    name: 'K7',
    what: 'settlement durable, reply lost',
    role: 'proxy',
    file: HANDLER,
    anchor: '        settlement.release();',
    place: 'before',
  },
  {
    name: 'K8',
    what: 'settled, last byte not relayed',
    role: 'proxy',
    file: HANDLER,
    anchor: '        this.#conclude(event, failure);',
    place: 'before',
  },
  {
    name: 'K9',
    what: 'shipper read, not produced',
    role: 'proxy',
    file: 'apps/proxy/shipper/shipper.ts',
    anchor: '  await log.append(records);',
    place: 'before',
  },
  {
    name: 'K10',
    what: 'produced, checkpoint not saved',
    role: 'proxy',
    file: 'apps/proxy/shipper/shipper.ts',
    anchor: "  await journal.write({ op: 'shipped', uptoSeq: last.seq });",
    place: 'before',
  },
  {
    name: 'K11',
    what: 'polled, not inserted',
    role: 'core',
    file: PROJECTOR,
    anchor: '    await this.#raw.markDirty(slot);',
    place: 'before',
  },
  {
    name: 'K12',
    what: 'insert sent, reply lost',
    role: 'core',
    file: PROJECTOR,
    anchor: '    await this.#raw.insertStaged(slot);',
    place: 'after',
  },
  {
    name: 'K13',
    what: 'inserted, offset not taken note of',
    role: 'core',
    file: PROJECTOR,
    anchor: '    this.#count(rows, conflicting);',
    place: 'after',
  },
  {
    name: 'K14',
    what: 'partitions taken, fence written, not read back',
    role: 'core',
    file: 'apps/projector/projector.ts',
    anchor: '    const torn: LogRecord[] = [];',
    place: 'before',
    trigger: 'K13',
  },
  {
    name: 'K15',
    what: 'snapshot frozen, invoice not issued',
    role: 'core',
    file: 'apps/billing-api/closing/freeze.ts',
    anchor: '    await deps.ledger.append(stream, revision, [{ id, type, data }]);',
    place: 'after',
  },
  {
    name: 'T1',
    what: 'take-over: journal opened',
    role: 'proxy',
    file: TAKEOVER,
    anchor: '  const journal = await openJournal({ path });',
    place: 'after',
    trigger: 'K8',
  },
  {
    name: 'T2',
    what: 'take-over: grant appended again, not journaled',
    role: 'proxy',
    file: TAKEOVER,
    anchor: '      const granted = await appendGrant(deps.ledger, instanceId, request);',
    place: 'after',
    trigger: 'K2',
  },
  {
    name: 'T3',
    what: 'take-over: attempt finished',
    role: 'proxy',
    file: TAKEOVER,
    anchor: '      await finishAttempt(journal, deps.log.partitions, attemptId, event);',
    place: 'after',
    trigger: 'K4',
  },
  {
    name: 'T4',
    what: 'take-over: batch shipped',
    role: 'proxy',
    file: TAKEOVER,
    anchor: '    shipped += records;',
    place: 'after',
    trigger: 'K10',
  },
  {
    name: 'T5',
    what: 'take-over: lease settled, not forgotten',
    role: 'proxy',
    file: TAKEOVER,
    anchor: '      await settleLease(deps.ledger, stream, leaseId, spent);',
    place: 'after',
    trigger: 'K7',
  },
  {
    name: 'T6',
    what: 'take-over: all done, journal not removed',
    role: 'proxy',
    file: TAKEOVER,
    anchor: '    if (empty) removeJournal(path);',
    place: 'before',
    trigger: 'K6',
  },
];
