"""Runs exported programs here and in clingo, compares the answers, prints times: compare.py AIM_ENGINE DIR [RUNS].

Ours is a whole process, from start to the last tuple written. clingo's is what its library takes to load, ground and
solve, without the start of Python and without writing anything.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import clingo


def ours(engine, folder):
    with tempfile.TemporaryDirectory() as out:
        words = [engine, "rules", "run", folder / "program.dl"]
        started = time.perf_counter()
        subprocess.run([*words, "--facts", folder / "facts", "--output", out], check=True)
        took = time.perf_counter() - started
        rows = sum(1 for file in pathlib.Path(out).iterdir() for _ in file.open())
    return took, rows


def theirs(folder):
    found = []
    started = time.perf_counter()
    control = clingo.Control(["--warn=none"])
    control.load(str(folder / "program.lp"))
    control.ground([("base", [])])
    control.solve(on_model=lambda model: found.extend(model.symbols(shown=True)))
    return time.perf_counter() - started, found


def main(engine, folder, runs):
    print(f"{'program':16} {'tuples':>9} {'ours s':>9} {'clingo s':>9} {'ratio':>7}")
    for program in sorted(path for path in folder.iterdir() if path.is_dir()):
        answers = (program / "answers").read_text().splitlines()
        found = sorted(str(symbol) for symbol in theirs(program)[1])
        rows = ours(engine, program)[1]
        if found != sorted(answers) or rows != len(answers):
            sys.exit(f"{program.name}: {len(answers)} answers here, {rows} in files, {len(found)} in clingo, and not the same")
        here = statistics.median(ours(engine, program)[0] for _ in range(runs))
        there = statistics.median(theirs(program)[0] for _ in range(runs))
        print(f"{program.name:16} {rows:9} {here:9.3f} {there:9.3f} {there / here:7.1f}", flush=True)


main(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 5)
