/**
 * The process in which guests' queries run: an engine of its own, over a snapshot. It is killed from
 * outside at any moment, so it keeps nothing that is needed later, and it ends when its parent does.
 *
 * Arguments: the folder of its engine, and the file of the engine's configuration.
 */
import { Session } from 'chdb';
import { boundedSelect, tableOf } from '../bounded-select.ts';
import { chdbError } from '../chdb-error.ts';
import type { Answered, Asked, GuestQuestion } from './guest-messages.ts';

const [path = '', configuration = ''] = process.argv.slice(2);
const session = new Session(path, { connectionArgs: [`--config-file=${configuration}`] });

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', async (message) => {
  const { id, question } = message as Asked;
  const answered: Answered = await answerTo(question).then(
    (answer) => ({ id, answer }),
    async (cause) => {
      await emptied();
      const { code, message: text } = chdbError(cause);
      return { id, code, message: text };
    },
  );
  process.send?.(answered);
});

async function answerTo(question: GuestQuestion): Promise<unknown> {
  if (question.kind === 'prepare') {
    for (const statement of question.statements) await run(statement, 'Null');
    return null;
  }
  if (question.kind === 'select') {
    const { sql, bounds } = question;
    return tableOf(await run(boundedSelect(sql, bounds), 'JSONCompact'), bounds);
  }
  // A FORMAT in the text would belong to the statement that is explained.
  return (await run(`EXPLAIN AST ${question.sql}`, 'TabSeparatedRaw')).split('\n').slice(0, -1);
}

async function run(sql: string, format: string): Promise<string> {
  return (await session.queryAsync(sql, { format })).text();
}

/** What a failed query had already written would come out before the next answer (chDB 26.7; I10). */
async function emptied(): Promise<void> {
  await run('SELECT 1', 'TabSeparated');
}
