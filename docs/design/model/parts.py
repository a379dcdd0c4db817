"""change b for groups (rule 3): three parts, one call, one token; the answer is held up, and comes when find has looked at some parts.
find knows that a thing bears the token, not of which part it is, and gives a part any thing that no entry holds.   python3 parts.py"""
from collections import namedtuple as nt
S = nt('S', 'E N extra again v')      # E: what each part holds ('?': sought, '-': concluded NOT), N: reports to come, extra: held as evidence
PARTS = (0, 1, 2)
def held(s): return {x for x in s.E if x in PARTS} | set(s.extra)
def init(): return S(('?',) * 3, PARTS, (), 0, '')        # thing i was made for part i, and the report says so
def succ(c, s):
    out = []; R = s._replace
    add = lambda l, n: out.append((l, n))
    for i in PARTS:
        if s.E[i] == '?':
            free = [x for x in PARTS if x not in held(s)]
            for x in free: add(f'find gives part {i} thing {x}', R(E=s.E[:i] + (x,) + s.E[i + 1:]))
            if not free: add(f'find shows nothing for part {i}', R(E=s.E[:i] + ('-',) + s.E[i + 1:]))
        if s.E[i] == '-': add(f'part {i} is made again', R(again=s.again + 1, E=s.E[:i] + (9,) + s.E[i + 1:], v='made again though all are there'))
    for i in s.N:                                         # a fenced attempt's word, in any order
        N = tuple(x for x in s.N if x != i); E = s.E
        if i in held(s): add(f'late: part {i} is thing {i}, known', R(N=N)); continue
        if E[i] == '?': add(f'late: part {i} is thing {i}', R(N=N, E=E[:i] + (i,) + E[i + 1:])); continue
        waits = [k for k in PARTS if E[k] == '?']
        if c == 'kept' and waits: k = waits[0]; add(f'late: thing {i} is of part {k}, which waits', R(N=N, E=E[:k] + (i,) + E[k + 1:]))
        else: add(f'late: part {i} has one more, thing {i}', R(N=N, extra=s.extra + (i,)))
    return out
def check(s):
    if s.v: return s.v
    if s.extra and '?' not in s.E and '-' not in s.E and len(set(s.E)) == 3: return 'evidence of what a part should hold'
def show(name, c):
    s0 = init(); par = {s0: (None, '')}; cur = [s0]; found = {}
    while cur:
        nxt = []
        for s in cur:
            for l, n in succ(c, s):
                if n in par: continue
                par[n] = (s, l); v = check(n)
                if v: found.setdefault(v, n); continue
                nxt.append(n)
        cur = nxt
    print(f'== {name}: {len(par)} states, complete, violations {sorted(found)}')
    for k, s in sorted(found.items()):
        tr = []; x = s
        while par[x][0] is not None: tr.append(par[x][1]); x = par[x][0]
        print('  --', k); [print('      ', l) for l in tr[::-1]]
if __name__ == '__main__':
    show('NAIVE a late report of a part that holds another thing is one more of that part', 'naive')
    show('KEPT it is of a part of the call that waits, if there is one', 'kept')
