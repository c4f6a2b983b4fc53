/** The file of an installation's own secrets: the only definition of its shape. */
import { z } from 'zod';

const key = z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, '32 bytes');
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const secretsFile = z.strictObject({
  version: z.literal(1),
  /** Newest first. */
  peppers: z.array(z.strictObject({ version: z.int().min(1), key })).min(1),
  /**
   * What repeatable requests derive their ids from, never a secret of theirs (I12), and what seals the
   * secrets that the ledger holds.
   */
  derivation_key: key,
  /** SHA-256 of the admin token, lower-case hex. */
  admin_token_hash: hash,
  /** Nobody has seen the token yet: the next start makes another and shows it. */
  admin_token_unseen: z.literal(true).optional(),
  /** More of them, by name. */
  admin_tokens: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        hash,
        created_at: z.iso.datetime(),
        expires_at: z.iso.datetime().nullable(),
      }),
    )
    .optional(),
});

export type SecretsFile = z.infer<typeof secretsFile>;
