import { defineConfig } from 'vitest/config';

// Many tests run real processes against real timers on a machine of two cores: one starved test is tried again, so that
// a red run means a defect. A test that fails each time still fails.
const common = {
  retry: 2,
  restoreMocks: true,
  testTimeout: 120_000,
  env: { NODE_ENV: 'test', NO_COLOR: '1' },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**', 'test/bench/**'],
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...common,
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: true,
          maxWorkers: 2,
        },
      },
    ],
  },
});
