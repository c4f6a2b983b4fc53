/** A form, read by the platform's own parser: an oracle that shares nothing with the gateway's. */
import { ApiError } from '../http/openai-error.ts';

export type FormFile = { readonly bytes: number };

/**
 * Fields as text, files by their size; what begins with `sim_` is in `metadata`, as JSON requests have it. A
 * name that ends in brackets is a list.
 *
 * @throws ApiError
 */
export async function readForm(body: Buffer, type: string): Promise<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  const metadata: Record<string, string> = {};
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': type },
    }).formData();
  } catch {
    throw new ApiError(400, 'We could not parse the form of your request.');
  }
  for (const [name, value] of form) {
    const read = typeof value === 'string' ? value : ({ bytes: value.size } satisfies FormFile);
    if (name.startsWith('sim_')) metadata[name] = String(read);
    else if (name.endsWith('[]')) {
      fields[name] = [...((fields[name] as unknown[] | undefined) ?? []), read];
    } else if (name in fields) throw new ApiError(400, `Duplicate field: ${name}.`);
    else fields[name] = read;
  }
  return { ...fields, metadata };
}
