import { expect, it } from 'vitest';
import { findRuntime, openRuntime } from './onnx-runtime.ts';

it('a runtime that is not installed is named, with the command that installs it', () => {
  for (const look of [openRuntime, findRuntime]) {
    expect(() => look('no-such-runtime')).toThrow(
      'cache.embeddings.local needs the package no-such-runtime: ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save no-such-runtime',
    );
  }
});
