"""Writes the stat files live-*, restarted-* and killed* with mmstats 0.8.0.

write.py DIRECTORY, with the package on PYTHONPATH. Under Python 3 that needs
labels, signatures and texts encoded where it hands them to ctypes, and another
name for the argument async. Values are those in expected.jsonl; process ids,
times and the version of Python are of the run.
"""
import os
import shutil
import signal
import sys

import mmstats


class Live(mmstats.MmStats):
    """Has a field of every class."""
    hits = mmstats.CounterField()
    mean = mmstats.AverageField()
    recent = mmstats.MovingAverageField(size=4)
    took = mmstats.TimerField(size=2, timer=lambda: next(clock))
    total = mmstats.UInt64Field()
    queue = mmstats.UIntField()
    balance = mmstats.IntField()
    small = mmstats.ShortField()
    port = mmstats.UShortField()
    ratio = mmstats.FloatField()
    load = mmstats.DoubleField()
    level = mmstats.ByteField()
    up = mmstats.BoolField(initial=True)
    state = mmstats.StringField()
    note = mmstats.StringField(size=10)
    limit = mmstats.StaticUIntField(value=4294967295)
    epoch = mmstats.StaticInt64Field(value=-(2**63))
    most = mmstats.StaticUInt64Field(value=2**64 - 1)
    scale = mmstats.StaticFloatField(value=0.25)
    exact = mmstats.StaticDoubleField(value=0.1)
    about = mmstats.StaticTextField(value='première')


class Old(mmstats.MmStats):
    a_label_that_is_longer_than_all_of_the_next_program = mmstats.CounterField()
    text = mmstats.StringField(size=40)
    jobs = mmstats.CounterField()


class New(mmstats.MmStats):
    jobs = mmstats.CounterField()
    state = mmstats.StringField(size=8)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


class Killed(mmstats.MmStats):
    """Ends before its second field is written."""
    jobs = mmstats.CounterField()
    never = mmstats.StaticUIntField(value=kill)
    text = mmstats.StringField()


class InField(mmstats.MmStats):
    """Ends when the second field has its label, and no signature yet."""
    jobs = mmstats.CounterField()
    state = mmstats.StringField(size=16)


def kill_in_field(frame, event, arg):
    if frame.f_code.co_name != '_init' or not frame.f_code.co_filename.endswith('fields.py'):
        return kill_in_field
    state = frame.f_locals['state']
    struct = getattr(state, '_struct', None)
    if event == 'line' and struct and state.label == 'state' and struct.label == b'state':
        kill()
    return kill_in_field


def forked(program):
    pid = os.fork()
    if pid == 0:
        program()
        os._exit(0)
    os.waitpid(pid, 0)


def live():
    global clock
    clock = iter([100.0, 100.5, 200.0, 200.25])
    s = Live(path=directory, filename='live.mmstats', label_prefix='app.')
    s.hits.incr(41)
    for sample in 1, 2, 6:
        s.mean.add(sample)
    for sample in 1, 2, 3, 4, 10:
        s.recent.add(sample)
    with s.took:
        pass
    s.total, s.queue, s.balance, s.small, s.port = 10**18, 4000000000, -7, -300, 65535
    s.ratio, s.load, s.level, s.up = 0.5, 1.5, -128, True
    s.state, s.note = 'starting', 'début'
    s.flush()
    shutil.copyfile(s.filename, os.path.join(directory, 'live-1.mmstats'))
    s.hits.incr()
    s.mean.add(11)
    s.recent.add(14)
    with s.took:
        pass
    s.total, s.queue, s.balance, s.small, s.port = 10**18 + 5, 3999999999, 7, 300, 1
    s.ratio, s.load, s.level, s.up = 0.75, 0.25, 127, False
    s.state, s.note = 'serving é', 'treize ééé'
    s.flush()
    shutil.copyfile(s.filename, os.path.join(directory, 'live-2.mmstats'))
    s.remove()


def old():
    s = Old(path=directory, filename='restarted.mmstats')
    s.a_label_that_is_longer_than_all_of_the_next_program.incr(1000000)
    s.text, s.jobs.value = 'a text of the old program', 500
    shutil.copyfile(s.filename, os.path.join(directory, 'restarted-1.mmstats'))


def new():
    s = New(path=directory, filename='restarted.mmstats')
    s.jobs.incr(3)
    s.state = 'new'
    shutil.copyfile(s.filename, os.path.join(directory, 'restarted-2.mmstats'))
    s.remove()


def killed():
    Killed(path=directory, filename='killed.mmstats')


def killed_in_field():
    sys.settrace(kill_in_field)
    InField(path=directory, filename='killed-in-field.mmstats')


directory = sys.argv[1]
for program in live, old, new, killed, killed_in_field:
    forked(program)
