import type { Diagnostic } from '../source/diagnostic.ts';
import type { Inventory } from './model.ts';
export function domainProblems(_inventory: Inventory): readonly Diagnostic[] {
  return [];
}
