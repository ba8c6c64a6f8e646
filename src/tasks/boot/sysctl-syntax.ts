/** What sysctl.d(5) takes: a comment, or `name = value`. systemd-sysctl passes over anything else without a failure. */
import { type Script, sh } from '../../shell/sh.ts';

/** Exits with 0 when every line of `$gwfleet_new` is one of these. */
export const sysctlSyntax: Script = sh`! grep -v -e '^#' -e '^[A-Za-z0-9_/.@:~+-]\{3,\} = [^ ].*$' "$gwfleet_new"`;
