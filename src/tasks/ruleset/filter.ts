/**
 * The awk that runs on the host: it cuts what is ours out of `iptables-save`, for the probe, and turns what is
 * wanted and what is live into one `iptables-restore` text, for the apply. The host does it because foreign rules
 * move by themselves (fail2ban), and must neither be in the probe's bytes nor be counted by us beforehand.
 */
import { type Script, sh } from '../../shell/sh.ts';
import type { Owner } from './state.ts';

/**
 * Sets `$gwfleet_recipe`, which all three read, from `$gwfleet_rules`: where the recipe's rule for answers stands, a rule
 * that leads to one address is the recipe's too, whatever the pool is by now.
 */
export function recipeLook({ external }: Owner): Script {
  const answers = `-A FORWARD -i ${external} -m state --state RELATED,ESTABLISHED -j ACCEPT`;
  return sh`case $gwfleet_rules in *${answers}*) gwfleet_recipe=1 ;; *) gwfleet_recipe= ;; esac`;
}

/** Reads `iptables-save`; prints `policy P`, `:table chain policy`, `-table chain rule`, `@table chain position rule`. */
export function ownPart(owner: Owner): Script {
  return sh`awk ${settings(owner)} -v recipe="$gwfleet_recipe" ${`${ownership}function tell(line) { print line }\n${printing}`}`;
}

/**
 * The same of what stands behind the line `live`; before it stand wanted rules as they are printed. The last line says
 * whether the live rules are these, in whatever order: `alike`, `otherwise`, or `none` where there are no own ones.
 */
export function comparedPart(owner: Owner): Script {
  return sh`awk ${settings(owner)} -v recipe="$gwfleet_recipe" ${ownership + comparing + printing}`;
}

/** Reads a plan, the line `live`, `iptables-save`; prints the text for `iptables-restore --noflush`. */
export function composer(owner: Owner): Script {
  return sh`awk ${settings(owner)} -v recipe="$gwfleet_recipe" ${ownership + composing}`;
}

function settings({ style, internal, external, network, single }: Owner): readonly string[] {
  const values = { style, inner: internal, outer: external, net: network, single };
  return Object.entries(values).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
}

/** The rules of the seed are known by their text: they lie in others' chains and carry no mark. */
const ownership = `
function own(t, c) {
  if (t == "nat") return c == "GWFLEET-SNAT"
  if (t == "filter") return c == "GWFLEET-FORWARD" || c == "GWFLEET-INPUT"
  return t == "mangle" && c == "GWFLEET-HASH"
}
function whole(t) { return style == "seed" && (t == "nat" || t == "filter") }
function target(r,  w, i, k) {
  gsub(/"[^"]*"/, "", r)
  k = split(r, w, " ")
  for (i = 1; i < k; i++) if (w[i] == "-j" || w[i] == "-g") return w[i + 1]
  return ""
}
function leftover(t, c, r,  to) {
  if (t == "filter" && c == "FORWARD") return r == "-i lo -j ACCEPT" || r == ("-s " net " -i " inner " -j ACCEPT") || r == ("-i " outer " -m state --state RELATED,ESTABLISHED -j ACCEPT")
  if (t != "nat" || c != "POSTROUTING" || index(r, "-o " outer " -j SNAT --to-source ") != 1) return 0
  to = substr(r, length("-o " outer " -j SNAT --to-source ") + 1)
  return to ~ /^[0-9.]+-[0-9.]+$/ || (recipe && to ~ /^[0-9.]+$/) || (single != "" && to == single)
}
function hook(t, c, r) { return !own(t, c) && (own(t, target(r)) || leftover(t, c, r)) }
function rest(c) { return substr($0, length(c) + 5) }
`;

const comparing = `
!live { if ($0 == "live") live = 1; else if ($0 != "") wanted[$0]++; next }
END {
  for (rule in wanted) if (wanted[rule] != 0) differs = 1
  print !any ? "none" : differs ? "otherwise" : "alike"
}
function tell(line) { any = 1; if (!index(line, " --dst-range ")) wanted[line]--; print line }
`;

/** A built-in chain that lets everything pass looks like a table that nobody has used yet, so it is left out. */
const printing = `
/^\\*/ { t = substr($0, 2) }
/^:/ {
  c = substr($1, 2)
  if (t == "filter" && c == "FORWARD" && $2 != "ACCEPT") print "policy", $2
  if (whole(t) && $2 == "ACCEPT") held[t, c] = 1
  else if (whole(t) || own(t, c)) print ":" t, c, $2
}
/^-A / {
  c = $2; r = rest(c); n[t, c]++
  if ((t, c) in held) { print ":" t, c, "ACCEPT"; delete held[t, c] }
  if (whole(t) || own(t, c)) tell("-" t " " c " " r)
  else if (hook(t, c, r)) print "@" t, c, n[t, c], r
}
`;

/** A place behind the end of a chain (others' rules went away meanwhile) becomes the end. */
const composing = `
$0 == "live" { live = 1; next }
!live && $1 == "chain" { declared[$2] = declared[$2] ":" $3 " - [0:0]\\n"; next }
!live && $1 == "drop" { drops[$2] = drops[$2] " " $3; next }
!live && $1 == "policy" { declared[$2] = declared[$2] ":" $3 " " $4 " [0:0]\\n"; next }
!live && $1 == "rule" { rules[$2] = rules[$2] "-A " substr($0, length($2) + 7) "\\n"; next }
!live && $1 == "hook" { hooks++; at[hooks] = $2; into[hooks] = $3; place[hooks] = $4; said[hooks] = substr($0, length($2 $3 $4) + 9); next }
/^\\*/ { t = substr($0, 2) }
/^:/ { exists[t, substr($1, 2)] = 1 }
/^-A / {
  c = $2; r = rest(c)
  if (whole(t) || own(t, c)) next
  if (hook(t, c, r)) gone[t] = gone[t] "-D " c " " r "\\n"
  else foreign[t, c]++
}
END {
  k = split("mangle nat filter", order, " ")
  for (i = 1; i <= k; i++) {
    t = order[i]; text = declared[t]; after = ""
    m = split(drops[t], names, " ")
    for (j = 1; j <= m; j++) if ((t, names[j]) in exists) { text = text ":" names[j] " - [0:0]\\n"; after = after "-X " names[j] "\\n" }
    text = text gone[t] rules[t]
    for (j = 1; j <= hooks; j++) if (at[j] == t) {
      c = into[j]; last = foreign[t, c] + ++put[t, c]
      text = text "-I " c " " (place[j] > last ? last : place[j]) " " said[j] "\\n"
    }
    if (text after != "") printf "*%s\\n%s%sCOMMIT\\n", t, text, after
  }
}
`;
