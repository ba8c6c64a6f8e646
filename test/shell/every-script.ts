/** Every kind of script that the product sends to a host, made with samples. */

import { applyScript } from '../../src/guard/apply-script.ts';
import { bootFunction } from '../../src/guard/boot-files.ts';
import { engine } from '../../src/guard/engine.ts';
import { inquiryScript, settleScript } from '../../src/guard/settle-script.ts';
import { planHost } from '../../src/plan/decide.ts';
import { probeScript } from '../../src/plan/probe.ts';
import { door, markedDoor, nextOrder, orderFor } from '../../src/remote/order.ts';
import { countScript } from '../../src/run/drain-count.ts';
import { block, nothing, type Script, sh, subshell } from '../../src/shell/sh.ts';
import { gatewayScript, webserverScript } from '../../src/status/script.ts';
import { addressOwnersScript } from '../../src/tasks/address-owner.ts';
import type { BootFacts } from '../../src/tasks/boot/boot-facts.ts';
import { profileAddresses } from '../../src/tasks/boot/network-manager.ts';
import { carriedScript } from '../../src/tasks/carried.ts';
import { announceScript, forgetScript } from '../../src/tasks/changed-owner.ts';
import { gatewayLookScript } from '../../src/tasks/gateway-look.ts';
import { type AnyTaskType, taskTypes } from '../../src/tasks/registry.ts';
import type { BootPart, Json } from '../../src/tasks/task-type.ts';
import { sourceScript, throughScript } from '../../src/tasks/through.ts';
import { sight, task, word } from '../plan/hosts.ts';
import { facts, wantedFrom } from '../tasks/samples.ts';

export function scripts(): readonly (readonly [string, string])[] {
  return [...guard(), ...ofTypes(), ...looks(), ...ways()].filter(([, text]) => text !== '');
}

function guard(): readonly (readonly [string, string])[] {
  const words = { file: "it's", word: 'a\nGWFLEET\n$(id)' };
  const once: AnyTaskType = { ...word, name: 'once', undo: { impossible: 'what is done is done' } };
  const types = new Map([word, once].map((type) => [type.name, type]));
  const tasks = [
    task('p1t1', words),
    { ...task('p1t2', { file: 'g', word: 'b' }), secret: 'no_log' },
    task('p1t3', { file: 'h', word: 'c' }, 'once'),
  ];
  const seen = sight({ p1t1: '', p1t2: '', p1t3: '' });
  const planned = planHost('gw1', tasks, { sight: seen, left: new Map(), types });
  if (planned.kind !== 'planned') throw new Error(planned.why);
  const order = {
    guardId: '20261122-214007-7f3a.1',
    owner: "o'brien@here; id",
    mark: 'gwf-1',
    tasks: planned.tasks,
    facts,
    now: 1_700_000_000,
  };
  return [
    ['the engine', engine],
    ['a guarded apply', applyScript({ ...order, confirmTimeoutSeconds: 60 }, types).text],
    ['an apply without a guard', applyScript({ ...order, confirmTimeoutSeconds: null }, types).text],
    ['settling', settleScript(order, sh`echo seen`).text],
    ['inspecting', inquiryScript(order, { verb: 'inspect', probe: nothing }).text],
    ['settling a dead run', inquiryScript(order, { verb: 'settle', probe: nothing }).text],
    ['boot files that go', block(bootFunction(going()), sh`boot_files`).text],
  ];
}

function going(): readonly BootPart[] {
  const file = {
    path: '/etc/systemd/network/10-eth1.network.d/50-gwfleet-aliases-eth1.conf',
    mode: 0,
    content: null,
  };
  const address = { address: '203.0.113.13', prefix: 24, broadcast: null, label: 'eth1:0' };
  const profile = { uuid: 'it', method: 'manual', addresses: ['203.0.113.13/24'], gateway: '' };
  return [
    file,
    ...profileAddresses(profile, { interface: 'eth1', addresses: [], gone: [address] }, undefined),
  ];
}

/** Probes, changes between every two states that the examples make, and what survives a restart under every owner. */
function ofTypes(): readonly (readonly [string, string])[] {
  return [...taskTypes].flatMap(([name, type]) => {
    const { probes = [], states = () => [] } = further[name] ?? {};
    const wanted = type.examples.map(({ args }) => wantedFrom(type, args, { kind: 'absent' }));
    const all = [null, ...wanted, ...wanted.flatMap(states)];
    const changes = all.flatMap((from) => all.map((to) => type.apply(from, to)));
    // To each state and away from it: a shellcheck of every pair takes minutes.
    const ends = all.flatMap((state) => [
      { from: null, to: state },
      { from: state, to: null },
    ]);
    const boots = ends.flatMap((pair) => owned.map((boot) => bootOf(type, { ...pair, boot })));
    const looks = [...type.examples.map(({ args }) => args), ...probes].map((args) => type.probe(args));
    return [
      [`looking at ${name}`, together(looks)],
      [`changing ${name}`, together(changes)],
      [`${name} over a restart`, together(boots)],
    ] as const;
  });
}

interface Further {
  readonly probes?: readonly Json[];
  /** Of a state that an example makes. */
  readonly states?: (state: Json) => readonly Json[];
}

const changed = (state: Json, more: Readonly<Record<string, Json>>): Json =>
  state === null || typeof state !== 'object' ? state : Object.assign({}, state, more);

const drain: Json = {
  deadlineSeconds: 600,
  atDeadline: 'leave',
  old: 'via 10.0.0.7 dev eth0 proto static',
  generations: [{ number: 4, route: 'via 10.0.0.2 dev eth0 proto static' }],
  shift: 24,
  began: null,
};

/** What no example brings about by itself. */
const further: Readonly<Record<string, Further>> = {
  aliases: {
    states: (state) => [
      changed(state, { live: { '203.0.113.11': 3 } }),
      JSON.parse(
        JSON.stringify(state)
          .replaceAll('"noPrefixRoute":false', '"noPrefixRoute":true')
          .replaceAll('"secondary":true', '"secondary":false'),
      ) as Json,
    ],
  },
  command: {
    probes: [
      { cmd: 'true', creates: '/x' },
      { cmd: 'true', unless: 'false', chdir: '/srv' },
    ],
    states: (state) => [changed(state, { done: false })],
  },
  default_route: {
    states: (state) => [
      changed(state, { drain }),
      changed(state, { drain: { remains: ['rule 7701'] } }),
      changed(state, { routes: ['via 10.0.0.2 dev eth0 proto static metric 100'] }),
    ],
  },
  file: {
    states: (state) => [
      changed(state, { mode: '0600', owner: 'root' }),
      changed(state, { content: { cksum: '1 2' } }),
    ],
  },
};

const owned: readonly BootFacts[] = (
  ['networkd', 'netplan', 'networkmanager', 'ifupdown', 'ifcfg'] as const
).flatMap((manager) =>
  [[], ['10.0.0.99']].map((gateways) => {
    const claims = [
      { manager, source: `/etc/systemd/network/10-eth1.network`, renderer: '' as const, trouble: '' },
    ];
    const profile = {
      uuid: '/etc/systemd/network/10-eth1.network',
      method: 'manual',
      addresses: ['203.0.113.13/24'],
      gateway: '',
    };
    const owners = ['eth0', 'eth1'].map((device) => ({ interface: device, claims, gateways }));
    const files = ['network-scripts/route-eth0', 'iptables'].map((name) => ({
      path: `/etc/sysconfig/${name}`,
      cksum: '1 2',
    }));
    return { init: 'systemd' as const, owners, rulesUnits: ['iptables'], profiles: [profile], files };
  }),
);

function bootOf(
  type: AnyTaskType,
  { from, to, boot }: { readonly from: Json; readonly to: Json; readonly boot: BootFacts },
): Script {
  return block(bootFunction(type.boot(to, { ...facts, boot }, from)), sh`boot_files`);
}

function looks(): readonly (readonly [string, string])[] {
  const orders = [
    {
      via: '10.0.0.3',
      probes: [{ tcp: '198.51.100.7:443' }, { ping: 'x.example' }],
      timeoutSeconds: 3,
      retries: 1,
    },
    {
      via: "10.0.0.4'; reboot #",
      probes: [{ http: 'http://u:p@h.example:8080/a?b' }],
      timeoutSeconds: 3,
      retries: 0,
    },
  ];
  const gateway = { internalInterface: 'eth0', externalInterface: 'eth1', source: '10.0.1.1' };
  const tasks = [...taskTypes].map(([type, { examples }], at) => ({
    ...task(`p1t${at}`, { file: 'f', word: 'w' }),
    type,
    args: examples[0]?.args ?? null,
  }));
  return [
    ['the probe of a run', probeScript('gwf-1', tasks, taskTypes).text],
    ['status of a gateway', gatewayScript({ pool: ['203.0.113.1'], inside: { first: 1, last: 2 } }).text],
    ['status of a webserver', webserverScript.text],
    ['counting for a drain', countScript('gwf-1', ['10.0.1.1', "a'b"]).text],
    ['a look through gateways', throughScript('gwf-1', orders).text],
    [
      'a look by itself',
      throughScript(
        'gwf-1',
        orders.map((order) => ({ ...order, via: undefined })),
      ).text,
    ],
    ['a question for a source', sourceScript('gwf-1', '10.0.0.3').text],
    ['a look at a gateway', gatewayLookScript('gwf-1', gateway).text],
    ['a question for owners', addressOwnersScript('gwf-1', 'eth1', ['203.0.113.1', '203.0.113.2']).text],
    ['whom a gateway carries', carriedScript('gwf-1').text],
    ['connections of an owner that was', forgetScript('gwf-1', ['203.0.113.1', '203.0.113.2']).text],
    ['telling of a new owner', announceScript('gwf-1', 'eth1', ['203.0.113.1', '203.0.113.2']).text],
  ];
}

function ways(): readonly (readonly [string, string])[] {
  const become = { user: 'root', password: 'secret' };
  const orders = [null, { user: 'root' }, become].map((wish) =>
    orderFor(sh`id`, { user: 'op', become: wish, nonce: 'n', afterwards: 'ends' }),
  );
  const next = nextOrder(sh`id`, { nonce: 'n', afterwards: 'waits' });
  return [
    ...[null, become].flatMap((wish) => {
      const way = { user: 'op', become: wish };
      return [
        ['the door', door(way).text] as const,
        ['the door of the system ssh', markedDoor(way, { readyMark: 'in', endMark: 'out' }).text] as const,
      ];
    }),
    ...[...orders, next].flatMap(({ opening, payload, sudo }, at) => [
      [`order ${at}`, opening.split('\n')[0] ?? ''] as const,
      [`payload ${at}`, sudo === undefined ? payload : payload.slice(payload.indexOf('\n') + 1)] as const,
    ]),
  ];
}

/** Each once. */
function together(all: readonly Script[]): string {
  const different = new Map(all.filter(({ text }) => text !== '').map((script) => [script.text, script]));
  return block(...[...different.values()].map((script) => subshell(script))).text;
}
