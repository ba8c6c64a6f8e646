/**
 * The faults. Each says what it does to four hosts at once and what must be true afterwards: `before` or `after` for
 * the state, one result, one exit code. `either` is for faults that come at a moment that nobody can choose.
 */
import type { Fleet } from '../fleet.ts';
import type { Kind, Lane, Tail } from './lanes.ts';
import { guardFile, onAll, onceThere, type Run } from './run.ts';

export interface Scene {
  readonly lab: Fleet;
  readonly lane: Lane;
  readonly run: Run;
}

interface Expected {
  readonly state: 'before' | 'after' | 'either';
  /** Undefined where gwfleet is killed or the moment decides. */
  readonly result?: string;
  readonly exit?: number;
  readonly message?: RegExp;
}

export interface Fault {
  readonly name: string;
  readonly tail: Tail;
  /** On every host, before gwfleet starts. */
  readonly prepare?: string;
  /** While gwfleet runs. */
  readonly strike?: (scene: Scene) => Promise<unknown>;
  /** On every host, after gwfleet has ended. */
  readonly heal?: string;
  /** A later run must come before everything is settled; its exit code. */
  readonly nextExit?: number;
  readonly expected: Expected;
  readonly except?: Partial<Record<Kind, Expected>>;
}

const rolledBack: Expected = { state: 'before', result: 'rolled-back', exit: 3 };
const changed: Expected = { state: 'after', result: 'changed', exit: 0 };
const refused: Expected = { state: 'before', result: 'failed', exit: 2 };
const killed: Expected = { state: 'before' };

const over = `${guardFile('rolled-back-verified')} ${guardFile('rolled-back-unverified')} ${guardFile('rollback-failed')}`;

/** On every host as soon as it is armed. */
const atArmed =
  (action: string) =>
  ({ lab, lane }: Scene): Promise<void> =>
    onAll(lane, (host) => onceThere(lab, host, guardFile('armed'), action));

/** On every host in the command behind the step under test: the watchdog has begun for certain. */
const inTail =
  (action: string) =>
  ({ lab, lane }: Scene): Promise<void> =>
    onAll(lane, (host) => onceThere(lab, host, guardFile('p1t5.out'), action));

/** The way in is cut when the host is armed and mended when it has rolled back. */
function cut(name: string, how: string, mend: string, prepare = ':'): Fault {
  return {
    name: `link cut by ${name}`,
    tail: 'traceless',
    prepare,
    strike: async ({ lab, lane }) => {
      await onAll(lane, (host) => onceThere(lab, host, guardFile('armed'), how));
      await onAll(lane, (host) => onceThere(lab, host, over, mend));
    },
    expected: rolledBack,
  };
}

/** gwfleet dies with -9 when each host has the file. */
function killedAt(name: string, files: string, tail: Tail = 'traceless'): Fault {
  return {
    name: `gwfleet killed ${name}`,
    tail,
    strike: async ({ lab, lane, run }) => {
      await onAll(lane, (host) => onceThere(lab, host, files));
      run.child.kill('SIGKILL');
    },
    expected: killed,
  };
}

const stopped = async ({ lab, lane, run }: Scene): Promise<void> => {
  await onAll(lane, (host) => onceThere(lab, host, guardFile('armed')));
  run.child.kill('SIGSTOP');
};

const watchdogs = `pkill -$SIGNAL -f '[e]ngine watch'`;

/**
 * The clock of everything that ssh starts on a host is read from a file: libfaketime, loaded by the key's own command.
 * The machine's clock is not touched.
 */
const steppable = `echo +0 >/run/clock
cat >/usr/local/bin/stepped <<'X'
#!/bin/sh
LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketime.so.1); FAKETIME_NO_CACHE=1; FAKETIME_TIMESTAMP_FILE=/run/clock
export LD_PRELOAD FAKETIME_NO_CACHE FAKETIME_TIMESTAMP_FILE
exec sh -c "$SSH_ORIGINAL_COMMAND"
X
chmod 755 /usr/local/bin/stepped; cp /root/.ssh/authorized_keys /root/.ssh/steady
sed -i 's|^|command="/usr/local/bin/stepped" |' /root/.ssh/authorized_keys`;
const steady = 'mv /root/.ssh/steady /root/.ssh/authorized_keys';

export const faults: readonly Fault[] = [
  { name: 'confirm in time', tail: 'none', expected: changed },
  {
    name: 'confirm late',
    tail: 'traceless',
    strike: async (scene) => {
      await stopped(scene);
      await onAll(scene.lane, (host) => onceThere(scene.lab, host, over));
      scene.run.child.kill('SIGCONT');
    },
    expected: rolledBack,
  },
  {
    name: 'confirm never',
    tail: 'traceless',
    strike: async (scene) => {
      await stopped(scene);
      await onAll(scene.lane, (host) => onceThere(scene.lab, host, over));
      scene.run.child.kill('SIGKILL');
    },
    expected: killed,
  },
  {
    ...killedAt('before arm', '/run/gwfleet/lock'),
    prepare: `printf '#!/bin/sh\\nsleep 3\\nexec /usr/sbin/iptables-save\\n' >/usr/local/bin/iptables-save; chmod 755 /usr/local/bin/iptables-save`,
    heal: 'rm /usr/local/bin/iptables-save',
  },
  killedAt('after arm', guardFile('armed')),
  killedAt('during the steps', guardFile('p1t5.out')),
  {
    name: 'gwfleet killed after the steps',
    tail: 'traceless',
    strike: async (scene) => {
      await stopped(scene);
      await onAll(scene.lane, (host) => onceThere(scene.lab, host, guardFile('applied')));
      scene.run.child.kill('SIGKILL');
    },
    expected: killed,
  },
  {
    name: 'gwfleet killed during confirm',
    tail: 'brief',
    strike: async ({ lab, lane, run }) => {
      await Promise.race(
        lane.names.map((host) =>
          lab.run(
            host,
            `until pgrep -f '[e]ngine contact' >/dev/null || ls ${guardFile('confirmed')} 2>/dev/null; do sleep 0.01; done`,
          ),
        ),
      );
      run.child.kill('SIGKILL');
    },
    expected: { state: 'either' },
  },
  cut('DROP', 'iptables -I INPUT -p tcp --dport 22 -j DROP', 'iptables -D INPUT -p tcp --dport 22 -j DROP'),
  cut(
    'REJECT',
    'iptables -I INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset',
    'iptables -D INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset',
  ),
  {
    ...cut(
      'removing the address',
      `ip addr del "$(cat /run/way-in)" dev eth0`,
      'ip addr add "$(cat /run/way-in)" brd + dev eth0; ip addr del "$(cat /run/other-way)" dev eth0',
      `echo 1 >/proc/sys/net/ipv4/conf/eth0/promote_secondaries
ip -4 -o addr show dev eth0 | sed -n 's/.* inet \\([^ ]*\\) .*/\\1/p' | head -n 1 >/run/way-in
sed 's/^10\\.0/10.9/' /run/way-in >/run/other-way; ip addr add "$(cat /run/other-way)" dev eth0`,
    ),
  },
  cut('a wrong route', 'ip route add blackhole 10.0.255.1/32', 'ip route del blackhole 10.0.255.1/32'),
  {
    name: 'link silent for less than the timer',
    tail: 'slow',
    strike: atArmed(
      'iptables -I INPUT -p tcp --dport 22 -j DROP; sleep 2.5; iptables -D INPUT -p tcp --dport 22 -j DROP',
    ),
    expected: changed,
  },
  {
    name: 'sshd stopped',
    tail: 'traceless',
    strike: async ({ lab, lane }) => {
      await onAll(lane, (host) => onceThere(lab, host, guardFile('armed'), 'kill "$(cat /run/sshd.pid)"'));
      await onAll(lane, (host) => onceThere(lab, host, over, '/usr/sbin/sshd -E /var/log/sshd.log'));
    },
    expected: rolledBack,
  },
  {
    name: 'a step fails',
    tail: 'fails',
    expected: { ...rolledBack, message: /exit 3.*rolled back, verified/ },
  },
  { name: 'a step hangs', tail: 'hangs', expected: rolledBack },
  {
    name: '/run full',
    tail: 'none',
    prepare: 'mount -o remount,size=60k /run; dd if=/dev/zero of=/run/full bs=1k 2>/dev/null || :',
    heal: 'rm /run/full; mount -o remount,size=50% /run',
    expected: { ...refused, message: /cannot write/ },
  },
  {
    name: '/run read-only',
    tail: 'none',
    prepare: 'mount -o remount,ro /run',
    heal: 'mount -o remount,rw /run',
    expected: { ...refused, message: /cannot write/ },
  },
  {
    name: '/run full during the steps',
    tail: 'traceless',
    strike: atArmed('mount -o remount,size=60k /run; dd if=/dev/zero of=/run/full bs=1k 2>/dev/null || :'),
    heal: 'rm /run/full; mount -o remount,size=50% /run',
    expected: rolledBack,
  },
  {
    name: '/run read-only after the steps',
    tail: 'traceless',
    strike: async (scene) => {
      await stopped(scene);
      const readOnly = 'until mount -o remount,ro /run 2>/dev/null; do sleep 0.01; done; sleep 10';
      await onAll(scene.lane, (host) => onceThere(scene.lab, host, guardFile('applied'), readOnly));
      scene.run.child.kill('SIGCONT');
    },
    heal: 'mount -o remount,rw /run',
    expected: rolledBack,
  },
  {
    name: '/var read-only',
    tail: 'none',
    // sshd of the lab writes its log there.
    prepare: 'mount --bind /var /var && mount -o remount,bind,ro /var && mount -t tmpfs tmpfs /var/log',
    heal: 'umount /var/log /var',
    expected: changed,
  },
  {
    name: '/var full',
    tail: 'none',
    prepare: `mount -t tmpfs -o size=64k tmpfs /var; mkdir -p /var/log /var/tmp /var/lib; mount -t tmpfs tmpfs /var/log
dd if=/dev/zero of=/var/full bs=1k 2>/dev/null || :`,
    heal: 'umount /var/log /var',
    expected: changed,
  },
  ...['HUP', 'INT', 'QUIT', 'PIPE', 'TERM', 'USR1', 'ALRM'].map(
    (signal): Fault => ({
      name: `watchdog gets SIG${signal}`,
      tail: 'hangs',
      strike: inTail(watchdogs.replace('$SIGNAL', signal)),
      expected: rolledBack,
    }),
  ),
  {
    name: 'watchdog killed',
    tail: 'slow',
    strike: inTail(watchdogs.replace('$SIGNAL', 'KILL')),
    expected: changed,
  },
  {
    // Nobody has rolled back in time; the late look finds a promise that does not hold, and tells the host to.
    name: 'watchdog killed, and the confirm is late',
    tail: 'traceless',
    strike: async (scene) => {
      await stopped(scene);
      await onAll(scene.lane, (host) =>
        onceThere(scene.lab, host, guardFile('p1t5.out'), watchdogs.replace('$SIGNAL', 'KILL')),
      );
      await onAll(scene.lane, (host) => onceThere(scene.lab, host, guardFile('applied'), 'sleep 9'));
      scene.run.child.kill('SIGCONT');
    },
    expected: { state: 'before', result: 'rolled-back', exit: 3 },
  },
  {
    name: 'watchdog and gwfleet killed',
    tail: 'traceless',
    strike: async ({ lab, lane, run }) => {
      await onAll(lane, (host) =>
        onceThere(lab, host, guardFile('p1t5.out'), watchdogs.replace('$SIGNAL', 'KILL')),
      );
      run.child.kill('SIGKILL');
      await onAll(lane, (host) => onceThere(lab, host, guardFile('applied'), 'sleep 9'));
    },
    nextExit: 6,
    expected: killed,
  },
  {
    name: 'xtables lock held',
    tail: 'none',
    prepare: `iptables-legacy -t nat -N OTHER; iptables-legacy -t nat -A OTHER -j RETURN
setsid flock -o /run/xtables.lock sleep 60 >/dev/null 2>&1 </dev/null &`,
    heal: 'pkill -x flock; iptables-legacy -w 20 -t nat -F OTHER; iptables-legacy -t nat -X OTHER',
    expected: changed,
    except: { ruleset: { state: 'before', result: 'rolled-back' } },
  },
  {
    name: 'host clock stepped a day ahead',
    tail: 'slow',
    prepare: steppable,
    strike: inTail('echo +1d >/run/clock'),
    heal: steady,
    expected: changed,
  },
  {
    name: 'host clock stepped a day back',
    tail: 'hangs',
    prepare: steppable,
    strike: inTail('echo -1d >/run/clock'),
    heal: steady,
    expected: rolledBack,
  },
  {
    name: 'host rebooted before confirm',
    tail: 'traceless',
    strike: async ({ lab, lane }) => {
      await onAll(lane, (host) => onceThere(lab, host, guardFile('armed')));
      await onAll(lane, (host) => lab.reboot(host));
    },
    expected: rolledBack,
  },
];
