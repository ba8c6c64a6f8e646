/**
 * The scripts behind `check`. Each attempt is a function that prints `ok` or `failed: why`; the words are the same for
 * every program that may have looked, so that the answer does not move when nothing has.
 */
import { block, nothing, type Script, sh, subshell } from '../shell/sh.ts';
import type { CheckArgs } from './check.ts';

const bodyLimit = 1024 ** 2;

const pythonFetch = `import sys, urllib.request, urllib.error
url, seconds, limit = sys.stdin.readline().rstrip("\\n"), float(sys.argv[1]), int(sys.argv[2])
try:
    answer = urllib.request.urlopen(url, timeout=seconds)
except urllib.error.HTTPError as error:
    answer = error
except Exception:
    sys.exit(1)
sys.stdout.buffer.write(answer.read(limit) + b"\\n%d" % answer.getcode())
`;

const perlConnect =
  'use IO::Socket::INET; exit(IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]) ? 0 : 1)';

const pythonConnect =
  'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))';

/** Asks up to 1 + retries times and prints the last answer. */
export function checkProbe(args: CheckArgs): Script {
  return subshell(
    block(
      sh`gwfleet_ask() {`,
      attempt(args, args.timeout_seconds ?? 3),
      sh`}`,
      sh`left=${args.retries ?? 1}`,
      sh`answer=$(gwfleet_ask </dev/null)`,
      sh`while [ "$left" -gt 0 ]; do
  case $answer in failed*) ;; *) break ;; esac
  left=$((left - 1))
  sleep 1
  answer=$(gwfleet_ask </dev/null)
done`,
      sh`printf '%s\n' "$answer"`,
    ),
  );
}

function attempt({ tcp, http, ping, status, contains }: CheckArgs, seconds: number): Script {
  if (tcp !== undefined) return connecting(tcp, seconds);
  if (http !== undefined) return fetching(http, seconds, { status: status ?? 200, contains: contains ?? '' });
  return pinging(ping ?? '', seconds);
}

function connecting(endpoint: string, seconds: number): Script {
  const [host = '', port = ''] = endpoint.split(':');
  const dev = `exec 3<>/dev/tcp/${host}/${port}`;
  return sh`
if command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then timeout ${seconds} bash -c ${dev} >/dev/null 2>&1
elif nc -h 2>&1 | grep -q -e '-[a-zA-Z]*z'; then nc -z -w ${seconds} ${host} ${port} >/dev/null 2>&1
elif command -v python3 >/dev/null 2>&1; then python3 -c ${pythonConnect} ${host} ${port} ${seconds} >/dev/null 2>&1
elif command -v perl >/dev/null 2>&1; then perl -e ${perlConnect} ${host} ${port} ${seconds} >/dev/null 2>&1
else echo 'unknown: this host has none of bash, nc -z, python3 and perl to connect with'; return 0; fi
case $? in 0) echo ok ;; *) printf 'failed: no connection within %s s\n' ${seconds} ;; esac`;
}

/**
 * The page, and in a last line the status; wget tells it among the headers on its standard error. The address goes in
 * on standard input, since it may hold a token and every user of the host can read a process list. The wget of busybox
 * takes it as an argument only, so a plain request by nc stands in for it, which follows no redirection.
 */
function fetching(
  url: string,
  seconds: number,
  { status, contains }: { status: number; contains: string },
): Script {
  return sh`
if command -v curl >/dev/null 2>&1; then page=$(printf 'url = "%s"\n' ${curlQuoted(url)} | curl -K - -s -g -L -m ${seconds} -w '\n%{http_code}' | tail -c ${bodyLimit})
elif command -v python3 >/dev/null 2>&1; then page=$(printf '%s\n' ${url} | python3 -c ${pythonFetch} ${seconds} ${bodyLimit} 2>/dev/null)
elif command -v timeout >/dev/null 2>&1 && wget --version 2>/dev/null | grep -q '^GNU Wget 1'; then
  page=$(printf '%s\n' ${url} | timeout ${seconds} wget -q -S -O - -i - 2>&1 | tail -c ${bodyLimit})
  page=$(printf '%s\n' "$page"; printf '%s\n' "$page" | sed -n 's/^ *HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' | tail -n 1)
${plainRequest(url, seconds)}
else echo 'unknown: this host has none of curl, python3 and GNU wget to fetch with, and nc does for plain http alone'; return 0; fi
code=$(printf '%s\n' "$page" | tail -n 1)
case $code in
  ${status}) ;;
  [1-5][0-9][0-9]) printf 'failed: status %s, wanted %s\n' "$code" ${status}; return 0 ;;
  *) printf 'failed: no answer within %s s\n' ${seconds}; return 0 ;;
esac
case $(printf '%s\n' "$page" | sed '$d') in
  *${contains}*) echo ok ;;
  *) echo 'failed: the page does not have the wanted text' ;;
esac`;
}

function plainRequest(url: string, seconds: number): Script {
  const [, bracketed, name, port = '80', path = ''] =
    /^http:\/\/(?:\[([\da-fA-F:.]+)\]|([A-Za-z\d][^/?#:@]*))(?::(\d{1,5}))?([/?][^#]*)?(?:#.*)?$/.exec(url) ??
    [];
  const host = bracketed ?? name;
  if (host === undefined) return nothing;
  const asked = path.startsWith('/') ? path : `/${path}`;
  const authority = url.slice('http://'.length).split(/[/?#]/)[0] ?? host;
  return sh`elif command -v timeout >/dev/null 2>&1 && command -v nc >/dev/null 2>&1; then
  page=$(printf 'GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n' ${asked} ${authority} | timeout ${seconds} nc ${host} ${port} 2>/dev/null | {
    IFS= read -r answered; tail -c ${bodyLimit}
    case $answered in HTTP/1.[01]\ [1-5][0-9][0-9]*) echo; printf '%s\n' "$answered" | cut -c 10-12 ;; *) printf '\nnone\n' ;; esac; })`;
}

/** As curl reads a quoted word in its configuration; a line of it ends with its line. */
function curlQuoted(url: string): string {
  return url.replaceAll(/\s/g, encodeURIComponent).replaceAll(/[\\"]/g, (sign) => `\\${sign}`);
}

function pinging(host: string, seconds: number): Script {
  return sh`
command -v ping >/dev/null 2>&1 || { echo 'unknown: this host has no ping'; return 0; }
if ping -n -c 1 -W ${seconds} ${host} >/dev/null 2>&1; then echo ok
else printf 'failed: no answer within %s s\n' ${seconds}; fi`;
}
