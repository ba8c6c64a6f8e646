/** What stands between the user and a lab, one sentence each; shown as it is. Nothing was left behind. */
export class LabProblem extends Error {
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
