"""Executable model of the ledger and the task: what ledger-rules.md says, as states and transitions.
Time is a virtual clock in two zones per entry: z=0 'call window open', z=1 'call deadline + settling time passed'.
ASSUMPTION A1: a request SENT while z=0 has landed or died, and is listed, before z becomes 1.
A request sent at z=1 is 'stale' (worker paused between its last check and the send); only with cfg.stale.
Pausing = not being scheduled.  Engine crash = lost acks = the worker/finder/undoer record is dropped between two commits."""
from collections import namedtuple as nt

Task = nt('Task', 'st cause goal ub nrun nlost epoch lease kind only retain stop evid ask doubt chk', defaults=('', False, False))
# n: number of the intent, ut: undo calls begun in this rollback, uq: undo calls ever, m: looks by id that said 'not there' (2: a settling
# time ago), lk: looked at since resume, was: it was the key's own thing once
Ent = nt('Ent', 'key base st gen id own ep z burnt tried uz n ut uq m lk was', defaults=(0, 0, 0, 0, False, False))
Thing = nt('Thing', 'id key gen alive own stale par vis dy', defaults=(True, False))   # vis: shown by id, dy: its delete was accepted
Req = nt('Req', 'ep key gen stale')
Wk = nt('Wk', 'ep idx pc aux stale n', defaults=(0,))
Fi = nt('Fi', 'ek ep ids z cas')
Un = nt('Un', 'ek ep id pc n', defaults=(0,))
Ns = nt('Ns', 'ek ep n')      # a NOT_SENT report on its way
B = nt('B', 'crash lost cancel resume rollback resolve findfail undofail stale oob delete drop refuse tmo notsent ttl acc accfail blink remove')
S = nt('S', 't E T Q W F U b gone v N', defaults=((),))

QUEUED, RUNNING, CANCELLING, ROLLING = 'QUEUED', 'RUNNING', 'CANCELLING', 'ROLLING_BACK'
SUCC, FAILED, CANC, PF, RB, RBF = 'SUCCEEDED', 'FAILED', 'CANCELLED', 'PARTIALLY_FAILED', 'ROLLED_BACK', 'ROLLBACK_FAILED'
REST = {SUCC, FAILED, CANC, PF, RB, RBF}
INT, CRE, UNC, NOT, UNDOING, UNDONE, UNDOF, RET, FORG = ('INTENDED', 'CREATED', 'UNCERTAIN', 'NOT_CREATED', 'UNDOING', 'UNDONE',
                                                        'UNDO_FAILED', 'RETAINED', 'FORGOTTEN')
MISS = 'MISSING'
CLOSED = {NOT, UNDONE, RET, FORG}

LITERAL = dict(gen_rise_on_find=True, evid='overwrite', cas=False, ask_time=False, evid_any_state=True, evid_same_noop=False,
               succ_settle=False, only_end=RB, early_verdict=True, unc_find=False, unc_blocks_run=False, origin_succ=False,
               retain_closure=False, undoing_verdict=True, adopt_guard=False, rise_on_terminated=False, id_uncertain_undo=False,
               find_all=False, scan_rollback=False, evid_same_intent=False, key_open_blocks=False, tombstone=False, pos_wait=False, undo_window=False, retain_needs_id=False, epoch_check=True, undo_order=True, id_unique=True, retain_first=True)
FIXED = dict(gen_rise_on_find=False, evid='separate', cas=True, ask_time=True, evid_any_state=False, evid_same_noop=True,
             succ_settle=True, only_end=PF, early_verdict=False, unc_find=True, unc_blocks_run=True, origin_succ=True,
             retain_closure=True, undoing_verdict=False, adopt_guard=True, rise_on_terminated=True, id_uncertain_undo=True,
             find_all=True, scan_rollback=True, evid_same_intent=True, key_open_blocks=True, tombstone=True, pos_wait=True, undo_window=True, retain_needs_id=True, epoch_check=True, undo_order=True, id_unique=True, retain_first=True)

# a-g: the forms that were tried; NEW holds those that survive
NEW = dict(ns='fixed',            # a: off, any_epoch, no_number, live_only, watchdog, risen
           goon='lost',           # b: off, c_any, c_cancel, c_unbounded, c_late, c_ok
           undo_one=True,         # c: the next undo of an entry only after the last one's definite answer or its window
           undo_count='commit',   # c: report
           acc='look',            # g: undone
           look_404=True,         # g: a delete answered 'not found' is a look, no more
           look_time=True,        # d, g: 'not there' by id counts only after the thing's own settling
           gone='keep',           # d: drop
           gone_looks=2,          # d: 1
           gone_kids=True,        # d: a gone key is made again only when nothing alive depends on it
           gone_undo_kids=False,  # d: what depends on the key blocks the undo of its old thing too: not needed where gone_kids holds
           gone_word='first',     # d: a person's 'gone' is the first of the two looks; all: it is enough
           gone_last=True,        # d: MISSING is looked at once more before the task ends
           replace='only',        # e: old, none
           remove_order=True)     # e: remove() inside a run keeps to rule 16
FIXED.update(NEW)

class Cfg:
    def __init__(c, keys=('a',), deps=None, cloud='token', rules=None, budget=None, max_run=2, max_lost=2, resumable=True,
                 on_failure='KEEP', on_cancel='KEEP', swallow=False, stale_may_die=False, adopt=(), adopt_if_seen=False,
                 retain=False, only=False, lying_person=False, expire=False, strict_dup=False, stale_undo=False, strict_unknown=False,
                 goon=False, undo_n=0, fly=False, lag=False, look=False, a2=True, a3=True, lies=False, replace=False):
        c.strict_unknown = strict_unknown
        c.finals = 0    # rollbacks that the walk itself asks for at the end
        c.goon, c.undo_n, c.fly, c.lag, c.look, c.a2, c.a3, c.lies, c.replace = goon, undo_n, fly, lag, look, a2, a3, lies, replace
        c.stale_undo = stale_undo
        c.strict_dup = strict_dup
        c.keys, c.deps, c.cloud = keys, deps or {}, cloud
        c.r = dict(FIXED); c.r.update(rules or {})
        c.__dict__.update({'r_' + k: v for k, v in c.r.items()})
        c.budget = B(**{**dict.fromkeys(B._fields, 0), **(budget or {})})
        c.max_run, c.max_lost, c.resumable, c.on_failure, c.on_cancel = max_run, max_lost, resumable, on_failure, on_cancel
        c.swallow, c.stale_may_die, c.adopt, c.adopt_if_seen = swallow, stale_may_die, adopt, adopt_if_seen
        c.retain, c.only, c.lying_person, c.expire = retain, only, lying_person, expire

def init(c):
    E = tuple(Ent(k, k, '-', 1, 0, True, 0, 1, False, False, 1) for k in c.keys)
    T = tuple(Thing(i + 1, k, 0, True, False, False, 0) for i, k in enumerate(c.adopt))
    return S(Task(QUEUED, '', '', False, 0, 0, 0, '', '', '', '', False, False), E, T, (), (), (), (), c.budget, False, '')

def upd(E, ek, **kw):
    return tuple(e._replace(**kw) if e.key == ek else e for e in E)
def ent(E, ek):
    for e in E:
        if e.key == ek: return e
def use(b, f):
    return b._replace(**{f: getattr(b, f) - 1})
def live(E): return [e for e in E if e.st != '-']
def isopen(e): return e.st != '-' and e.own and e.st not in CLOSED
def opens(E): return [e for e in E if isopen(e)]
def settled_needed(c, E, t=None):
    return [e for e in E if e.st == INT or (c.r_unc_find and e.st == UNC and not e.tried)
            or (t is not None and c.r_gone_last and e.st == MISS and not e.tried and (t.goal or t.st == ROLLING))]

def kids(c, E, e):      # entries that depend on e (evidence entries depend on what their base depends on)
    return [x for x in E if x.st != '-' and (e.key == e.base or (e.was and c.r_gone_undo_kids)) and e.base in c.deps.get(x.base, ())]

def rest_state(c, t, E):
    """what a resting task becomes once nothing runs: used by conclude, by resolve and by late evidence"""
    if t.cause == 'SUCCESS' and not t.ub and c.r_origin_succ:
        return PF if any(e.st in (INT, UNC, UNDOING, UNDOF, MISS) and e.own for e in E) else SUCC
    if opens(E): return RBF if t.st == RBF else PF
    return {'FAIL': FAILED, 'CANCEL': CANC, 'ROLLBACK': RB, 'SUCCESS': RB if t.ub else FAILED}.get(t.cause, FAILED)

def late(c, s, ek, gen, ident, ep):
    """a fenced CREATED report"""
    if s.gone:
        if not c.r_tombstone: return s
        s = s._replace(gone=False)      # the tombstone comes back as a task
    E, t = s.E, s.t
    e = ent(E, ek)
    if c.r_evid == 'drop': return s
    if c.r_evid == 'overwrite':
        st = UNC if e.st in CLOSED or e.st in (CRE, UNC, UNDOF) else e.st
        E = upd(E, ek, id=ident, st=st)
    else:
        mine = [x for x in E if x.base == e.base and x.id == ident]
        if mine:
            x = mine[0]
            return s            # an id the ledger has already: nothing new (UNDONE with this id is known gone)
        liveatt = t.lease == 'RUN' and e.ep == t.epoch and e.st == INT
        own_int = e.ep == ep or not c.r_evid_same_intent
        if e.gen == gen and own_int and not e.id and e.st in (INT, UNC) and not liveatt:
            E = upd(E, ek, id=ident, st=CRE)
        elif e.gen == gen and own_int and not e.id and e.st == NOT:
            E = upd(E, ek, id=ident, st=UNC, tried=False)
        else:
            n = sum(x.base == e.base for x in E)
            E = E + (Ent(f'{e.base}~{n}', e.base, UNC, gen, ident, True, ep, 1, False, False, 1),)
    t2 = t._replace(evid=True)
    if c.r_evid_any_state:
        t2 = t2._replace(st=PF)
    elif t.st in REST:
        t2 = t2._replace(st=rest_state(c, t, E))
    return s._replace(E=E, t=t2)

def fail_next(c, t, E, retry):
    """RUN attempt ended with a failure, or was lost and may not run again"""
    if t.st == CANCELLING: return t._replace(lease='', goal='CANCEL')
    if retry: return t._replace(lease='', st=QUEUED, goal='')
    return t._replace(lease='', goal='FAIL')

def conclude(c, t, E):
    if t.goal == 'SUCCEED':
        bad = any(e.st in (INT, UNC, MISS) for e in E)
        return t._replace(st=PF if bad else SUCC, goal='', cause='FAIL' if bad else 'SUCCESS')
    g = c.r_goon
    if c.goon and g[:2] == 'c_' and c.resumable and not any(e.st in (INT, UNC) and e.own for e in E):
        if ((t.goal == 'FAIL' or g == 'c_cancel') and (t.doubt or g in ('c_any', 'c_cancel')) and (t.nlost < c.max_lost or g == 'c_unbounded')
                and (t.ask != 'late' or g == 'c_late') and (g == 'c_cancel' or t.ask != 'cancel')):
            return t._replace(st=QUEUED, goal='', nlost=t.nlost + 1, doubt=not t.doubt)
    pol = c.on_failure if t.goal == 'FAIL' else c.on_cancel
    t = t._replace(cause=t.goal)
    if not opens(E): return t._replace(st=FAILED if t.goal == 'FAIL' else CANC, goal='')
    if pol == 'ROLL_BACK' and not t.ub: return t._replace(st=ROLLING, kind='pol', ub=True, goal='', only='', retain='', stop=False)
    return t._replace(st=PF, goal='')

def undo_ready(c, t, E, e):
    if not e.own or (t.only and e.base != t.only) or (e.base == t.retain and not c.r_retain_first): return False
    if e.st not in (CRE, UNDOF, UNDOING, UNC) or not e.id: return False
    if c.undo_n and e.ut >= c.undo_n: return False
    if e.st == UNC and not c.r_id_uncertain_undo: return False
    for k in kids(c, E, e):
        if c.r_undo_order and k.st not in (NOT, UNDONE, FORG): return False     # retained, not undone, uncertain or not owned: blocks
    return True

def over(c, e):
    """no more undo of it in this rollback"""
    return e.st == UNDOF and e.tried and not c.undo_n

def may_start(c, s, e):
    """no undo of it is on its way"""
    if any(u.ek == e.key and u.ep == s.t.epoch for u in s.U): return False
    return not (c.undo_n and c.r_undo_one) or e.uz or e.st in (CRE, UNC)

def gone(c, E, e):
    """the provider said often enough that the thing of e does not exist"""
    if c.r_gone == 'drop': return upd(E, e.key, st=UNDONE, m=0)
    if e.key != e.base: return upd(E, e.key, st=MISS, m=1, tried=False)
    n = sum(x.base == e.base for x in E)
    return upd(E, e.key, st=NOT, burnt=True, id=0, m=0, lk=True) + (Ent(f'{e.base}~{n}', e.base, MISS, e.gen, e.id, True, e.ep, 1, False, False, 1, m=1, was=True),)

def back(c, E, e):
    """the thing of e, MISSING, shows again"""
    be = ent(E, e.base)
    if e.key != e.base and be.st in (NOT, UNDONE):
        return tuple(x for x in upd(E, e.base, st=CRE, id=e.id, gen=max(be.gen, e.gen), z=1, m=0) if x.key != e.key)
    return upd(E, e.key, st=CRE, m=0)

def blocked_final(c, t, E, e):
    return not undo_ready(c, t, E, e)

def create(c, s, q):
    """the cloud does it; returns (things, answer)"""
    same = [x for x in s.T if x.key == q.key and x.gen == q.gen]
    if c.cloud == 'token' and same and not c.expire:
        al = [x for x in same if x.alive]
        return s.T, (al[0].id if al else 'TERMINATED')
    par = 0
    for p in c.deps.get(q.key, ()):
        ps = [x for x in s.T if x.key == p and x.alive and (s.gone or x.id == ent(s.E, p).id)]
        if not ps: return s.T, 'REFUSED'
        par = ps[0].id
    return s.T + (Thing(len(s.T) + 1, q.key, q.gen, True, True, q.stale, par, not c.lag),), len(s.T) + 1

def succ(c, s):
    t, E, b = s.t, s.E, s.b
    out = []
    R = s._replace
    add = lambda lab, ns: out.append((lab, ns))
    # ---------------------------------------------------------------- engine
    if not s.gone:
        need = settled_needed(c, E, t)
        hasunc = c.r_unc_blocks_run and any(e.st == UNC and e.own for e in E)
        if t.st == QUEUED and not need and not t.lease:
            if hasunc: add('engine: uncertain blocks run', R(t=t._replace(goal='FAIL', st=RUNNING)))
            elif not any(w.ep == t.epoch for w in s.W) and not (t.chk and any(e.st == CRE and e.own and not e.lk for e in E)) and not (
                    c.look and any(e.st == UNDOING and e.own for e in E)):
                ep = t.epoch + 1; v = ''
                if c.goon and t.doubt: v = 'GOON after a definite failure'
                if c.goon and t.nrun >= c.max_run + c.max_lost: v = 'GOON more attempts than allowed'
                if t.ask: v = 'GOON runs after ' + t.ask
                add(f'engine: lease RUN epoch {ep}', R(t=t._replace(st=RUNNING, lease='RUN', epoch=ep, nrun=t.nrun + 1, chk=False), v=v,
                                                     W=s.W + (Wk(ep, 0, 'next', 0, False),)))
        if t.lease == 'RUN' and b.lost:
            again = c.resumable and t.nlost < c.max_lost
            t2 = t._replace(nlost=t.nlost + 1, epoch=t.epoch + 1)
            add('engine: RUN lease expires', R(t=fail_next(c, t2, E, again), b=use(b, 'lost')))
        if t.lease == 'RUN' and not any(w.ep == t.epoch for w in s.W):   # its worker is dead: expiry needs no budget
            again = c.resumable and t.nlost < c.max_lost
            t2 = t._replace(nlost=t.nlost + 1, epoch=t.epoch + 1)
            add('engine: RUN lease expires (dead)', R(t=fail_next(c, t2, E, again)))
        if t.goal and not t.lease and not need:
            add(f'engine: conclude {t.goal}', R(t=conclude(c, t, E), E=tuple(e._replace(tried=False) for e in E)))
        if b.ttl and not t.ask:
            if t.st == QUEUED: add('engine: total timeout', R(t=t._replace(st=RUNNING, goal='FAIL', ask='late'), b=use(b, 'ttl')))
            elif t.st == RUNNING and t.lease: add('engine: total timeout', R(t=t._replace(lease='', epoch=t.epoch + 1, goal='FAIL', ask='late', doubt=False), b=use(b, 'ttl')))
            elif t.st == RUNNING and t.goal: add('engine: total timeout', R(t=t._replace(ask='late'), b=use(b, 'ttl')))
        # looks by id: at resume, at what is MISSING before the task ends, at what an undo was asked for
        for e in E:
            if not e.own or not e.id: continue
            x = s.T[e.id - 1]; seen = x.alive and x.vis
            if t.st == QUEUED and t.chk and not t.lease and e.st == CRE and not e.lk:
                if seen: add(f'look({e.key}) {e.id} is there', R(E=upd(E, e.key, lk=True, m=0)))
                elif e.z or not c.lag or not c.r_look_time:
                    if e.m == 0 and c.r_gone_looks == 2: add(f'look({e.key}) {e.id} not there, 1st', R(E=upd(E, e.key, m=1)))
                    elif e.m == 2 or c.r_gone_looks == 1: add(f'look({e.key}) {e.id} not there -> MISSING', R(E=gone(c, E, e)))
                if b.findfail: add(f'look({e.key}) can\'t tell', R(E=upd(E, e.key, lk=True, m=0), b=use(b, 'findfail')))
            if e.st == MISS and e in need and not (t.st == ROLLING and (t.stop or (t.only and e.base != t.only))) and (not t.lease or t.lease == 'UNDO'):
                if seen: add(f'look({e.key}) {e.id} is back', R(E=back(c, E, e)))
                elif e.m == 2: add(f'look({e.key}) {e.id} not there -> UNDONE (gone)', R(E=upd(E, e.key, st=UNDONE, m=0)))
                if b.findfail: add(f'look({e.key}) can\'t tell', R(E=upd(E, e.key, tried=True), b=use(b, 'findfail')))
            if c.look and e.st in (UNDOING, UNDOF) and (t.lease == 'UNDO' and not t.stop or (t.st == QUEUED or t.goal) and not t.lease) and not any(u.ek == e.key and u.ep == t.epoch for u in s.U):
                if not seen and (e.z or not c.lag or not c.r_look_time):
                    if e.m == 0 and c.r_gone_looks == 2 and c.budget.blink + c.lag: add(f'look({e.key}) {e.id} not there, 1st', R(E=upd(E, e.key, m=1)))
                    elif e.m != 1: add(f'look({e.key}) {e.id} not there -> UNDONE', R(E=upd(E, e.key, st=UNDONE, tried=False, m=0)))
                elif seen and e.uz and e.st == UNDOING: add(f'look({e.key}) {e.id} is still there -> UNDO_FAILED', R(E=upd(E, e.key, st=UNDOF, tried=True)))
        # settle: ask, answer. (QUEUED, RUNNING with a goal, CANCELLING, ROLLING_BACK)
        if not t.lease or t.lease == 'UNDO':
            if t.st in (QUEUED, ROLLING) or t.goal:
                for e in need:
                    if e.st == MISS or any(f.ek == e.key for f in s.F): continue
                    if t.st == ROLLING and (t.stop or (t.only and e.base != t.only)): continue
                    mine = [x for x in s.T if x.key == e.base and x.gen == e.gen and x.alive and x.own]
                    sure = tuple(x.id for x in mine if e.z and not x.stale)
                    all_ = tuple(x.id for x in mine if x.vis or e.z)
                    for res in {sure, all_}:
                        add(f'find({e.key}) asked, sees {res} z={e.z}', R(F=s.F + (Fi(e.key, t.epoch, res, e.z, e[2:5] + e[6:7]),)))
        if t.st == ROLLING:
            if not t.lease:
                add('engine: lease UNDO', R(t=t._replace(lease='UNDO', epoch=t.epoch + 1)))
            elif b.lost:
                add('engine: UNDO lease expires', R(t=t._replace(lease='', epoch=t.epoch + 1), b=use(b, 'lost')))
            if t.lease == 'UNDO' and not t.stop:
                for e in E:
                    if undo_ready(c, t, E, e) and may_start(c, s, e) and not over(c, e):
                        if c.undo_n or c.fly: E2 = upd(E, e.key, st=UNDOING, uz=0, tried=False, uq=e.uq + 1, ut=e.ut + (c.r_undo_count == 'commit'))
                        else: E2 = upd(E, e.key, st=UNDOING, uz=0)
                        add(f'undo({e.key}) UNDOING committed', R(E=E2, U=s.U + (Un(e.key, t.epoch, e.id, 'go', ent(E2, e.key).uq),)))
            cur = [u for u in s.U if u.ep == t.epoch]
            if t.lease == 'UNDO' and not cur and not s.F:
                todo = [e for e in E if undo_ready(c, t, E, e) and not over(c, e)
                        or c.look and e.own and e.id and e.st == UNDOING and not (t.only and e.base != t.only)]
                todo += [e for e in E if c.look and e.own and e.id and e.st == UNDOF and not (t.only and e.base != t.only) and not s.T[e.id - 1].alive]
                tofind = [e for e in need if not (t.only and e.base != t.only)]
                if t.stop or (not todo and not tofind):
                    E2 = upd_retain(c, t, E) if not c.r_retain_first else E
                    E2 = tuple(e._replace(tried=False, ut=0, st=UNDOF if e.st == UNDOING else e.st) for e in E2)
                    op = opens(E2)
                    t2 = t._replace(lease='', epoch=t.epoch + 1)
                    if not op:
                        fin = RB if t.kind == 'per' else {'FAIL': FAILED, 'CANCEL': CANC}[t.cause]
                        t2 = t2._replace(st=fin, cause='ROLLBACK' if t.kind == 'per' else t.cause)
                    elif t.stop: t2 = t2._replace(st=RBF, cause='ROLLBACK' if t.kind == 'per' else t.cause)
                    elif t.only and not any(e.base == t.only for e in op):
                        t2 = t2._replace(st=c.r_only_end, cause='ROLLBACK')
                    else: t2 = t2._replace(st=RBF, cause='ROLLBACK' if t.kind == 'per' else t.cause)
                    add(f'engine: rollback ends {t2.st}', R(t=t2, E=E2))
            if b.tmo:
                E2 = tuple(e._replace(tried=False, ut=0, st=UNDOF if e.st == UNDOING else e.st) for e in E)
                add('engine: undo_timeout', R(t=t._replace(lease='', epoch=t.epoch + 1, st=RBF, cause='ROLLBACK' if t.kind == 'per' else t.cause),
                                               E=E2, b=use(b, 'tmo')))
    # ---------------------------------------------------------------- clock
    for e in E:
        hid = c.lag and any(x.key == e.base and x.alive and not x.vis and x.gen == e.gen and not x.stale for x in s.T)
        if e.z == 0 and (e.st in (INT, UNC) or c.lag and e.st in (CRE, UNDOING, UNDOF)) and not hid and not any(q.key == e.base and not q.stale for q in s.Q):
            add(f'clock: deadline+settling of {e.key} passed', R(E=upd(E, e.key, z=1)))
        if e.m == 1 and (not c.a3 or c.a3 == 'mid' and e.st == CRE or not s.T[e.id - 1].alive or s.T[e.id - 1].vis
                         or c.lag and not e.z):      # A3 speaks of what is settled
            add(f'clock: a settling time passed since {e.key} was not there', R(E=upd(E, e.key, m=2)))
        if e.uz == 0 and e.st in (UNDOING, UNDOF) and not (c.fly and (any(u.ek == e.key and u.pc in ('fly', 'orph') for u in s.U) or c.a2 and s.T[e.id - 1].dy)):
            add(f'clock: undo call window of {e.key} passed', R(E=upd(E, e.key, uz=1)))
    # ---------------------------------------------------------------- finders
    for i, f in enumerate(s.F):
        F2 = s.F[:i] + s.F[i + 1:]
        e = None if s.gone else ent(E, f.ek)
        if e is None or f.ep != t.epoch or (c.r_cas and e.st not in (INT, UNC)) or (c.r_cas and e[2:5] + e[6:7] != f.cas):
            add(f'find({f.ek}) answer refused (epoch/version)', R(F=F2)); continue
        if c.r_pos_wait and c.cloud == 'tag' and f.ids and not f.z:
            add(f'find({f.ek}) {f.ids}, too early', R(F=F2)); continue
        if c.r_cas and e.id and e.id not in f.ids:
            add(f'find({f.ek}) does not list {e.id}: stays UNCERTAIN', R(F=F2, E=upd(E, f.ek, tried=True))); continue
        if e.key != e.base:     # an evidence entry, its id is seen: it becomes the key's own thing where the key has none
            be = ent(E, e.base)
            if be.st in (NOT, UNDONE):
                E2 = tuple(x for x in upd(E, e.base, st=CRE, id=e.id, gen=max(be.gen, e.gen), z=1) if x.key != e.key)
            else: E2 = upd(E, e.key, st=CRE)
            add(f'find({f.ek}) -> CREATED {e.id}', R(F=F2, E=E2)); continue
        ids = f.ids
        if f.ids:
            ids = f.ids if c.r_find_all else f.ids[:1]
            if e.id: ids = (e.id,) + tuple(x for x in ids if x != e.id)
            if c.r_find_all:    # an id that another entry of the key has already is not this one's
                ids = tuple(x for x in ids if not any(y.key != e.key and y.base == e.base and y.id == x for y in E))
        if ids:
            E2 = upd(E, f.ek, st=CRE, id=ids[0])
            E2 = tuple(x for x in E2 if not (x.key != f.ek and x.base == e.base and x.id == ids[0] and '~' in x.key))
            for extra in ids[1:]:
                if not any(x.base == e.base and x.id == extra for x in E2):
                    n = sum(x.base == e.base for x in E2)
                    E2 = E2 + (Ent(f'{e.base}~{n}', e.base, CRE, e.gen, extra, True, e.ep, 1, False, False, 1),)
            add(f'find({f.ek}) -> CREATED {ids}', R(F=F2, E=E2))
        else:
            zz = f.z if c.r_ask_time else e.z
            if zz: add(f'find({f.ek}) -> NOT_CREATED', R(F=F2, E=upd(E, f.ek, st=NOT, id=0)))
            else: add(f'find({f.ek}) none, too early', R(F=F2))
        if b.findfail:
            add(f'find({f.ek}) can\'t tell -> UNCERTAIN', R(F=F2, E=upd(E, f.ek, st=UNC, tried=True), b=use(b, 'findfail')))
        if b.crash: add(f'find({f.ek}) lost with its worker', R(F=F2, b=use(b, 'crash')))
    # ---------------------------------------------------------------- undoers
    for i, u in enumerate(s.U):
        U2 = s.U[:i] + s.U[i + 1:]
        if u.pc == 'go':
            th = [x for x in s.T if x.id == u.id][0]
            v = ''
            if not th.own: v = 'INV7 deleted a thing that is not ours'
            e = None if s.gone else ent(E, u.ek)
            if c.r_undo_window and (e is None or e.uz) and not c.stale_undo:
                add(f'undo({u.ek}) worker fences itself', R(U=U2)); continue
            if th.alive and e is not None and e.st == RET: v = 'RET: deleted a retained thing'
            if th.alive and not s.gone:
                for x in s.T:
                    if x.alive and x.par == th.id and not x.stale:
                        ke = [y for y in E if y.base == x.key and y.id in (x.id, 0)]
                        if not any(y.st == FORG for y in ke): v = 'INV7 parent deleted while its child lives'
            T2 = tuple(x._replace(alive=False, dy=False) if x.id == u.id else x for x in s.T)
            if c.fly:
                if c.r_undo_one and c.undo_n and e is not None and e.uq != u.n and not c.stale_undo: add(f'undo({u.ek}) worker fences itself', R(U=U2))
                else: add(f'undo({u.ek}) delete {u.id} sent', R(U=s.U[:i] + (u._replace(pc='fly'),) + s.U[i + 1:], v='' if th.own else v))
                if b.crash: add(f'undo({u.ek}) worker dies', R(U=U2, b=use(b, 'crash')))
                continue
            add(f'undo({u.ek}) delete {u.id} ok', R(T=T2, U=s.U[:i] + (u._replace(pc='ok'),) + s.U[i + 1:], v=v))
            if b.undofail: add(f'undo({u.ek}) delete fails', R(U=s.U[:i] + (u._replace(pc='bad'),) + s.U[i + 1:], b=use(b, 'undofail')))
            if b.drop: add(f'undo({u.ek}) deleted, answer lost', R(T=T2, U=s.U[:i] + (u._replace(pc='bad'),) + s.U[i + 1:], b=use(b, 'drop'), v=v))
        elif u.pc in ('fly', 'orph'):
            th = s.T[u.id - 1]; e = None if s.gone else ent(E, u.ek); v = ''
            if th.alive and e is not None and e.st == RET: v = 'RET: deleted a retained thing'
            if th.alive and not s.gone:
                for x in s.T:
                    if x.alive and x.par == th.id and not x.stale and not any(y.st == FORG for y in E if y.base == x.key and y.id in (x.id, 0)): v = 'INV7 parent deleted while its child lives'
            kill = tuple(x._replace(alive=False, dy=False) if x.id == u.id else x for x in s.T)
            acc = tuple(x._replace(dy=x.alive) if x.id == u.id else x for x in s.T)
            def U3(pc): return s.U[:i] + ((u._replace(pc=pc),) if pc else ()) + s.U[i + 1:]
            fly = u.pc == 'fly'
            if th.alive and not th.vis: add(f'cloud: delete {u.id} finds nothing (404)', R(U=U3('404' if fly else '')))
            add(f'cloud: delete {u.id} done' + ('' if fly else ', unheard'), R(T=kill, U=U3('ok' if fly else ''), v=v))
            if not fly: add(f'cloud: delete {u.id} vanishes', R(U=U3('')))
            if b.acc and th.alive: add(f'cloud: delete {u.id} accepted (202)', R(T=acc, U=U3('acc' if fly else ''), b=use(b, 'acc')))
            if fly and b.undofail: add(f'cloud: delete {u.id} refused (busy)', R(U=U3('bad'), b=use(b, 'undofail')))
            if fly and b.drop:
                add(f'cloud: delete {u.id} done, answer LOST', R(T=kill, U=U3('lost'), b=use(b, 'drop'), v=v))
                add(f'undo({u.ek}) worker times out, its delete still on the way', R(U=U3('lost') + (u._replace(pc='orph', ep=-1),), b=use(b, 'drop')))
            if fly and b.crash: add(f'undo({u.ek}) worker dies, its delete still on the way', R(U=U3('orph'), b=use(b, 'crash')))
            continue
        elif c.fly:
            e = None if s.gone else ent(E, u.ek)
            if e is None or u.ep != t.epoch or e.st != UNDOING or e.uq != u.n: add(f'undo({u.ek}) report refused (epoch)', R(U=U2))
            elif u.pc == 'ok' or u.pc == 'acc' and c.r_acc == 'undone': add(f'undo({u.ek}) -> UNDONE', R(U=U2, E=upd(E, u.ek, st=UNDONE)))
            elif u.pc == '404' and not c.r_look_404: add(f'undo({u.ek}) -> UNDONE (404)', R(U=U2, E=upd(E, u.ek, st=UNDONE)))
            elif u.pc in ('acc', '404'): add(f'undo({u.ek}) {u.pc}: stays UNDOING', R(U=U2))
            else: add(f'undo({u.ek}) -> UNDO_FAILED ({u.pc})', R(U=U2, E=upd(E, u.ek, st=UNDOF, tried=True, uz=1 if u.pc == 'bad' else e.uz, ut=e.ut + (c.r_undo_count == 'report'))))
            if b.crash: add(f'undo({u.ek}) worker dies', R(U=U2, b=use(b, 'crash')))
            continue
        else:
            e = None if s.gone else ent(E, u.ek)
            if e is None or u.ep != t.epoch or e.st != UNDOING:
                add(f'undo({u.ek}) report refused (epoch)', R(U=U2))
            else:
                add(f'undo({u.ek}) -> ' + (UNDONE if u.pc == 'ok' else UNDOF),
                    R(U=U2, E=upd(E, u.ek, st=UNDONE if u.pc == 'ok' else UNDOF, tried=u.pc != 'ok')))
        if b.crash: add(f'undo({u.ek}) worker dies', R(U=U2, b=use(b, 'crash')))
    # ---------------------------------------------------------------- cloud
    for i, q in enumerate(s.Q):
        Q2 = s.Q[:i] + s.Q[i + 1:]
        wi = [j for j, w in enumerate(s.W) if w.ep == q.ep and w.pc == 'wait' and c.keys[w.idx] == q.key]
        T2, ans = create(c, s, q)
        if wi:
            j = wi[0]; w = s.W[j]
            pc = 'got' if isinstance(ans, int) else 'refused'
            add(f'cloud: {q.key} g{q.gen} epoch {q.ep} -> {ans}', R(T=T2, Q=Q2, W=s.W[:j] + (w._replace(pc=pc, aux=ans),) + s.W[j + 1:]))
            if b.refuse and not q.stale: add(f'cloud: {q.key} refused', R(Q=Q2, W=s.W[:j] + (w._replace(pc='refused', aux='QUOTA'),) + s.W[j + 1:], b=use(b, 'refuse')))
            if b.drop and not q.stale:
                add(f'cloud: {q.key} g{q.gen} epoch {q.ep} -> {ans}, answer LOST', R(T=T2, Q=Q2, b=use(b, 'drop')))
                add(f'cloud: {q.key} request of epoch {q.ep} vanishes', R(Q=Q2, b=use(b, 'drop')))
        else:
            add(f'cloud: {q.key} g{q.gen} epoch {q.ep} takes effect late -> {ans}', R(T=T2, Q=Q2))
    for x in s.T:
        if x.dy:
            e = None if s.gone else next((y for y in E if y.id == x.id and y.st != '-'), None)
            add(f'cloud: accepted delete of {x.id} is done', R(T=tuple(y._replace(alive=False, dy=False) if y.id == x.id else y for y in s.T), v='RET: deleted a retained thing' if e and e.st == RET else ''))
            if b.accfail: add(f'cloud: accepted delete of {x.id} comes to nothing', R(T=tuple(y._replace(dy=False) if y.id == x.id else y for y in s.T), b=use(b, 'accfail')))
        if x.alive and not x.vis: add(f'cloud: {x.id} is shown', R(T=tuple(y._replace(vis=True) if y.id == x.id else y for y in s.T)))
        elif x.alive and x.own and b.blink: add(f'cloud: {x.id} is not shown for a while', R(T=tuple(y._replace(vis=False) if y.id == x.id else y for y in s.T), b=use(b, 'blink')))
    if b.oob:
        for x in s.T:
            if x.alive and x.own:
                add(f'someone deletes {x.id} in the console', R(T=tuple(y._replace(alive=False) if y.id == x.id else y for y in s.T), b=use(b, 'oob')))
    # ---------------------------------------------------------------- workers (RUN)
    for i, w in enumerate(s.W):
        def W2(nw): return s.W[:i] + ((nw,) if nw else ()) + s.W[i + 1:]
        cur = not s.gone and t.lease == 'RUN' and (w.ep == t.epoch or not c.r_epoch_check) or (not s.gone and c.r_epoch_check is None)
        if b.crash and not (w.stale and not c.stale_may_die):
            add(f'worker {w.ep} dies at {w.pc}', R(W=W2(None), b=use(b, 'crash')))
        if w.pc == 'next':
            if not cur: add(f'worker {w.ep} rejected', R(W=W2(None))); continue
            idx = w.idx
            if t.st == CANCELLING: add(f'worker {w.ep} sees cancel', R(W=W2(w._replace(pc='fail')))); continue
            if idx == len(c.keys):
                if not c.r_succ_settle or not any(e.st in (INT, UNC) or e.st == MISS and c.r_gone_last for e in E):
                    add(f'worker {w.ep} Finished(result) -> SUCCEEDED', R(W=W2(None), t=t._replace(lease='', st=SUCC, cause='SUCCESS', epoch=t.epoch + 1)))
                else:
                    add(f'worker {w.ep} Finished(result), settle first', R(W=W2(None), t=t._replace(lease='', goal='SUCCEED', epoch=t.epoch + 1)))
                continue
            k = c.keys[idx]; e = ent(E, k)
            if b.remove and e.own and e.id and e.st in (CRE, UNDOF):       # the script replaces it
                if c.r_remove_order and any(x.st not in (NOT, UNDONE, FORG) for x in kids(c, E, e)):
                    add(f'worker {w.ep} remove({k}) refused: its children first', R(W=W2(w._replace(pc='fail')), b=use(b, 'remove')))
                elif c.undo_n == 0 or e.uz or e.st == CRE:
                    add(f'worker {w.ep} remove({k}) UNDOING committed', R(W=W2(w._replace(pc='rm')), E=upd(E, k, st=UNDOING, uz=0, uq=e.uq + 1), U=s.U + (Un(k, w.ep, e.id, 'go', e.uq + 1),), b=use(b, 'remove')))
            if e.st == CRE and (e.own or not c.adopt_if_seen):
                add(f'worker {w.ep} reuses {k}', R(W=W2(w._replace(idx=idx + 1)))); continue
            if k in c.adopt and e.st == '-':
                th = [x for x in s.T if x.key == k and not x.own][0]
                add(f'worker {w.ep} adopts {k}', R(W=W2(w._replace(idx=idx + 1)), E=upd(E, k, st=CRE, id=th.id, own=False, ep=w.ep))); continue
            if c.adopt_if_seen and e.st != CRE and not (c.look and e.st in (RET, FORG)):
                seen = [x for x in s.T if x.key == k and x.alive]
                if seen:
                    own = seen[0].own and c.r_adopt_guard and (e.st != '-')
                    add(f'worker {w.ep} adopt({k},{seen[0].id}) owned={own}', R(W=W2(w._replace(idx=idx + 1)), E=tuple(x for x in upd(E, k, st=CRE, id=seen[0].id, own=own, ep=w.ep) if not (c.look and x.key != k and x.base == k and x.id == seen[0].id))))
                    continue
            if e.st in ('-', NOT, UNDONE) or (e.st == UNC and not c.r_unc_blocks_run):
                if e.st == '-' : g = 1
                elif e.st == UNDONE or (e.st == NOT and (e.burnt or c.r_gen_rise_on_find)): g = e.gen + 1
                else: g = e.gen
                nn = int(c.budget.notsent > 0)
                if c.r_gone_kids and e.st in (NOT, UNDONE) and any(x.base == k and x.was for x in E) and any(x.st not in ('-', NOT, UNDONE, FORG, MISS) for x in kids(c, E, e)):
                    add(f'worker {w.ep} intent {k} refused (its children stand on the one that is gone)', R(W=W2(w._replace(pc='fail')))); continue
                if c.r_key_open_blocks and any(x.base == k and x.key != k and isopen(x) and x.st != MISS for x in E):
                    add(f'worker {w.ep} intent {k} refused (evidence entry open)', R(W=W2(w._replace(pc='fail')))); continue
                add(f'worker {w.ep} INTENDED {k} g{g} committed', R(W=W2(w._replace(pc='acked', n=e.n + nn)), E=upd(E, k, st=INT, gen=g, id=0, ep=w.ep, z=0, burnt=False, tried=False, uz=1, ut=0, m=0, n=e.n + nn)))
            else:
                add(f'worker {w.ep} intent {k} refused ({e.st})', R(W=W2(w._replace(pc='fail'))))
        elif w.pc == 'acked':
            k = c.keys[w.idx]; e = ent(E, k)
            # its own idea of the call window: the intent's deadline; entry may have moved on
            intime = not s.gone and e.ep == w.ep and e.z == 0
            g = e.gen if e.ep == w.ep else w.aux
            if b.notsent and c.r_ns != 'off':
                for pc in ('nsgo', 'nsfail'):       # too late or raised before sending: tries once more, or fails
                    add(f'worker {w.ep} did not send {k}, says so', R(W=W2(w._replace(pc=pc)), N=s.N + (Ns(k, w.ep, w.n),), b=use(b, 'notsent')))
                if c.r_ns == 'watchdog' and intime: add(f'watchdog of {w.ep} says NOT_SENT {k}, its sender goes on', R(N=s.N + (Ns(k, w.ep, w.n),), b=use(b, 'notsent')))
            if intime:
                add(f'worker {w.ep} sends {k} g{e.gen}', R(W=W2(w._replace(pc='wait', aux=e.gen)), Q=s.Q + (Req(w.ep, k, e.gen, False),)))
            else:
                add(f'worker {w.ep} fences itself', R(W=W2(None)) if not cur else R(W=W2(w._replace(pc='fail'))))
        elif w.pc == 'rm':
            k = c.keys[w.idx]; e = ent(E, k)
            if not cur: add(f'worker {w.ep} rejected', R(W=W2(None)))
            elif e.st == UNDONE: add(f'worker {w.ep} removed {k}', R(W=W2(w._replace(pc='next'))))
            elif e.st == UNDOF or not any(u.ek == k and u.ep == w.ep for u in s.U): add(f'worker {w.ep} remove({k}) failed', R(W=W2(w._replace(pc='fail'))))
        elif w.pc in ('nsgo', 'nsfail'):
            k = c.keys[w.idx]; e = ent(E, k)
            if not cur: add(f'worker {w.ep} rejected', R(W=W2(None)))
            elif e.st == NOT: add(f'worker {w.ep} goes on', R(W=W2(w._replace(pc='next' if w.pc == 'nsgo' else 'fail'))))
            elif not any(r.ek == k and r.ep == w.ep for r in s.N): add(f'worker {w.ep} report unanswered', R(W=W2(w._replace(pc='fail'))))
        elif w.pc == 'stale':       # paused between check and send, generation it had
            k = c.keys[w.idx]
            add(f'worker {w.ep} STALE send {k} g{w.aux}', R(W=W2(w._replace(pc='wait', stale=True)), Q=s.Q + (Req(w.ep, k, w.aux, True),), b=use(b, 'stale') if b.stale else b))
        elif w.pc == 'wait':
            mineq = any(q.ep == w.ep and q.key == c.keys[w.idx] for q in s.Q)
            if not w.stale and (not mineq or b.drop):
                nb = b if not mineq else use(b, 'drop')
                add(f'worker {w.ep} times out', R(W=W2(w._replace(pc='faild' if c.goon else 'fail')), b=nb))
                if c.swallow: add(f'worker {w.ep} times out, script goes on', R(W=W2(w._replace(pc='next', idx=w.idx + 1)), b=nb))
        elif w.pc == 'got':
            k = c.keys[w.idx]; e = ent(E, k)
            if cur and e.st == INT and e.ep == w.ep:
                E2 = upd(E, k, st=CRE, id=w.aux)
                E2 = tuple(x for x in E2 if not (x.key != k and x.base == k and x.id == w.aux))
                add(f'worker {w.ep} CREATED {k}={w.aux} committed', R(W=W2(w._replace(pc='next', idx=w.idx + 1, aux=0, stale=False)), E=E2))
            else:
                gen = [x.gen for x in s.T if x.id == w.aux][0]
                ns = late(c, s, k, gen, w.aux, w.ep)
                add(f'worker {w.ep} LATE CREATED {k}={w.aux}', ns._replace(W=W2(None)))
        elif w.pc == 'refused':
            k = c.keys[w.idx]; e = ent(E, k)
            if cur and e.st == INT and e.ep == w.ep:
                burnt = True if (w.aux != 'TERMINATED' or c.r_rise_on_terminated) else False
                add(f'worker {w.ep} NOT_CREATED {k} ({w.aux})', R(W=W2(w._replace(pc='fail')), E=upd(E, k, st=NOT, burnt=burnt)))
            else: add(f'worker {w.ep} refused late', R(W=W2(None)))
        elif w.pc in ('fail', 'faild'):
            if not cur: add(f'worker {w.ep} Finished(failure) rejected', R(W=W2(None)))
            elif w.pc == 'faild':        # RESOURCE_UNCERTAIN
                t2 = t._replace(epoch=t.epoch + 1)
                if c.r_goon == 'lost': t2 = fail_next(c, t2._replace(nlost=t.nlost + 1), E, c.resumable and t.nlost < c.max_lost)
                else: t2 = fail_next(c, t2._replace(doubt=t.st == RUNNING), E, False)
                add(f'worker {w.ep} Finished(RESOURCE_UNCERTAIN)', R(W=W2(None), t=t2))
            elif c.goon: add(f'worker {w.ep} Finished(failure)', R(W=W2(None), t=fail_next(c, t._replace(epoch=t.epoch + 1, doubt=False), E, False)))
            else:
                add(f'worker {w.ep} Finished(failure)', R(W=W2(None), t=fail_next(c, t._replace(epoch=t.epoch + 1), E, t.nrun < c.max_run)))
        if w.pc == 'acked' and b.stale and not s.gone:
            k = c.keys[w.idx]; e = ent(E, k)
            if e.ep == w.ep and e.st == INT:
                add(f'worker {w.ep} pauses between check and send', R(W=W2(w._replace(pc='stale', aux=e.gen)), b=use(b, 'stale')))
    # ---------------------------------------------------------------- NOT_SENT reports; one may come twice, or late
    for i, r in enumerate(s.N):
        N2 = s.N[:i] + s.N[i + 1:]
        e = None if s.gone else ent(E, r.ek)
        same = e is not None and e.st in (INT, UNC) and not e.id
        if c.r_ns != 'any_epoch': same = same and e.ep == r.ep
        if c.r_ns not in ('any_epoch', 'no_number'): same = same and e.n == r.n
        if c.r_ns == 'live_only': same = same and t.lease == 'RUN' and r.ep == t.epoch
        if same:
            E2 = upd(E, r.ek, st=NOT, burnt=c.r_ns == 'risen', tried=False)
            t2 = t._replace(st=rest_state(c, t, E2)) if t.st in REST else t
            add(f'NOT_SENT {r.ek} of {r.ep}.{r.n} taken', R(E=E2, N=N2, t=t2))
            if b.drop: add(f'NOT_SENT {r.ek} of {r.ep}.{r.n} taken, acknowledgement lost: comes again', R(E=E2, t=t2, b=use(b, 'drop')))
        else: add(f'NOT_SENT {r.ek} of {r.ep}.{r.n} changes nothing', R(N=N2))
    # ---------------------------------------------------------------- person
    if not s.gone:
        if b.cancel:
            if t.st == QUEUED:
                ns = t._replace(st=CANC, cause='CANCEL') if not live(E) else t._replace(st=CANCELLING, goal='CANCEL')
                add('person: cancel', R(t=ns._replace(ask='cancel' if c.goon else ''), b=use(b, 'cancel')))
            elif t.st == RUNNING:
                add('person: cancel', R(t=t._replace(st=CANCELLING, goal='CANCEL' if not t.lease else '', ask='cancel' if c.goon else ''), b=use(b, 'cancel')))
            elif t.st == ROLLING and not t.stop:
                add('person: cancel (stop rollback)', R(t=t._replace(stop=True), b=use(b, 'cancel')))
        ok = not t.ub or (c.replace and c.r_replace == 'none')
        if b.resume and t.st == PF and ok:
            lk = c.lag or c.budget.oob or c.budget.blink
            add('person: resume', R(t=t._replace(st=QUEUED, goal='', nrun=0, ask='a whole rollback' if c.replace and t.ub else '', doubt=False, chk=bool(c.look and lk), ub=False if c.replace else t.ub),
                                    E=tuple(e._replace(tried=False, lk=False) for e in E), b=use(b, 'resume')))
        if b.rollback and t.st in (PF, SUCC, RBF) and opens(E):
            base = t._replace(st=ROLLING, kind='per', ub=True, only='', retain='', stop=False, goal='')
            E2 = tuple(e._replace(tried=False, ut=0) for e in E)
            add('person: rollback', R(t=base, E=E2, b=use(b, 'rollback')))
            for k in c.keys:
                if c.only: add(f'person: rollback only {k}', R(t=base._replace(only=k, ub=t.ub if c.replace and c.r_replace != 'old' else True), E=E2, b=use(b, 'rollback')))
                if c.retain and not (c.r_undo_window and any(e.st in (UNDOF, UNDOING) and not e.uz for e in E)): 
                    if c.r_retain_first:
                        if ent(E, k).st in (CRE, UNDOF): add(f'person: rollback retain {k}', R(t=base._replace(retain=k), E=upd_retain(c, base._replace(retain=k), E2), b=use(b, 'rollback')))
                    else: add(f'person: rollback retain {k}', R(t=base._replace(retain=k), E=E2, b=use(b, 'rollback')))
        if b.resolve and t.st in (PF, RBF):
            for e in E:
                if not isopen(e) or (e.st == UNDOING and not c.r_undoing_verdict): continue
                vs = [RET, FORG] if not (c.r_undo_window and e.st in (UNDOF, UNDOING) and not e.uz) else [FORG]
                if e.st == UNC and not e.id and c.r_retain_needs_id: vs = [FORG] if e.z or c.r_early_verdict else []
                mine = [x for x in s.T if x.key == e.base and x.gen == e.gen and x.alive]
                free = [x for x in mine if not c.r_id_unique or not any(y.id == x.id and y.key != e.key for y in E)]
                if e.st == UNC:
                    if (free and not e.id) or (e.id and any(x.id == e.id and x.alive for x in s.T)): vs.append(CRE)
                    pend = any(q.key == e.base for q in s.Q)
                    truth = not mine and not (e.id and [x for x in s.T if x.id == e.id and x.alive])
                    if truth and (e.z or c.r_early_verdict): vs.append(NOT)
                elif e.st == UNDOF and not [x for x in s.T if x.id == e.id and x.alive]: vs.append(NOT)
                elif e.st == MISS: vs += [CRE] if s.T[e.id - 1].alive and s.T[e.id - 1].vis else [UNDONE] if not s.T[e.id - 1].alive else []
                elif e.st == CRE and c.look and not (s.T[e.id - 1].alive and s.T[e.id - 1].vis) and (e.z or not c.lag or not c.r_look_time): vs.append(MISS)
                for v in vs:
                    if v == MISS: E2 = gone(c, E, e) if c.r_gone_word == 'all' else upd(E, e.key, m=max(1, e.m))
                    else: E2 = upd(E, e.key, st=v, m=0, id=(e.id or free[0].id) if v == CRE else e.id)
                    be = ent(E, e.base)
                    if v == CRE and e.key != e.base and be.st in (NOT, UNDONE) and c.r_key_open_blocks:
                        E2 = tuple(x for x in upd(E, e.base, st=CRE, id=e.id, gen=max(be.gen, e.gen), z=1) if x.key != e.key)
                    t2 = t._replace(st=rest_state(c, t, E2))
                    add(f'person: resolve {e.key} {v}', R(E=E2, t=t2, b=use(b, 'resolve')))
        if b.delete and t.st in (SUCC, FAILED, CANC, RB) and not opens(E):
            add('person: delete task', R(gone=True, b=use(b, 'delete')))
    return out

def upd_retain(c, t, E):
    if not t.retain: return E
    keep, todo = set(), [t.retain]
    while todo:
        k = todo.pop(); keep.add(k)
        if c.r_retain_closure: todo += [d for d in c.deps.get(k, ()) if d not in keep]
    return tuple(e._replace(st=RET) if e.base in keep and e.own and e.st in (CRE, UNDOF) else e for e in E)

def check(c, s):
    """violations visible in this state"""
    v = []
    if s.v: v.append(s.v)
    t, E = s.t, s.E
    quiet = not (s.W or s.Q or s.F or s.U or s.N)
    forg = {e.base for e in E if e.st == FORG}
    if not s.gone:
        if t.st in (FAILED, CANC, RB) and opens(E): v.append('INV3 terminal with an open entry')
        if t.st == SUCC and any(e.st in (INT, UNC, UNDOING, UNDOF, MISS) for e in E): v.append('SUCC with an unsettled entry')
        if t.st in REST and t.lease: v.append('resting state with a live lease')
        if t.st == PF and t.cause == 'SUCCESS' and not t.ub and all(e.st == CRE or not isopen(e) for e in E): v.append('PF though only what a success leaves is open')
        if t.st == PF and not t.ub and not opens(E): v.append('PF with nothing open')
        if c.look and t.st == SUCC:
            for e in E:
                if e.st == CRE and e.own and e.key == e.base and s.T[e.id - 1].par and any(x.own and x.key == s.T[s.T[e.id - 1].par - 1].key and x.id != s.T[e.id - 1].par for x in E):
                    v.append('SUCC on a parent that is gone')
    if c.fly or c.look:
        for e in E:
            if e.st == UNDONE and e.id and s.T[e.id - 1].alive and s.T[e.id - 1].own: v.append('UNDONE while alive')
    if c.fly and c.undo_n and not c.stale_undo:
        for e in E:
            if e.id and sum(u.id == e.id and u.pc in ('fly', 'orph') for u in s.U) + s.T[e.id - 1].dy > 1: v.append('two undos of one thing at once')
            if e.uq > c.undo_n * (1 + c.budget.rollback + c.finals) + c.budget.remove: v.append('more undos than allowed')
    byk = {}
    for x in s.T:
        if x.alive and x.own: byk.setdefault(x.key, []).append(x)
    for k, xs in byk.items():
        if len(xs) > 1 and k not in forg:
            if not any(x.stale for x in xs) and not c.lies: v.append('INV2 two alive for one key')
            elif quiet:
                if c.strict_dup: v.append('INV2d two alive for one key (late send)')
                known = {e.id for e in E if e.base == k and e.id and e.st not in (UNDONE, NOT)}
                if not c.stale_may_die and any(x.id not in known for x in xs) and not any(e.base == k and e.st in (INT, UNC) and not e.id for e in E):
                    v.append('INV2s two alive, one unknown')
        if quiet:
            for x in xs:
                if s.gone: 
                    es = [e for e in E if e.base == k]
                    if not any(e.st in (RET, FORG) for e in es): v.append('INV11 purged with something alive')
                    continue
                es = [e for e in E if e.base == k and e.st != '-']
                ok = any((e.id == x.id and e.st not in (UNDONE, NOT)) or (e.st in (INT, UNC) and not e.id) or e.st == FORG for e in es)
                if not ok and not (x.stale and c.stale_may_die and not c.strict_unknown): v.append('INV-unknown thing %d of %s' % (x.id, k))
                if ok and t.st in (FAILED, CANC, RB) and not any(e.st in (RET, FORG) for e in es):
                    v.append('INV3t terminal but alive')
                if ok and any(e.id == x.id and not e.own for e in es): v.append('INV-own: ours, but written as not owned')
    return v
