import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { manualIndex, manualPage } from '../../src/tasks/manual.ts';
import { taskTypes } from '../../src/tasks/registry.ts';

describe.each([...taskTypes])('the manual page of %s', (name, type) => {
  const page = manualPage(type);

  test('begins with name and summary and names every argument', () => {
    expect(page.startsWith(`# ${name}\n\n${type.summary}.\n`)).toBe(true);
    const { properties = {} } = type.schema as { properties?: Record<string, unknown> };
    for (const argument of Object.keys(properties)) expect(page).toContain(`- \`${argument}\` (`);
    expect(page).not.toMatch(/undefined|\[object/);
  });

  test('has examples that are YAML and mean what the type says', () => {
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, yaml]) => parse(yaml ?? '') as unknown,
    );
    expect(blocks).toEqual(expect.arrayContaining(type.examples.map(({ args }) => [{ [name]: args }])));
  });
});

test('the index has one line for each task type', () => {
  const lines = manualIndex(taskTypes.values()).trimEnd().split('\n');
  expect(lines).toHaveLength(taskTypes.size);
  expect(lines.find((line) => line.startsWith('command '))).toMatch(/^command +A command that/);
});
