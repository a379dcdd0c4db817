"""What a script prints becomes its task's log, and nobody else's."""

import sys

from wharfinger.runtime.output import to_log
from wharfinger.testing import Trial, run


def test_each_printed_line_is_a_line_of_the_log(load, colour):
    done = run(load("async def main(task):\n    print('one\\ntwo')\n    print('three', file=sys.stderr)", colour))
    assert done.log == [(2, "one"), (2, "two"), (3, "three")]


def test_a_line_is_kept_together_until_it_ends(load, colour):
    done = run(
        load(
            "async def main(task):\n    print('a', end='')\n    print('b', end='', flush=True)\n    print('c')", colour
        )
    )
    assert done.lines == ["abc"]


def test_the_rest_without_a_newline_is_logged_at_the_end(load, colour):
    assert run(load("async def main(task): print('half', end='')", colour)).lines == ["half"]


def test_scripts_side_by_side_are_kept_apart(load):
    import asyncio

    script = load(
        """
        async def main(task):
            for n in range(3):
                print(task.params["name"], n, end="")
                await asyncio.sleep(0.001)
                print("!")
        """
    )

    async def both():
        return await asyncio.gather(*(Trial(script).run_async({"name": name}) for name in "ab"))

    a, b = asyncio.run(both())
    assert a.lines == ["a 0!", "a 1!", "a 2!"]
    assert b.lines == ["b 0!", "b 1!", "b 2!"]


def test_threads_of_asyncio_print_into_the_log(load):
    assert run(load("async def main(task): await asyncio.to_thread(print, 'from a thread')")).lines == ["from a thread"]


def test_other_threads_print_where_the_process_does(load, capfd):
    script = load(
        """
        import threading
        async def main(task):
            thread = threading.Thread(target=print, args=("outside",))
            thread.start()
            thread.join()
        """
    )
    assert run(script).lines == []
    assert "outside" in capfd.readouterr().out


def test_output_outside_of_scripts_goes_where_it_went(capfd):
    with to_log(lambda level, text: None):
        pass
    print("plain")
    assert capfd.readouterr().out == "plain\n"


def test_what_is_printed_after_the_end_goes_where_the_process_prints(load, capfd):
    script = load(
        """
        import contextvars
        kept = []
        async def main(task):
            kept.append(contextvars.copy_context())
        """
    )
    done = run(script)
    script.kept[0].run(print, "too late")
    assert done.lines == []
    assert "too late" in capfd.readouterr().out


def test_a_log_that_prints_does_not_log_itself(capfd):
    lines = []

    def log(level, text):
        lines.append(text)
        print("logged", text)

    with to_log(log):
        print("hello")
    assert lines == ["hello"]
    assert "logged hello" in capfd.readouterr().out


def test_a_line_without_end_is_cut_into_pieces(load):
    done = run(load("async def main(task): print('x' * 20_000)"))
    assert [len(line) for line in done.lines] == [8192, 8192, 3616]


def test_a_megabyte_in_small_writes_is_not_slow(load):
    import time

    script = load("async def main(task):\n    for _ in range(20_000): sys.stdout.write('x' * 50)\n    print()")
    begun = time.monotonic()
    done = run(script)
    assert time.monotonic() - begun < 5
    assert sum(map(len, done.lines)) == 1_000_000


def test_texts_that_can_not_be_stored_are_made_fit(load):
    done = run(load("async def main(task): print('a\\0b\\ud800c\\r')"))
    assert done.lines == ["a\N{REPLACEMENT CHARACTER}b?c"]


def test_the_stand_in_behaves_as_a_stream(load):
    done = run(
        load(
            """
            async def main(task):
                sys.stdout.writelines(["a\\n", "b\\n"])
                print(sys.stdout.writable(), sys.stdout.isatty(), sys.stdout.encoding.lower())
            """
        )
    )
    assert done.lines == ["a", "b", "True False utf-8"]


def test_logging_is_left_alone(load, capfd):
    import logging

    before = list(logging.getLogger().handlers)
    run(load("import logging\nasync def main(task): logging.getLogger('x').debug('hello')"))
    assert logging.getLogger().handlers == before
    assert sys.stdout is not None
