/** Ctrl-Z for whoever has drawn on the terminal: away while the shell has it, and there again after `fg`. */

export interface Drawn {
  readonly open: () => void;
  readonly close: () => void;
}

export interface Suspension {
  readonly suspend: () => void;
  /** SIGTSTP is the system's again. */
  readonly end: () => void;
}

const momentMs = 100;

/** SIGTSTP and `suspend` do the same; whoever else is in our job stops too, as with any Ctrl-Z. */
export function suspension({ open, close }: Drawn): Suspension {
  const suspend = (): void => {
    close();
    process.off('SIGTSTP', suspend);
    process.kill(0, 'SIGTSTP');
    // Runs when we are continued, or at once where nobody could have continued us.
    setTimeout(() => {
      process.on('SIGTSTP', suspend);
      open();
    }, momentMs);
  };
  process.on('SIGTSTP', suspend);
  return { suspend, end: () => void process.off('SIGTSTP', suspend) };
}
