/** What the steps with a real provider know of each other. */
import assert from 'node:assert/strict';
import type { RunningSimulator } from '@tollgate/simulator/start.ts';
import OpenAI from 'openai';
import type { Installation } from '../installation.ts';

export type Scene = {
  folder: string;
  config: string;
  data: string;
  provider: RunningSimulator;
  /** The one that runs now. */
  installation: Installation;
  token: string;
  key: { id: string; secret: string };
  budgetId: string;
};

export const PROVIDER_KEY = { OPENAI_API_KEY: 'sk-of-the-simulator' };
export const messages = [{ role: 'user' as const, content: 'Hi' }];

/** What a call that is refused says to its user. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof OpenAI.APIError && error.status !== undefined) {
      return { status: error.status, message: error.message };
    }
    throw error;
  }
  return assert.fail('it was not refused');
}
