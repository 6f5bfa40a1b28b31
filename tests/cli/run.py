#!/usr/bin/env python3
"""Runs the command line cases: a folder each, with

    cmd      a shell script; `hansa` is on its PATH, its directory is a copy of in/
    in/      files that it finds there (may be missing)
    out, err what it must print, exactly; T stands for the directory, lines of err may hold a
             glob after a leading "~ "
    status   its exit code (missing: 0)

usage: run.py BINARY [CASE …]. HANSA_ACCEPT=1 rewrites out, err and status from what was seen.
"""
import difflib
import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def read(path, missing=""):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return missing


def accept(path, text, default=""):
    if text == default:
        if os.path.exists(path):
            os.unlink(path)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def same(wanted, found):
    """Line by line; a wanted line "~ glob" matches by glob."""
    wanted_lines, found_lines = wanted.splitlines(), found.splitlines()
    if len(wanted_lines) != len(found_lines):
        return False
    return all(fnmatch.fnmatchcase(f, w[2:]) if w.startswith("~ ") else w == f
               for w, f in zip(wanted_lines, found_lines))


def run_case(binary, name):
    folder = os.path.join(HERE, name)
    scratch = os.path.realpath(tempfile.mkdtemp(prefix="hansa-cli-"))
    try:
        if os.path.isdir(os.path.join(folder, "in")):
            shutil.copytree(os.path.join(folder, "in"), scratch, dirs_exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("HANSA_")}
        env.update(PATH=os.path.dirname(binary) + ":" + env["PATH"], T=scratch, TZ="UTC",
                   HANSA_PREFIX=os.path.join(scratch, "state"), LC_ALL="C.UTF-8")
        done = subprocess.run(["sh", "-u", os.path.join(folder, "cmd")], cwd=scratch, env=env,
                              capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    found = {"out": done.stdout.replace(scratch, "T"), "err": done.stderr.replace(scratch, "T"),
             "status": f"{done.returncode}\n"}
    if os.environ.get("HANSA_ACCEPT") == "1":
        for what, text in found.items():
            accept(os.path.join(folder, what), text, "0\n" if what == "status" else "")
        return ""
    told = ""
    for what, text in found.items():
        wanted = read(os.path.join(folder, what), "0\n" if what == "status" else "")
        if not same(wanted, text):
            told += "".join(difflib.unified_diff(wanted.splitlines(True), text.splitlines(True),
                                                 f"{name}/{what} wanted", f"{name}/{what} found"))
    return told


def main():
    binary = os.path.realpath(sys.argv[1])
    names = sys.argv[2:] or sorted(n for n in os.listdir(HERE)
                                   if os.path.exists(os.path.join(HERE, n, "cmd")))
    failed = 0
    for name in names:
        told = run_case(binary, name)
        if told:
            failed += 1
            print(f"{name} FAILED\n{told}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
