/** What the embedded engine's errors say, as the port's error. */
import { WarehouseError } from './warehouse-error.ts';

export function chdbError(cause: unknown): WarehouseError {
  // The client's errors have ClickHouse's code as `code`; chDB's own errors have it apart from theirs.
  const error = cause as Error & { code?: string; clickhouseCode?: number };
  const code = error.clickhouseCode?.toString() ?? error.code ?? 'unknown';
  const message = error.message.replace(/^Code: \d+\. DB::Exception: /, '');
  return new WarehouseError(code, message, cause);
}
