"""A failure that whoever builds can act on, and the one way in which other programs are run."""
import subprocess


class Failure(Exception):
    pass


def run(argv, stdin=None, env=None, timeout=600):
    """Output of a program as bytes; its own words when it fails."""
    try:
        done = subprocess.run(argv, input=stdin, env=env, timeout=timeout, capture_output=True, check=False)
    except FileNotFoundError:
        raise Failure(f"{argv[0]} is not installed; see packages.apt") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{argv[0]} did not end within {timeout} s") from None
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, argv))}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def lines(path):
    """(number, words) of each line of a list file that says something; # starts a comment."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if words:
            yield number, words
